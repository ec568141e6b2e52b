/* The two plots of the Cost view: side of the map against multiply-adds or milliseconds, both axes logarithmic. */
import { clearCanvas } from "../core/draw.js";
import { inkOf } from "../core/theme.js";

const SIDES = [7, 14, 28, 56, 112]; // printed on the axis
const [FIRST, LAST] = [7, 112];
const MARGIN = { left: 46, right: 14, top: 6, bottom: 32 };
const DECADES = 5; // of both plots, so that slopes can be compared

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{lines: {ink: string, dash?: boolean, hollow?: boolean, points: {x: number, y: number, low?: number, high?: number}[]}[],
 *   unit: (value: number) => string, mark: number | null, dots: boolean, empty: string}} what `mark` is a side to be marked
 */
export function draw(canvas, { lines, unit, mark, dots, empty }) {
  const [width, height] = [canvas.parentElement.clientWidth, 190];
  const context = clearCanvas(canvas, width, height);
  const values = lines.flatMap(({ points }) => points.map(({ y }) => y));
  context.font = "12px system-ui, sans-serif";
  context.fillStyle = inkOf("--vx-soft");
  if (!values.length) {
    context.textAlign = "center";
    context.fillText(empty, width / 2, height / 2);
    return;
  }
  const top = Math.ceil(Math.log10(Math.max(...values)));
  const bottom = Math.min(top - DECADES, Math.floor(Math.log10(Math.min(...values))));
  const right = width - MARGIN.right;
  const floor = height - MARGIN.bottom;
  const x = (side) => MARGIN.left + ((right - MARGIN.left) * Math.log(side / FIRST)) / Math.log(LAST / FIRST);
  const y = (value) => floor - ((floor - MARGIN.top) * (Math.log10(value) - bottom)) / (top - bottom);

  context.strokeStyle = inkOf("--vx-line");
  context.lineWidth = 1;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (let power = bottom; power <= top; power++) {
    stroke(context, [[MARGIN.left, y(10 ** power)], [right, y(10 ** power)]]);
    context.fillText(unit(10 ** power), MARGIN.left - 4, y(10 ** power));
  }
  context.textBaseline = "top";
  context.textAlign = "center";
  for (const side of SIDES) context.fillText(String(side), x(side), floor + 3);
  context.textAlign = "right";
  context.fillText("side of the map, tokens", right, floor + 17);

  context.save();
  context.beginPath();
  context.rect(MARGIN.left, 0, right - MARGIN.left + MARGIN.right, floor + 1);
  context.clip();
  if (mark !== null && mark >= FIRST && mark <= LAST) {
    context.setLineDash([3, 3]);
    stroke(context, [[x(mark), MARGIN.top], [x(mark), floor]]);
    context.setLineDash([]);
  }
  for (const line of lines) {
    context.strokeStyle = context.fillStyle = line.ink;
    context.lineWidth = 2;
    context.setLineDash(line.dash ? [5, 4] : []);
    stroke(context, line.points.map((point) => [x(point.x), y(point.y)]));
    context.setLineDash([]);
    if (dots) for (const point of line.points) dot(context, x(point.x), y, point, line.hollow);
  }
  context.restore();
}

function stroke(context, points) {
  context.beginPath();
  points.forEach(([a, b], k) => (k ? context.lineTo(a, b) : context.moveTo(a, b)));
  context.stroke();
}

/** The median, and a bar over its quartiles. */
function dot(context, left, y, point, hollow) {
  context.lineWidth = 1.5;
  stroke(context, [[left, y(point.low)], [left, y(point.high)]]);
  context.beginPath();
  context.arc(left, y(point.y), 3.5, 0, 2 * Math.PI);
  if (hollow) {
    const ink = context.fillStyle;
    context.fillStyle = inkOf("--vx-panel");
    context.fill();
    context.fillStyle = ink;
    context.stroke();
  } else context.fill();
}
