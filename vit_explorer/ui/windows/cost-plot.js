/* The two plots of the Cost view: side of the map against multiply-adds or milliseconds, both axes logarithmic. */
import { clearCanvas } from "../core/draw.js";
import { axisX, axisY, clipped, empty, errorBar, line, marker, ruleX } from "../core/plot.js";
import { frame, logarithmic, logTicks } from "../core/scales.js";
import { inkOf } from "../core/theme.js";

const SIDES = [7, 14, 28, 56, 112]; // printed on the axis
const [FIRST, LAST] = [7, 112];
const HEIGHT = 190; // px
const MARGIN = { left: 48, right: 14, top: 10, bottom: 36 };
const DECADES = 5; // of both plots, so that slopes can be compared

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{lines: {ink: string, dash?: boolean, hollow?: boolean, points: {x: number, y: number, low?: number, high?: number}[]}[],
 *   unit: (value: number) => string, mark: number | null, dots: boolean, missing: string}} what `mark` is a side to be marked
 */
export function draw(canvas, { lines, unit, mark, dots, missing }) {
  const size = { width: canvas.parentElement.clientWidth, height: HEIGHT };
  const context = clearCanvas(canvas, size.width, HEIGHT);
  const values = lines.flatMap(({ points }) => points.map(({ y }) => y));
  if (!values.length) return empty(context, size, missing);
  const top = Math.ceil(Math.log10(Math.max(...values)));
  const bottom = Math.min(top - DECADES, Math.floor(Math.log10(Math.min(...values))));
  const [low, high] = [10 ** bottom, 10 ** top];
  const shown = frame(size, MARGIN, { x: logarithmic(FIRST, LAST), y: logarithmic(low, high) });
  axisY(context, shown, logTicks(low, high), unit);
  axisX(context, shown, SIDES, String, "side of the map, tokens");
  clipped(context, shown, () => {
    context.strokeStyle = inkOf("--vx-soft");
    if (mark !== null && mark >= FIRST && mark <= LAST) ruleX(context, shown, mark, [3, 3]);
    for (const { ink, dash, hollow, points } of lines) {
      context.strokeStyle = ink;
      context.fillStyle = hollow ? inkOf("--vx-panel") : ink;
      context.lineWidth = 2;
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
}
