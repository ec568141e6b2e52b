/* The two plots of the Cost view: side of the map against multiply-adds or milliseconds, both axes logarithmic. */
import { clearCanvas } from "../core/draw.js";
import { axisX, axisY, clipped, empty, endNames, errorBar, line, marker, ruleX, widest, word } from "../core/plot.js";
import { frame, logarithmic, logTicks } from "../core/scales.js";
import { inkOf } from "../core/theme.js";

const SIDES = [7, 14, 28, 56, 112]; // printed on the axis
const [FIRST, LAST] = [7, 112];
const MARGIN = { left: 52, right: 14, top: 12, bottom: 40 };
const DECADES = 5; // of both plots, so that slopes can be compared

/** @typedef {{x: number, y: number, low?: number, high?: number}} Point */
/** @typedef {{ink: string, name?: string, dash?: boolean, hollow?: boolean, points: Point[]}} Line */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{lines: Line[], unit: (value: number) => string, mark: number | null, between?: {low: number, high: number, name: string} | null,
 *   dots: boolean, missing: string, height: number}} what `mark` is a side to be marked, `between` two values there and what lies between
 */
export function draw(canvas, { lines, unit, mark, between = null, dots, missing, height }) {
  const size = { width: canvas.parentElement.clientWidth, height };
  const context = clearCanvas(canvas, size.width, height);
  const values = lines.flatMap(({ points }) => points.map(({ y }) => y));
  if (!values.length) return empty(context, size, missing);
  const top = Math.ceil(Math.log10(Math.max(...values)));
  const bottom = Math.min(top - DECADES, Math.floor(Math.log10(Math.min(...values))));
  const [low, high] = [10 ** bottom, 10 ** top];
  const names = lines.flatMap(({ name }) => name ?? []);
  const right = names.length ? MARGIN.right + widest(context, names, true) : MARGIN.right;
  const shown = frame(size, { ...MARGIN, right }, { x: logarithmic(FIRST, LAST), y: logarithmic(low, high) });
  const seen = mark !== null && mark >= FIRST && mark <= LAST;
  axisY(context, shown, logTicks(low, high), unit);
  axisX(context, shown, SIDES, String, "side of the map, tokens", seen && SIDES.includes(mark) ? mark : null);
  clipped(context, shown, () => {
    context.strokeStyle = inkOf("--vx-soft");
    context.lineWidth = 1;
    if (seen) ruleX(context, shown, mark, [3, 3]);
    for (const { ink, dash, hollow, points } of lines) {
      context.strokeStyle = ink;
      context.fillStyle = hollow ? inkOf("--vx-panel") : ink;
      context.lineWidth = names.length ? 3 : 2;
      line(
        context,
        points.map(({ x, y }) => [shown.x(x), shown.y(y)]),
        dash ? [5, 4] : [],
      );
      context.lineWidth = 1.5;
      if (!dots) continue;
      for (const { x, y, low, high } of points) {
        // the median, and a bar over its quartiles
        errorBar(context, shown.x(x), shown.y(low), shown.y(high));
        marker(context, "circle", [shown.x(x), shown.y(y)], 3.5);
      }
    }
  });
  const ends = lines.filter(({ name }) => name);
  const last = (/** @type {Line} */ { points }) => points[points.length - 1];
  endNames(
    context,
    shown,
    ends.map((one) => ({
      name: one.name ?? "",
      at: [shown.x(last(one).x), shown.y(last(one).y)],
      ink: one.ink,
      bold: true,
    })),
  );
  if (seen && between) gap(context, shown, mark, between);
}

/** What lies between two values of a side, beside a line from one to the other. */
function gap(context, shown, side, { low, high, name }) {
  const [x, y1, y2] = [shown.x(side), shown.y(low), shown.y(high)];
  context.strokeStyle = context.fillStyle = inkOf("--vx-text");
  context.lineWidth = 2;
  errorBar(context, x, y1, y2, 5);
  context.font = "650 17px system-ui, sans-serif";
  const wide = context.measureText(name).width + 10;
  if (Math.abs(y1 - y2) < 20) word(context, name, [x - 10, Math.min(y1, y2) - 16], "right");
  else if (x + wide > shown.right) word(context, name, [x - 10, (y1 + y2) / 2], "right");
  else word(context, name, [x + 10, y2 + 0.25 * (y1 - y2)]);
}
