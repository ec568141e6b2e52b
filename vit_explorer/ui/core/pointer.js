/* Where the pointer is, and where arrow keys lead. */

/** What the arrow keys add to row and column. @type {Record<string, [number, number]>} */
export const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * The place of the pointer on an element, [x, y] in the element's own pixels: those in which a canvas is drawn, whatever the
 * page is scaled by, as on a stage.
 * @param {{clientX: number, clientY: number}} event
 * @param {HTMLElement} element
 * @returns {[number, number]}
 */
export function at(event, element) {
  const box = element.getBoundingClientRect();
  const [width, height] = sizeOf(element);
  return [((event.clientX - box.left) * width) / box.width, ((event.clientY - box.top) * height) / box.height];
}

/** The place of the pointer in the window. @param {{clientX: number, clientY: number}} event @returns {[number, number]} */
export const placeInWindow = (event) => [event.clientX, event.clientY];

/** Which cell of an element the pointer is in, [row, col], or null outside. */
export function cellAt(event, element, rows, cols) {
  const box = element.getBoundingClientRect();
  const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
  const col = Math.floor(((event.clientX - box.left) / box.width) * cols);
  return row >= 0 && row < rows && col >= 0 && col < cols ? [row, col] : null;
}

/** A canvas has the size that draw.js gave it in its style; others that of their layout. */
function sizeOf(element) {
  const given = [element.style.width, element.style.height];
  if (given.every((side) => side.endsWith("px"))) return given.map(parseFloat);
  return [element.offsetWidth, element.offsetHeight];
}
