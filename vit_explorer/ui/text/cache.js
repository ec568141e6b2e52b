/* The key-value cache step by step: blocks computed and read, multiply-adds counted, and times measured on the server. */
import { clearCanvas } from "../core/draw.js";
import { fill, make } from "../core/elements.js";
import { count, short, times } from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { makeMeasuring } from "../core/measuring.js";
import { saveScreen } from "../core/screen.js";
import { inkOf } from "../core/theme.js";
import { widget } from "../core/widget.js";
import * as roots from "./data.js";
import { makeFilm } from "./film.js";
import * as words from "./words.js";
import { CACHE } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const PACE = 900; // ms a step
  let seen = null;
  let tokens = []; // that the decoder was given, the start among them
  let asked = false;

  const last = () => seen && Math.min(tokens.length, seen.cost.steps.length);
  const film = makeFilm(root, { pace: PACE, first: 1, last, show });

  inLink(root, { step: film.linkedStep }, () => film.go(film.step));

  // ---- blocks and numbers ---------------------------------------------------------------------------------------
  const inside = ([from, to], place) => place >= from && place < to;

  /** Two rows of blocks, keys and values, of a list of tokens. */
  function rows(names, state) {
    const grid = make("div", "grid");
    grid.style.setProperty("--n", String(names.length));
    for (const kind of ["K", "V"]) {
      grid.append(make("span", "kind vx-soft", kind));
      names.forEach((name, place) => grid.append(make("span", `kv ${state(place)}`, words.face(name))));
    }
    return grid;
  }

  function lane(element, part, cached) {
    const whole = (range) => [0, range[1]];
    const target = cached ? part : { computed: whole(part.computed), read: [0, 0] };
    const source = cached
      ? { computed: part.source_computed, read: part.source_read }
      : { computed: [0, seen.n], read: [0, 0] };
    const state =
      ({ computed, read }) =>
      (place) =>
        inside(computed, place) ? "computed" : inside(read, place) ? "read" : "";
    const blocks = element.querySelector(".blocks");
    blocks.replaceChildren(
      make("span", "of vx-small vx-soft", "Output so far"),
      rows(tokens.slice(0, last()), state(target)),
      make("span", "of vx-small vx-soft", "Input, for cross-attention"),
      rows(seen.letters, state(source)),
    );
    const n = (range) => range[1] - range[0];
    const computed = n(target.computed) + n(source.computed);
    const read = n(target.read) + n(source.read);
    blocks.setAttribute(
      "aria-label",
      `Keys and values of ${computed} tokens computed at this step, of ${read} read from the cache`,
    );
    const costs = seen.cost[cached ? "cached" : "plain"];
    element.querySelector(".big").textContent = count(costs[film.step - 1]);
    element.querySelector(".unit").textContent = `multiply-adds at this step, ${count(sum(costs))} so far`;
  }

  const sum = (costs, until = film.step) => costs.slice(0, until).reduce((total, cost) => total + cost, 0);

  function chart() {
    const canvas = $(".chart");
    const [width, height] = [Math.floor(canvas.parentElement.clientWidth), 150];
    const context = clearCanvas(canvas, width, height);
    const { plain, cached } = seen.cost;
    const n = last();
    const high = Math.max(...plain.slice(0, n));
    const [left, bottom] = [4, height - 20];
    const pitch = (width - left) / n;
    context.font = "13px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "top";
    for (let k = 0; k < n; k++) {
      context.globalAlpha = k < film.step ? 1 : 0.25;
      const x = left + k * pitch;
      const bar = (cost, offset, ink) => {
        const length = ((bottom - 8) * cost) / high;
        context.fillStyle = inkOf(ink);
        context.fillRect(x + offset, bottom - length, pitch * 0.38, length);
      };
      bar(plain[k], pitch * 0.06, "--vx-run-2");
      bar(cached[k], pitch * 0.48, "--vx-run-0");
      context.fillStyle = inkOf(k === film.step - 1 ? "--vx-text" : "--vx-soft");
      context.fillText(String(k + 1), x + pitch * 0.45, bottom + 4);
    }
    context.globalAlpha = 1;
    canvas.setAttribute(
      "aria-label",
      `Multiply-adds of each step, without and with the cache: ${plain
        .slice(0, n)
        .map((cost, k) => `step ${k + 1}, ${short(cost)} and ${short(cached[k])}`)
        .join("; ")}`,
    );
  }

  function show() {
    const { cost } = seen;
    const part = cost.steps[film.step - 1];
    $(".finding").textContent = words.saving(film.step, sum(cost.cached), sum(cost.plain));
    lane($(".with"), part, true);
    lane($(".without"), part, false);
    $(".kept").textContent =
      `Kept: ${count(cost.numbers[film.step - 1])} numbers. Each block is ${cost.d_head} numbers in each of ${cost.heads} heads and ${cost.layers} layers.`;
    chart();
  }

  // ---- the clock ------------------------------------------------------------------------------------------------
  const at = ({ n_tokens: n, cached }) => `; now ${n} tokens ${cached ? "with" : "without"} the cache`;
  const measuring = makeMeasuring(root, server, {
    name: "text-cache",
    calls: { start: "measure_decoding", look: "decoding_measured", stop: "stop_decoding" },
    asks: () => ({}),
    first: { running: null, result: null, problem: null, counted: [] },
    took: () => list(),
  });

  function list() {
    const { running, result, problem, counted } = measuring.now();
    const points = running ? running.points : result ? result.points : [];
    const ms = (seconds) => `${(1000 * seconds).toPrecision(3)} ms`;
    fill($("tbody"), counted, ({ n_tokens: n, ratio }) => {
      const point = points.find(({ n_tokens: one }) => one === n);
      const row = make("tr");
      const head = make("th", "", String(n));
      head.scope = "row";
      const cells = [
        ...(point ? [ms(point.without_cache), ms(point.with_cache), times(point.ratio)] : ["–", "–", "–"]),
        times(ratio),
      ];
      row.append(head, ...cells.map((text) => make("td", "vx-number", text)));
      return row;
    });
    $(".verdict").textContent = points.length && !running ? words.clocked(points) : "";
    $(".where").textContent =
      result && !running
        ? `${result.machine}: medians of ${result.rounds} rounds, in turns, one output at a time${result.complete ? "" : "; stopped before its end"}.`
        : "Times of whole outputs of a network of the same size, without and with the cache in turns.";
    $(".problem").textContent = problem || "";
    measuring.show(at);
  }

  function draw(/** @type {import("../state").State} */ state) {
    const before = seen;
    seen = roots.view(state);
    root.classList.toggle("empty", !seen);
    roots.fit(root);
    list();
    if (!asked) measuring.follow();
    asked = true;
    if (!seen) return;
    const look = state.textLook;
    tokens = ["start", ...seen.given[look.epoch][roots.WAYS.free].slice(1)];
    if (before !== seen) film.rewind();
    film.go(film.step);
  }
  const numbers = () => [
    ["step", "multiply-adds without", "with cache"],
    ...seen.cost.steps.map((_, index) => [index + 1, ...["plain", "cached"].map((way) => seen.cost[way][index])]),
  ];
  saveScreen($(".vx-panel"), () => ["key-value cache", seen.text], numbers);

  offer(root, server, CACHE);
  return { topics: ["text", "textLook"], draw };
});
