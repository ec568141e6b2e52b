/* Where the tour's card stands: beside what is lit, or where there is no room beside it as a bar at the lower edge. */

const GAP = 16; // px from the card to what is lit
const EDGE = 12; // px from the card to the edge of the window

/** @typedef {{left: number, top: number, right: number, bottom: number}} Box */
/** @typedef {{width: number, height: number}} Size */

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

/** The left edge of a card beside what is lit, or null where there is no room. @param {Box} lit @param {Size} card @param {Size} room */
function side(lit, card, room) {
  if (lit.right + GAP + card.width <= room.width - EDGE) return lit.right + GAP;
  return lit.left - GAP - card.width >= EDGE ? lit.left - GAP - card.width : null;
}

/** Whether the card has room beside what is lit. @param {Box | null} lit @param {Size} card @param {Size} room */
export const beside = (lit, card, room) => !lit || side(lit, card, room) !== null;

/**
 * The left upper corner of a card that stands beside, in px of the window; in the lower right one while nothing is lit.
 * @param {Box | null} lit @param {Size} card @param {Size} room
 * @returns {[number, number]}
 */
export function corner(lit, card, room) {
  const low = room.height - card.height - EDGE;
  const left = lit && side(lit, card, room);
  if (left === null) return [room.width - card.width - EDGE, low];
  return [left, Math.max(EDGE, Math.min(low, lit.top))];
}

/**
 * How far the page is to scroll, so that what is lit lies in the middle of the free part of the window; its upper end, where it is higher.
 * @param {Box} lit @param {number} high the free part's upper end, px @param {number} low its lower end
 */
export const scrollTo = (lit, high, low) => lit.top - Math.max(high, (high + low - (lit.bottom - lit.top)) / 2);
