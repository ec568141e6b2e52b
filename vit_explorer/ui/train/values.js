/* What the curves' pointer tells: all values at the measured place that is nearest to it. Functions of a train-plot view. */
import { line } from "../core/plot.js";
import { nearestAlong } from "../core/scales.js";
import { inkOf } from "../core/theme.js";
import * as axes from "./axes.js";
import * as racing from "./data.js";
import * as trainPlot from "./plot.js";

const COLUMN = 62; // px of a column of numbers in the box
const ROW = 19;

const known = (races) => races.flatMap((race) => race.contenders.filter(({ info }) => info));

/** The measured points of a contender that are told: looks at the test pictures, or where there are none batches. */
function measured(shown, contender) {
  const test = trainPlot.told(shown, contender);
  return test.length ? test : trainPlot.lines(shown, contender).train;
}

/** The place nearest to x at which something was measured; never beyond the curves. */
export function snap(shown, races, x) {
  const ends = known(races).map((one) => trainPlot.along(shown, one)(racing.standing(one)));
  const inside = Math.max(0, Math.min(shown.range.x, x, Math.max(0, ...ends)));
  const places = known(races).map((one) => {
    const at = trainPlot.along(shown, one);
    const point = nearestAlong(measured(shown, one), inside, at);
    return point ? at(point) : inside;
  });
  return places.sort((a, b) => Math.abs(a - inside) - Math.abs(b - inside))[0] ?? inside;
}

/** The measured place next to x, to the left (-1) or right (1); the last one if x is null. */
export function next(shown, races, x, step) {
  const all = new Set(known(races).flatMap((one) => measured(shown, one).map(trainPlot.along(shown, one))));
  const places = [...all].sort((a, b) => a - b);
  if (x === null) return places.at(-1) ?? null;
  const at = snap(shown, races, x);
  return (step > 0 ? places.find((one) => one > at) : places.findLast((one) => one < at)) ?? at;
}

/** Of each contender the points of its curves that lie nearest to x, or its last ones. */
export function at(shown, races, x) {
  return races
    .flatMap((race, nth) =>
      race.contenders
        .filter(({ info }) => info)
        .map((contender) => {
          const place = trainPlot.along(shown, contender);
          const { train } = trainPlot.lines(shown, contender);
          const [seen, tested] = [
            nearestAlong(train, x, place),
            nearestAlong(trainPlot.told(shown, contender), x, place),
          ];
          const name = contender.label + (nth ? " (dashed)" : "");
          return {
            contender,
            nth,
            name,
            train: seen && trainPlot.trainOf(shown)(seen),
            test: tested && tested.accuracy,
            tested,
          };
        }),
    )
    .filter(({ train, test }) => train !== null || test !== null);
}

/** Whether all that is told was measured on all test pictures. */
const onAll = (rows) => rows.length > 0 && rows.every(({ tested }) => tested && "test_accuracy" in tested);

/** The place along the axis, and what was measured there. */
const title = (shown, rows, x) => `${axes.place(shown.axis, x)}${onAll(rows) ? ", all test pictures" : ""}`;

const write = (shown, value) => (value === null ? "–" : trainPlot.write(shown, value, 3));

/** The same in a sentence, for those who do not see the box. */
export function said(shown, rows, x) {
  const words = rows.map(
    ({ name, test, train }) =>
      `${name}: ${test === null ? "" : `test ${write(shown, test)}, `}train ${write(shown, train)}`,
  );
  return `${title(shown, rows, x)}. ${words.join(". ")}`;
}

/** Line, points and box at a place. */
export function draw(context, shown, rows, x) {
  const at = Math.round(shown.x(x)) + 0.5;
  context.strokeStyle = inkOf("--vx-text");
  context.lineWidth = 1;
  line(context, [
    [at, shown.top],
    [at, shown.bottom],
  ]);
  context.lineWidth = 1.5;
  for (const { contender, nth, tested } of rows) {
    if (!tested || nth) continue;
    context.fillStyle = trainPlot.ink(contender);
    trainPlot.point(
      context,
      contender,
      [shown.x(trainPlot.along(shown, contender)(tested)), shown.y(tested.accuracy)],
      5.5,
    );
  }
  box(context, shown, rows, at, title(shown, rows, x));
}

function box(context, shown, rows, at, heading) {
  const columns = shown.what === "loss" ? ["train"] : ["test", "train"];
  context.font = "600 13px system-ui, sans-serif";
  const needed = context.measureText(heading).width - columns.length * COLUMN + 8;
  const names = Math.max(40, needed, ...rows.map(({ name }) => context.measureText(name).width));
  const [width, height] = [names + 34 + COLUMN * columns.length, 32 + ROW * rows.length];
  const [x, y] = [at + 12 + width < shown.width ? at + 12 : Math.max(2, at - 12 - width), shown.top + 2];
  const right = (column) => x + width - 10 - COLUMN * (columns.length - 1 - column);
  context.fillStyle = inkOf("--vx-panel");
  context.strokeStyle = inkOf("--vx-line");
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(x + 0.5, y + 0.5, width, height, 8);
  context.fill();
  context.stroke();
  context.textBaseline = "middle";
  text(context, heading, x + 10, y + 15, "left", "--vx-text");
  columns.forEach((column, i) => text(context, column, right(i), y + 15, "right", "--vx-soft"));
  rows.forEach((row, i) => {
    const middle = y + 36 + ROW * i;
    context.font = "600 13px system-ui, sans-serif";
    context.fillStyle = context.strokeStyle = trainPlot.ink(row.contender);
    trainPlot.point(context, row.contender, [x + 15, middle], 4);
    context.textAlign = "left";
    context.fillText(row.name, x + 26, middle);
    columns.forEach((column, k) => {
      context.font = `${column === "test" ? "600 " : ""}13px system-ui, sans-serif`;
      text(context, write(shown, row[column]), right(k), middle, "right", "--vx-text");
    });
  });
}

function text(context, words, x, y, align, ink) {
  context.textAlign = align;
  context.fillStyle = inkOf(ink);
  context.fillText(words, x, y);
}
