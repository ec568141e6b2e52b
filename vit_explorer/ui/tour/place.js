/* Boxes on screen: what the tour lights, and how far the page is scrolled to it. */

/** @typedef {{left: number, top: number, right: number, bottom: number}} Box */

/** The boxes of several elements as one, with some px around them; null where none is on screen. @param {Box[]} boxes @returns {Box | null} */
export function around(boxes, padding = 0) {
  const seen = boxes.filter(({ left, right }) => right > left);
  if (!seen.length) return null;
  return {
    left: Math.min(...seen.map(({ left }) => left)) - padding,
    top: Math.min(...seen.map(({ top }) => top)) - padding,
    right: Math.max(...seen.map(({ right }) => right)) + padding,
    bottom: Math.max(...seen.map(({ bottom }) => bottom)) + padding,
  };
}

/** Whether two boxes have a part in common. @param {Box} one @param {Box} two */
export const meet = (one, two) =>
  one.left < two.right && two.left < one.right && one.top < two.bottom && two.top < one.bottom;

/**
 * How far the page is to scroll, so that what is lit lies in the middle of the free part of the window; its upper end, where it is higher.
 * @param {Box} lit @param {number} high the free part's upper end, px @param {number} low its lower end
 */
export const scrollTo = (lit, high, low) => lit.top - Math.max(high, (high + low - (lit.bottom - lit.top)) / 2);
