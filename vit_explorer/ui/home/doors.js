/* Where each part of Home leads, as what a link holds. */
import { CLS_TOKEN } from "../core/tokens.js";

/** Layers and heads count from 1 in links. */
export const doors = {
  tab: (tab) => `tab=${tab}`,
  heads: (layer, head, ofReader) =>
    `tab=attention&sub=heads&layer=${layer + 1}&head=${head + 1}&direction=row${ofReader ? `&token=${CLS_TOKEN}` : ""}`,
  layers: (block) => `tab=attention&sub=layers&block=${block}`,
  explain: (name) => `tab=attention&sub=explain&class=${encodeURIComponent(name)}`,
  windows: (block) => `tab=windows&sub=steps&pair=${Math.floor(block / 2) + 1}`,
  attention: () => "tab=attention",
};
