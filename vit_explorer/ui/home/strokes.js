/* Lines of Home's canvas, given along and across the threads, which run to the right or, on a phone, down. */

/** A rectangle given along and across the threads. */
export function bar(context, vertical, along, across, length, thickness) {
  if (vertical) context.fillRect(across - thickness / 2, along, thickness, length);
  else context.fillRect(along, across - thickness / 2, length, thickness);
}

export function stroke(context, vertical, points) {
  const [p, q, r, s] = vertical ? points.map(([a, b]) => [b, a]) : points;
  context.beginPath();
  context.moveTo(...p);
  context.bezierCurveTo(...q, ...r, ...s);
  context.stroke();
}

export const ends = ({ loom, vertical }) => (vertical ? [loom.y, loom.y + loom.h] : [loom.x, loom.x + loom.w]);

/** Where the answer is reached: at the start of its first bar. */
export const goalOf = ({ answer: { x, y, h } }) => [x - 3, y + h / 2];
