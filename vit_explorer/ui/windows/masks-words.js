/* The words of the masks: whether two tokens may meet and why, whom a token meets, and what a block's mask is. */
import * as format from "../core/format.js";
import { byHand } from "../core/hand.js";
import * as pairs from "./pairs.js";

/** @typedef {{style: "" | "yes" | "no", verdict: string, reason: string, share: string}} Judgement */

/** What is meant by "may meet": the mask keeps apart, unless it is off. @typedef {{block: any, window: number, place: number, apart: boolean}} Place */

/**
 * The marked query and its key: whether they meet in this block.
 * @param {Place} query @param {{window: number, place: number}} key
 * @param {{head: number, share: number | null}} given by the query to the key, in a head; null where it is not known yet
 * @returns {Judgement}
 */
export function ofPair({ block, window, place, apart }, key, given) {
  if (key.window !== window)
    return {
      style: "",
      verdict: "not in one window here",
      reason: "The key lies in another window of this block: they do not meet in it.",
      share: "",
    };
  const share =
    given.share === null ? "" : `Head ${given.head + 1} gives it ${format.probability(given.share)} of its attention`;
  if (pairs.meet(block, window, place, key.place))
    return {
      style: "yes",
      verdict: "✓ may meet",
      reason: "Both lie in the same window and the same region.",
      share: share && `${share}.`,
    };
  const [own, other] = [place, key.place].map((one) => pairs.regionOf(block, window, one));
  const reason = pairs.reason(block, own, other);
  if (pairs.meet(block, window, place, key.place, apart))
    return {
      style: "yes",
      verdict: "✓ meet without the mask",
      reason,
      share: share && `${share}; with the mask exactly 0.`,
    };
  return {
    style: "no",
    verdict: "✕ may not meet",
    reason,
    share: "The mask forbids the pair: its score becomes −∞, its share exactly 0.",
  };
}

/**
 * The marked query alone: how many tokens of its window it meets.
 * @param {Place} query @param {boolean} padding whether a place without a token is pointed at
 * @returns {Judgement}
 */
export function ofQuery({ block, window, place, apart }, padding) {
  const own = pairs.regionOf(block, window, place);
  const regions = Array.from({ length: block.n }, (_, at) => pairs.regionOf(block, window, at));
  const met = regions.filter((region) => region === own).length;
  const padded = regions.filter((region) => region < 0).length;
  const cut = regions.reduce((bits, region) => (region < 0 ? bits : bits | (region ^ own)), 0);
  if (cut && !apart)
    return {
      style: "yes",
      verdict: `meets ${block.n - padded} of ${block.n} without the mask`,
      reason: `With the mask it meets ${met}; the others lie in other regions: ${pairs.carried(block, cut)}`,
      share: "",
    };
  const left = padded ? ` ${padded} ${padded === 1 ? "place is" : "places are"} padding, which nobody attends to.` : "";
  const why = cut
    ? `The others lie in other regions: ${pairs.carried(block, cut)}`
    : met === block.n
      ? "Nothing in this window was wrapped around from another edge."
      : "";
  return {
    style: met === block.n ? "yes" : "",
    verdict: `may meet ${met} of ${block.n}`,
    reason: why + left,
    share: padding
      ? "No token lies there: the map was padded to whole windows."
      : byHand("Point at a cell of the large matrix: its row is the query, its column the key."),
  };
}

/** What the block's mask is, or why it has none. */
export function what({ masked, windows, shift }) {
  if (!masked && windows.join() === "1,1") return "The map is one window: nothing is shifted, all may meet.";
  if (!masked) return "Nothing was shifted: all of a window may meet.";
  if (!shift.some(Boolean)) return "Nothing was shifted; it keeps all from the padding.";
  return "A matrix per window: filled where query and key may meet.";
}

/** How many of the windows have no mask. @param {number} n @param {number} open @param {boolean} apart */
export function open(n, open, apart) {
  if (!apart) return "The mask is off.";
  if (n === 1) return `It has ${open ? "no" : "a"} mask.`;
  return `${open} of ${n} ${open === 1 ? "has" : "have"} no mask.`;
}
