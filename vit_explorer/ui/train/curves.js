/* The curves of a race: training thin, test thick with points; a pointer tells all values at its place. */
import { clearCanvas } from "../core/draw.js";
import * as format from "../core/format.js";
import { go, inLink } from "../core/link.js";
import { clipped, line } from "../core/plot.js";
import { at } from "../core/pointer.js";
import { saveMenu } from "../core/save.js";
import { oneOf, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { calm, inkOf } from "../core/theme.js";
import { widget } from "../core/widget.js";
import * as axes from "./axes.js";
import * as calls from "./calls.js";
import * as racing from "./data.js";
import { hint } from "./hint.js";
import * as trainPlot from "./plot.js";
import * as values from "./values.js";
import * as words from "./words.js";

export default widget((root) => {
  const $ = (selector) => root.querySelector(selector);
  const GLIDE = 350; // ms in which the axes come to another range
  const COMING = "The first point is on its way.";
  const NOTHING = { waiting: "It waits for its turn.", starting: COMING, training: COMING, elsewhere: COMING };
  const KEYS = {
    accuracy:
      "Thick: accuracy on the test pictures. Thin: on the training pictures, measured during training. Look for the gap between them: overfitting.",
    loss: "Loss on training pictures, mean of the last 50 batches. Look for curves that stop falling, or jump.",
  };
  const choice = { what: "accuracy", axis: "epochs" };
  const range = { x: 1, y: 1 }; // as drawn now, on its way to the one wanted
  let size = { width: 0, height: 0 };
  let margin = 0; // px to the right of the axes, for the names of the lines
  let roomFor = ""; // the names that it was made for
  let glide = null; // {from, to, began}
  let aimedAt = ""; // race and axes that `range` is of
  let hover = null; // where the pointer is along the axis of x

  const races = () => [racing.race, ...racing.compared];
  const view = () => trainPlot.view(size, margin, range, choice);

  // ---- drawing -------------------------------------------------------------------------------------------------
  function chart() {
    const [race, ...others] = races();
    if (!race || !size.width) return;
    const shown = view();
    const context = clearCanvas($(".chart"), size.width, size.height);
    trainPlot.axes(context, shown);
    clipped(context, shown, () => {
      for (const other of others)
        for (const contender of other.contenders) trainPlot.curve(context, shown, contender, true);
      for (const contender of race.contenders) trainPlot.curve(context, shown, contender, false);
    });
    trainPlot.rings(context, shown, races());
    trainPlot.chance(context, shown, race.classes);
    trainPlot.names(context, shown, races());
  }

  function marks() {
    if (!size.width || !racing.race) return;
    const shown = view();
    const context = clearCanvas($(".marks"), size.width, size.height);
    scrubbed(context, shown);
    if (hover === null) return;
    const x = values.snap(shown, races(), hover);
    values.draw(context, shown, values.at(shown, races(), x), x);
  }

  /** Where the cards stand: one line where all contenders are at the same place, else one each. */
  function scrubbed(context, shown) {
    if ((store.get("raceAt") ?? null) === null) return;
    const seen = new Map();
    for (const contender of racing.race.contenders) {
      const snapshot = racing.snapshotAt(contender);
      if (snapshot && contender.info) seen.set(contender, shown.x(trainPlot.along(shown, contender)(snapshot)));
    }
    const places = [...seen.values()];
    const one = Math.max(...places) - Math.min(...places) < 1.5;
    context.lineWidth = 2;
    for (const [contender, at] of seen) {
      context.strokeStyle = one ? inkOf("--vx-accent") : trainPlot.ink(contender);
      line(context, [
        [at, shown.top],
        [at, shown.bottom],
      ]);
    }
  }

  // ---- axes that move ------------------------------------------------------------------------------------------
  function aim() {
    const to = { x: axes.endOfX(races(), choice.axis), y: axes.endOfY(races(), choice.what) };
    const key = `${racing.race.name} ${choice.what} ${choice.axis}`;
    const before = glide ? glide.to : range;
    if (key !== aimedAt || calm()) {
      glide = null;
      Object.assign(range, to);
    } else if (before.x !== to.x || before.y !== to.y) {
      const running = glide !== null;
      glide = { from: { ...range }, to, began: performance.now() };
      if (!running) requestAnimationFrame(step);
    }
    aimedAt = key;
  }

  function step(now) {
    if (!glide) return;
    const t = Math.max(0, Math.min(1, (now - glide.began) / GLIDE));
    const eased = t * t * (3 - 2 * t);
    for (const one of ["x", "y"]) range[one] = glide.from[one] + (glide.to[one] - glide.from[one]) * eased;
    if (t === 1) glide = null;
    else requestAnimationFrame(step);
    chart();
    marks();
  }

  // ---- input ---------------------------------------------------------------------------------------------------
  const canvas = $(".marks");

  function point(x) {
    hover = x;
    marks();
  }

  canvas.addEventListener("pointermove", (event) => {
    const { left, right } = view();
    const x = ((at(event, canvas)[0] - left) / (right - left)) * range.x;
    point(x < -0.02 * range.x || x > 1.05 * range.x ? null : x);
  });
  for (const kind of ["pointerleave", "blur"]) canvas.addEventListener(kind, () => point(null));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined && event.key !== "Escape") return;
    event.preventDefault();
    const shown = view();
    point(step === undefined ? null : values.next(shown, races(), hover, step));
    if (hover !== null) $(".said").textContent = values.said(shown, values.at(shown, races(), hover), hover);
  });
  const one = (key, first, ...others) =>
    setting(
      oneOf(first, ...others),
      () => choice[key],
      (value) => (choice[key] = value || first),
      first,
    );
  inLink(root, { plot: one("what", "accuracy", "loss"), axis: one("axis", "epochs", "images", "seconds") }, () => {
    store.set("raceAxis", choice.axis);
    draw();
  });
  root.addEventListener("click", (event) => {
    /** @type {HTMLElement} */
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-what], [data-axis]");
    if (!button) return;
    Object.assign(choice, button.dataset);
    hover = null;
    store.set("raceAxis", choice.axis);
    draw();
  });

  $(".hint button").addEventListener("click", () => go("tab=train&sub=hunger"));

  // ---- everything ----------------------------------------------------------------------------------------------
  /** How it stands, while there is no last word yet: what leads, and how far such counts can be trusted. */
  function standings(race) {
    const rows = race.contenders.filter((one) => one.tests.length).map((one) => [one.label, one.tests.at(-1).accuracy]);
    if (!rows.length) return { headline: NOTHING[race.state] || "Nothing was measured yet.", detail: "" };
    rows.sort((a, b) => b[1] - a[1]);
    const counted = words.common(
      race.contenders.map((one) => one.info || {}),
      "n_measured",
    );
    const error = counted
      ? `; with ${format.count(counted)} test pictures, expect about ± ${(50 / Math.sqrt(counted)).toFixed(1)} points of chance`
      : "";
    return {
      headline: rows.map(([label, accuracy]) => `${label} ${format.percent(accuracy)}`).join(", "),
      detail: `So far${error}.`,
    };
  }

  function write(selector, text) {
    if ($(selector).textContent !== text) $(selector).textContent = text;
  }

  function measure() {
    const box = $(".stack");
    size = { width: box.clientWidth, height: box.clientHeight };
    const names = JSON.stringify([
      size.width,
      races().map(({ title, contenders }) => [title, contenders.map(({ label }) => label)]),
    ]);
    if (names !== roomFor) margin = trainPlot.room($(".chart").getContext("2d"), races(), size.width);
    roomFor = names;
  }

  function draw() {
    const race = racing.race;
    $(".curves").hidden = !race;
    if (!race) return;
    for (const button of root.querySelectorAll("[data-what], [data-axis]")) {
      const { what, axis } = button.dataset;
      button.setAttribute("aria-pressed", String(what === choice.what || axis === choice.axis));
    }
    const { headline, detail } = race.outcome || standings(race);
    write(".headline", headline);
    write(".detail", [words.plainly(race.contenders, race.classes), detail].filter(Boolean).join(" "));
    write(".key", KEYS[choice.what] + words.rings(race.contenders, choice.what));
    const advice = hint(race);
    $(".hint").hidden = !advice;
    write(".hint span", advice ?? "");
    measure();
    aim();
    chart();
    marks();
    $(".chart").setAttribute("aria-label", `Curves of ${race.title}: ${headline}`);
  }

  store.on("raceAt", () => marks());
  const saved = () => ({
    race: racing.race.name,
    axis: choice.axis,
    with: racing.compared.map(({ name }) => name),
  });
  saveMenu($(".vx-panel"), (request) => calls.ask("export", request), saved, { csv: "the curves, one moment a row" });

  return { topics: ["race", "raceData", "comparing"], draw };
});
