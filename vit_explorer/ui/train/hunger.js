/* The hunger for data: the sweep's curves with points of one's own beside them, and what was expected of them. */

import { clearCanvas } from "../core/draw.js";
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { byHand } from "../core/hand.js";
import { at } from "../core/pointer.js";
import { saveMenu } from "../core/save.js";
import { latest } from "../core/server.js";
import { widget } from "../core/widget.js";
import * as races from "./data.js";
import { ownRuns } from "./hunger-own.js";
import * as hungerPlot from "./hunger-plot.js";
import { HUNGER } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const own = ownRuns(root);
  const POINT = byHand("Point at a dot for its numbers.");
  const VERDICTS = new Map([
    [true, ["yes", "✓ agrees"]],
    [false, ["no", "✗ disagrees"]],
    [null, ["open", "? open"]],
  ]);
  let payload = null;
  let asked; // the lobby for which the server was asked: a race has come or ended since the one before
  let points = [];
  let shown = null; // see hunger-plot.js
  let marked = null; // index in points

  // ---- the curves --------------------------------------------------------------------------------------------------
  function chart() {
    const [width, height] = [$(".stack").clientWidth, $(".stack").clientHeight];
    if (!width || !payload) return;
    const names = hungerPlot.room($(".chart").getContext("2d"), payload.curves, width);
    shown = hungerPlot.view({ width, height }, names, points);
    hungerPlot.draw(clearCanvas($(".chart"), width, height), shown, payload, points);
    const ends = payload.curves.map(
      ({ label, points: of }) =>
        `${label} ${format.percent(of.at(-1).mean)} on ${format.count(of.at(-1).size)} pictures`,
    );
    $(".chart").setAttribute(
      "aria-label",
      ends.length ? `Accuracy over training pictures. ${ends.join(", ")}.` : "No curve yet.",
    );
    marks();
  }

  new ResizeObserver(() => shown?.height !== $(".stack").clientHeight && chart()).observe($(".stack")); // a stage has less room with a finding

  function marks() {
    if (!shown) return;
    const context = clearCanvas($(".marks"), shown.width, shown.height);
    if (marked !== null) hungerPlot.mark(context, shown, points[marked]);
    const words = marked === null ? (points.length ? POINT : "") : points[marked].words;
    if ($(".readout").textContent !== words) $(".readout").textContent = words;
  }

  function mark(index) {
    if (index === marked) return;
    marked = index;
    marks();
  }

  const canvas = $(".marks");
  canvas.addEventListener(
    "pointermove",
    (event) => shown && mark(hungerPlot.nearest(shown, points, ...at(event, canvas))),
  );
  canvas.addEventListener(
    "pointerdown",
    (event) => shown && mark(hungerPlot.nearest(shown, points, ...at(event, canvas))),
  );
  for (const kind of ["pointerleave", "blur"])
    canvas.addEventListener(kind, (event) => event.pointerType !== "touch" && mark(null));
  canvas.addEventListener("keydown", (event) => {
    const arrow = event.key.startsWith("Arrow");
    if (!arrow && event.key !== "Escape") return;
    event.preventDefault();
    mark(arrow ? hungerPlot.next(points, marked, event.key) : null);
  });

  // ---- expected and found --------------------------------------------------------------------------------------------
  /** A line of the list; its criterion stands there unless it is that of the line before. */
  function finding({ expected, criterion, found, agrees }, index) {
    const line = make("li");
    const [style, words] = VERDICTS.get(agrees);
    const text = make("span");
    text.append(make("span", "expected", expected), ` ${found} `);
    const before = payload.expectations[index - 1];
    if (!before || before.criterion !== criterion) text.append(make("span", "criterion", `(${criterion})`));
    line.append(make("span", `verdict ${style}`, words), text);
    return line;
  }

  // ---- everything ----------------------------------------------------------------------------------------------------
  const ask = latest(server, "hunger");

  async function fetchAll() {
    const answer = await ask();
    if (!answer) return;
    payload = answer;
    points = hungerPlot.points(payload);
    marked = null;
    $(".told").textContent = payload.told || "";
    $(".settings").textContent = payload.settings;
    $(".made").textContent = payload.made || "";
    fill($(".lines"), payload.expectations, finding);
    $(".shortage").textContent = payload.shortage || "";
    $(".shortage").hidden = !payload.shortage;
    files.hidden = points.length === 0;
    own.take(payload);
    chart();
  }

  const files = saveMenu($(".curves"), server, () => ({}), { csv: "every run, one a row" });

  function draw(/** @type {import("../state").State} */ { lobby }) {
    if (asked !== lobby) {
      asked = lobby;
      fetchAll();
    }
    own.follow();
    chart();
  }

  const width = races.widthOf(root);
  races.watch(() => width() > 0);
  offer(root, server, HUNGER);
  return { topics: ["lobby", "race", "raceNow"], draw };
});
