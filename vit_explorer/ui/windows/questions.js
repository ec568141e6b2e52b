/* Questions to guess before the Windows tab shows the answers. */

import { best } from "../core/arrays.js";
import * as format from "../core/format.js";
import { ascending, nearest, outcomeOf, outcomes, outcomeWords, pictureAndModel } from "../core/guess.js";
import { whole, windowed } from "./cost-counts.js";
import * as windows from "./data.js";

const PARTS = [2, 4, 8, 16, 64, 256]; // offered as answers
const REACHED = ["at most a quarter of it", "more, up to half", "more than half, not all", "all of it"];
/** How the map is cut. */
const cutOf = (state) => {
  const { answer } = state.windows || {};
  return answer ? [answer.model, answer.window, answer.shift, answer.side].join(" ") : "";
};
const missing = { missing: "The windows of this picture have not come yet." };

/** What is asked of the steps. @type {import("../core/guess.js").Question[]} */
export const STEPS = [
  {
    id: "window-pairs",
    subject: (state) => `${pictureAndModel(state)} ${cutOf(state)}`,
    ask: "{tokens} tokens make {pairs} pairs. Cut into windows of {window} × {window}, tokens meet in their own window only. Which part of the pairs is left?",
    told: "{windows} windows of {inside} tokens: {windows} × {inside} × {inside} = {left} pairs, 1 in {part}.",
    hides: [".vx-windows-steps .right", ".vx-windows-steps .left"],
    pose(state) {
      const seen = windows.view(state);
      if (!seen) return missing;
      const [rows, cols] = seen.blocks[0].grid;
      return {
        words: { tokens: format.count(rows * cols), pairs: format.count((rows * cols) ** 2), window: seen.window },
        options: PARTS.map((part) => `about 1 in ${part}`),
      };
    },
    check(state) {
      const { grid, windows: across, n } = windows.view(state).blocks[0];
      const count = across[0] * across[1];
      const part = (grid[0] * grid[1]) ** 2 / (count * n ** 2);
      return {
        right: [nearest(PARTS, part)],
        words: { windows: count, inside: n, left: format.count(count * n ** 2), part: format.significant(part) },
      };
    },
  },
  {
    id: "window-reach",
    subject: (state) => `${pictureAndModel(state)} ${cutOf(state)}`,
    ask: "Two blocks: windows, then the same windows shifted by {shift}. After both, how much of the picture can have influenced the marked token?",
    told: "{reached} of {all} tokens, {share}: those of its shifted window, and all that these met in the block before.",
    hides: [".vx-windows-steps .right"],
    pose(state) {
      const seen = windows.view(state);
      if (!seen) return missing;
      if (!seen.blocks[1].shift.some(Boolean))
        return { missing: "These windows are not shifted: choose a larger map or a smaller window." };
      return { words: { shift: seen.blocks[1].shift[0] }, options: REACHED };
    },
    check(state) {
      const block = windows.view(state).blocks[1];
      const reach = block.reach(windows.token(state, block.grid));
      const reached = reach.reduce((sum, one) => sum + one, 0);
      const share = reached / reach.length;
      return {
        right: [share === 1 ? 3 : share > 0.5 ? 2 : share > 0.25 ? 1 : 0],
        words: { reached: format.count(reached), all: format.count(reach.length), share: format.percent(share) },
      };
    },
  },
];

/** What is asked of the masks. @type {import("../core/guess.js").Question[]} */
export const MASKS = [
  {
    id: "without-the-mask",
    subject: (state) => `${pictureAndModel(state)} ${cutOf(state)}`,
    ask: "After the shift some windows hold tokens from opposite edges of the picture, and the mask keeps them apart. Take it away in all shifted blocks: what happens to the answer, {answer}, {chance}?",
    told: "Without the mask the probability of {answer} goes from {before} to {after}{turned}.",
    hides: [".vx-windows-masks .answers"],
    pose(state) {
      const seen = windows.view(state);
      if (!seen) return missing;
      if (!seen.classes.length) return { missing: `${state.windows.answer.model} names no class.` };
      if (seen.blocks.every(({ masked }) => !masked)) return { missing: "No window of this map needs a mask." };
      const top = best(seen.probabilities);
      return {
        words: { answer: seen.classes[top], chance: format.probability(seen.probabilities[top]) },
        options: outcomes(seen.classes[top]),
      };
    },
    async check(state, ask) {
      const both = await ask("unmasked", windows.request(state));
      if (!both) return null;
      const { classes, with_mask: before, without } = both;
      return { right: [outcomeOf(before, without)], words: outcomeWords(classes, before, without) };
    },
  },
];

/** What is asked of the stages. @type {import("../core/guess.js").Question[]} */
export const STAGES = [
  {
    id: "tokens-at-the-end",
    subject: (state) => `${pictureAndModel(state)} ${cutOf(state)}`,
    ask: "It begins with {tokens} tokens. Between its {stages} stages, squares of 2 × 2 tokens are merged into one. How many tokens are left in the last stage?",
    told: "{sides}: {left} tokens, each of {width} numbers where the first ones have {first}.",
    hides: [".vx-windows-pyramid"],
    pose(state) {
      const seen = windows.view(state);
      if (!seen) return missing;
      if (seen.stages.length < 2) return { missing: "This Swin has one stage: nothing is merged." };
      const [tokens, left] = [seen.stages[0], seen.stages.at(-1)].map(({ grid }) => grid[0] * grid[1]);
      return {
        words: { tokens: format.count(tokens), stages: seen.stages.length },
        options: ascending([
          tokens,
          Math.ceil(tokens / 2),
          left,
          Math.max(1, Math.floor(left / 2)),
          2 * left,
          4 * left,
        ]),
      };
    },
    check(state, _, { options }) {
      const { stages } = windows.view(state);
      const last = stages.at(-1);
      const left = format.count(last.grid[0] * last.grid[1]);
      return {
        right: [options.indexOf(left)],
        words: {
          left,
          sides: stages.map(({ grid }) => grid.join(" × ")).join(", then "),
          width: format.count(last.dModel),
          first: format.count(stages[0].dModel),
        },
      };
    },
  },
];

/**
 * What is asked of the costs. `sizes()` are those in the form, null where they are no sizes.
 * @param {() => {side: number, d_model: number, n_heads: number, window: number} | null} sizes
 * @returns {import("../core/guess.js").Question[]}
 */
export const costs = (sizes) => [
  {
    id: "window-cost",
    subject: () => JSON.stringify(sizes()),
    ask: "A map of {side} × {side} tokens has {tokens} of them. In windows of {window} × {window} the attention matrices have 1 in {entries} of the entries. How many times fewer multiply-adds does the whole module make, projections and all?",
    told: "{global} multiply-adds become {windowed}: {ratio}. The projections, {projections}, cost the same either way.",
    hides: [".finding", ".counted table", ".formulas", ".growth", ".clock"].map((part) => `.vx-windows-cost ${part}`),
    pose() {
      const chosen = sizes();
      if (!chosen || chosen.window >= chosen.side) return { missing: "Choose sizes with more than one window." };
      const { side, window } = chosen;
      const [all, parts] = [whole(side, chosen), windowed(side, chosen)];
      return {
        words: {
          side,
          window,
          tokens: format.count(side ** 2),
          entries: format.significant(all.entries / parts.entries),
        },
        options: ascending([
          2,
          window,
          Math.round(all.module / parts.module),
          window ** 2,
          Math.round(all.entries / parts.entries),
        ]).map((text) => `${text} ×`),
      };
    },
    check(_, __, { options }) {
      const chosen = sizes();
      const [all, parts] = [whole(chosen.side, chosen), windowed(chosen.side, chosen)];
      const ratio = all.module / parts.module;
      return {
        right: [options.indexOf(`${format.count(ratio)} ×`)],
        words: {
          global: format.short(all.module),
          windowed: format.short(parts.module),
          ratio: format.times(ratio),
          projections: format.short(all.projections),
        },
      };
    },
  },
];
