/* Where the tour's card stands: beside what is lit, or where there is room. */

const GAP = 16; // px from the card to what is lit
const EDGE = 12; // px from the card to the edge of the window

/**
 * The left upper corner of the card, in px of the window.
 * @param {{left: number, top: number, right: number, bottom: number} | null} lit
 * @param {{width: number, height: number}} card
 * @param {{width: number, height: number}} room
 * @returns {[number, number]}
 */
export function corner(lit, card, room) {
  const inside = (value, size, all) => Math.max(EDGE, Math.min(all - size - EDGE, value));
  const last = /** @type {[number, number]} */ ([room.width - card.width - EDGE, room.height - card.height - EDGE]);
  if (!lit) return last;
  const [x, y] = [inside(lit.left, card.width, room.width), inside(lit.top, card.height, room.height)];
  /** @type {[number, number][]} */
  const places = [
    [lit.right + GAP, y],
    [lit.left - GAP - card.width, y],
    [x, lit.bottom + GAP],
    [x, lit.top - GAP - card.height],
  ];
  const fits = ([left, top]) =>
    left >= EDGE && top >= EDGE && left + card.width <= room.width - EDGE && top + card.height <= room.height - EDGE;
  return places.find(fits) || last;
}
