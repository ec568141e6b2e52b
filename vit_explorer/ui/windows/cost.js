/* The Cost view: the two formulas with live numbers, how both grow, and times measured on the server. */
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { makeMeasuring } from "../core/measuring.js";
import { saveScreen } from "../core/screen.js";
import { integer, setting } from "../core/setting.js";
import { inkOf } from "../core/theme.js";
import { widget } from "../core/widget.js";
import * as counts from "./cost-counts.js";
import * as costPlot from "./cost-plot.js";
import * as windows from "./data.js";
import { costs } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const FIELDS = { side: [1, 224], "d-model": [1, 768], "n-heads": [1, 16], window: [1, 28] };
  const [COUNTED, MEASURED] = [300, 230]; // px, how high the plots are
  const CLASSIC = { side: 56, d_model: 96, n_heads: 3, window: 7 };
  let sizes = { ...CLASSIC };
  let chosen = null; // date of the result that a person picked; null: the newest of these sizes

  // ---- sizes -------------------------------------------------------------------------------------------------
  function read() {
    const found = /** @type {typeof sizes} */ ({});
    let wrong = "";
    for (const [name, [low, high]] of Object.entries(FIELDS)) {
      const input = $(`.${name}`);
      const value = Number(input.value);
      const good = Number.isInteger(value) && value >= low && value <= high;
      input.setAttribute("aria-invalid", String(!good));
      if (!good)
        wrong =
          wrong ||
          `${input.parentElement.firstChild.textContent.trim()} must be a whole number from ${low} to ${high}.`;
      found[name.replace("-", "_")] = value;
    }
    if (!wrong && found.d_model % found.n_heads) {
      wrong = `${found.n_heads} heads cannot share ${found.d_model} dimensions evenly.`;
      $(".n-heads").setAttribute("aria-invalid", "true");
    }
    $(".wrong").textContent = wrong;
    measuring.show(at, Boolean(wrong));
    if (wrong) return;
    sizes = found;
    chosen = null;
    show();
  }

  function put(next) {
    for (const name of Object.keys(FIELDS)) $(`.${name}`).value = next[name.replace("-", "_")];
    read();
  }

  function presets(/** @type {import("../state").State} */ state) {
    const seen = windows.view(state);
    const stages = seen
      ? seen.stages.map(({ grid, dModel, heads }) => ({
          side: grid[0],
          d_model: dModel,
          n_heads: heads,
          window: seen.window,
        }))
      : [];
    const named = [["Swin-T", CLASSIC], ...stages.map((stage, k) => [`This Swin, stage ${k + 1}`, stage])];
    fill($(".presets"), named, ([name, stage]) => {
      const button = make("button", "vx-button", name);
      button.type = "button";
      button.title = `${stage.side} × ${stage.side} tokens, d ${stage.d_model}, ${stage.n_heads} heads, windows of ${stage.window}`;
      button.addEventListener("click", () => put(stage));
      return button;
    });
  }

  // ---- numbers -----------------------------------------------------------------------------------------------
  function cells(row, whole, windowed, words) {
    const put = (name, text, title = "") =>
      Object.assign($(`[data-cell="${row}-${name}"]`), { textContent: text, title });
    put("global", whole === null ? "–" : words(whole), whole === null ? "" : format.count(whole));
    put("windowed", windowed === null ? "–" : words(windowed), windowed === null ? "" : format.count(windowed));
    put("ratio", whole === null || windowed === null ? "–" : format.times(whole / windowed));
  }

  /** The points to be drawn: of the measurement under way, else of the chosen result, else of the newest of these sizes. */
  function measured() {
    const { running, results } = measuring.now();
    if (chosen === null && running && counts.sameSetting(running.setting, sizes)) return running;
    return (
      results.find(({ date, setting }) => (chosen === null ? counts.sameSetting(setting, sizes) : date === chosen)) ||
      null
    );
  }

  function show() {
    const [all, cut] = [counts.whole(sizes.side, sizes), counts.windowed(sizes.side, sizes)];
    $(".f-global").textContent = format.short(all.module);
    $(".f-windowed").textContent = format.short(cut.module);
    for (const row of ["entries", "attention", "module"]) cells(row, all[row], cut[row], format.short);
    $(".padding").textContent = cut.padded
      ? `${sizes.window} does not divide ${sizes.side}: the map is padded by ${format.count(cut.padded)} tokens. They are counted, but for the output projection.`
      : "";
    const result = measured();
    for (const way of ["fused", "materialised"]) {
      const point = result && result.points.find((one) => one.way === way && one.side === sizes.side);
      for (const [name, spread] of [
        ["global", point && point.whole],
        ["windowed", point && point.windowed],
      ]) {
        const title = spread
          ? `median of ${spread.runs} runs, quartiles ${format.milliseconds(spread.low)} to ${format.milliseconds(spread.high)}`
          : (point && point.skipped && `not measured: ${point.skipped}`) || "";
        Object.assign($(`[data-cell="${way}-${name}"]`), {
          textContent: spread ? format.milliseconds(spread.median) : "–",
          title,
        });
      }
      $(`[data-cell="${way}-ratio"]`).textContent =
        point && point.whole ? format.times(point.whole.median / point.windowed.median) : "–";
    }
    $(".finding").textContent = counts.saving(sizes.side, sizes);
    $(".tokens").textContent = `${sizes.side} × ${sizes.side} = ${format.count(sizes.side ** 2)}`;
    $(".times").hidden = !result || !result.points.length;
    plots(result, { low: cut.module, high: all.module, name: format.times(all.module / cut.module) });
    words(result);
  }

  function plots(result, between) {
    const inks = { whole: inkOf("--vx-query"), windowed: inkOf("--vx-key") };
    const sides = Array.from({ length: 106 }, (_, k) => 7 + k);
    const counted = /** @type {const} */ ([
      ["whole", "global", counts.whole],
      ["windowed", "windows", counts.windowed],
    ]).map(([kind, name, count]) => ({
      ink: inks[kind],
      name,
      points: sides.map((x) => ({ x, y: count(x, sizes).module })),
    }));
    costPlot.draw($(".plot-counted"), {
      lines: counted,
      unit: format.compact,
      mark: sizes.side,
      between,
      dots: false,
      missing: "",
      height: COUNTED,
    });
    const lines = [];
    for (const way of ["fused", "materialised"]) {
      for (const kind of ["whole", "windowed"]) {
        const points = ((result && result.points) || []).filter((point) => point.way === way && point[kind]);
        points.sort((a, b) => a.side - b.side);
        const spreads = points.map((/** @type {any} */ { side, [kind]: time }) => ({
          x: side,
          y: 1000 * time.median,
          low: 1000 * time.low,
          high: 1000 * time.high,
        }));
        if (spreads.length)
          lines.push({
            ink: inks[kind],
            dash: way === "materialised",
            hollow: way === "materialised",
            points: spreads,
          });
      }
    }
    if (!$(".times").hidden)
      costPlot.draw($(".plot-measured"), {
        lines,
        unit: String,
        mark: sizes.side,
        dots: true,
        missing: "",
        height: MEASURED,
      });
    $(".plot-counted").setAttribute(
      "aria-label",
      `Multiply-adds over the side of the map, 7 to 112: at ${sizes.side} global attention needs ${$(".f-global").textContent}, windows ${$(".f-windowed").textContent}`,
    );
    $(".plot-measured").setAttribute(
      "aria-label",
      `Measured milliseconds over the side of the map, ${result ? result.points.length : 0} points`,
    );
  }

  function words(result) {
    const { running, problem } = measuring.now();
    $(".where").textContent =
      !result || result === running
        ? ""
        : `${result.machine}, torch ${result.torch}${result.complete ? "" : "; stopped before its end"}. Median and quartiles of ${result.runs} runs, in turns.`;
    $(".pays").textContent = result
      ? [here(result.points), ...["fused", "materialised"].map((way) => pays(result.points, way))]
          .filter(Boolean)
          .join(" ")
      : "Not measured for these sizes on this server yet. Both kinds make passes in turns, on maps of 7 × 7 to 112 × 112 tokens.";
    $(".problem").textContent = problem || "";
    measuring.show(at, Boolean($(".wrong").textContent));
  }

  /** The ratios of the times on the map that is chosen. */
  function here(points) {
    const found = points.filter(({ side, whole }) => side === sizes.side && whole);
    const ratios = found.map(({ way, whole, windowed }) => `${format.times(whole.median / windowed.median)} (${way})`);
    return ratios.length
      ? `At ${sizes.side} × ${sizes.side} global attention took ${ratios.join(", ")} the time of windows.`
      : "";
  }

  function pays(points, way) {
    const { slower, quicker } = counts.sidesOf(points, way);
    if (!slower.length && !quicker.length) return "";
    if (!slower.length) return `${named(way)}: windows were quicker on every map measured.`;
    if (!quicker.length) return `${named(way)}: windows were slower on every map measured.`;
    return `${named(way)}: windows were slower at a side of ${slower.join(", ")}, quicker at ${quicker.join(", ")}.`;
  }

  const named = (way) => way[0].toUpperCase() + way.slice(1);

  const at = ({ side, way }) => `; now ${side} × ${side}, ${way}`;

  // ---- the server ----------------------------------------------------------------------------------------------
  const measuring = makeMeasuring(root, server, {
    name: "windows-cost",
    calls: { start: "measure_windows", look: "windows_measured", stop: "stop_windows" },
    asks() {
      chosen = null;
      return { d_model: sizes.d_model, n_heads: sizes.n_heads, window: sizes.window };
    },
    first: { running: null, results: [], problem: null },
    took(before) {
      const { running, results } = measuring.now();
      if (before.running && !running && results.length && $(".results").dataset.first !== results[0].date)
        chosen = null;
      list();
      show();
    },
  });

  function list() {
    const { results } = measuring.now();
    const names = results.map(
      ({ date, setting, threads }) =>
        `${new Date(date).toLocaleString()} · d ${setting.d_model}, ${setting.n_heads} heads, w ${setting.window} · ${format.plural(threads, "thread")}`,
    );
    const select = $(".results");
    if (select.dataset.of !== names.join("\n")) {
      select.dataset.of = names.join("\n");
      select.dataset.first = names.length ? results[0].date : "";
      fill(select, names, (name, k) => Object.assign(make("option", "", name), { value: results[k].date }));
    }
    const now = measured();
    if (now && now.date) select.value = now.date;
    $(".earlier").hidden = !names.length;
  }

  $(".results").addEventListener("change", (event) => {
    const result = measuring.now().results.find(({ date }) => date === event.target.value);
    if (!result) return;
    put({ side: sizes.side, ...result.setting });
    chosen = result.date;
    list();
    show();
  });
  const size = (name) => {
    const key = name.replace("-", "_");
    return setting(
      integer(...FIELDS[name]),
      () => sizes[key],
      (value) => ($(`.${name}`).value = value ?? CLASSIC[key]),
      CLASSIC[key],
    );
  };
  inLink(root, { map: size("side"), width: size("d-model"), heads: size("n-heads"), windows: size("window") }, read);
  for (const name of Object.keys(FIELDS)) $(`.${name}`).addEventListener("input", read);
  $(".sizes").addEventListener("submit", (event) => event.preventDefault());

  let asked = false;
  function draw(/** @type {import("../state").State} */ state) {
    presets(state);
    list();
    if (!asked) read(); // a link may have filled in sizes
    show();
    if (!asked) measuring.follow();
    asked = true;
  }
  saveScreen($(".vx-panel"), "cost of windows");

  offer(
    root,
    server,
    costs(() => ($(".wrong").textContent ? null : sizes)),
  );
  return { topics: ["windows"], draw };
});
