/* One picture in all models: a card each, whose map marks the place that is pointed at in any of them.
 *
 * Times are asked for in a second request, when the page has settled and been left in peace for a moment: nothing else
 * runs then, and the next picture does not wait for it.
 */
import * as answers from "../core/answers.js";
import { decode } from "../core/arrays.js";
import { clearCanvas, outline, patchInput } from "../core/draw.js";
import { beforeFrame, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { question } from "../core/question.js";
import { saveScreen } from "../core/screen.js";
import { latest } from "../core/server.js";
import { setting, words } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { judge } from "../core/verdict.js";
import * as views from "../core/views.js";
import { watched } from "../core/watch.js";
import { widget } from "../core/widget.js";
import * as maps from "./maps.js";
import { PICTURE } from "./questions.js";
import { scoreLines } from "./score-words.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const SIDE = 88; // CSS pixels of a map
  const MOST = 4; // times an even share, where the colours end
  const TOP = 3;
  const PEACE_MS = 400; // before times are asked for
  let target = ""; // a class's name, or "" for each model's own answer
  let answer = null; // the newest, with the question that it answers
  const askTimes = latest(server, "time_all");
  let cards = []; // {result, values, grid, marks, share, score, time, empty}
  let times = { about: "", seconds: {}, passes: 0 };

  // ---- asking --------------------------------------------------------------------------------------------------
  function wanted(/** @type {import("../state").State} */ state) {
    const known = (state.catalogue || { models: [] }).models.map(({ name }) => name);
    return { ...views.request(state), target: target || null, known };
  }
  const { ask, fits } = question(root, server, "compare", {
    wanted,
    keep: (told) => (answer = told),
    draw,
  });

  /** Ask for the times of what is on screen, once, when the frame is done with it. */
  async function measure() {
    const state = store.state;
    const settled = store.get("settled");
    if (
      !views.ready(state) ||
      !fits(state) ||
      !settled ||
      settled.picture !== state.trace.picture.name ||
      settled.fit !== state.trace.fit
    )
      return;
    const about = answer.question;
    if (times.about === about || !root.offsetParent) return;
    times = { about, seconds: {}, passes: 0 };
    const told = await askTimes({ picture: settled.picture, fit: settled.fit });
    if (!told) return;
    if (times.about === about) times = { about, seconds: told.seconds, passes: told.timed_passes };
    showTimes();
  }

  let peace = 0; // the timer
  function measureSoon() {
    clearTimeout(peace);
    peace = setTimeout(measure, PEACE_MS);
  }
  store.on("settled", measureSoon);
  store.on("wish", () => clearTimeout(peace));

  function showTimes() {
    for (const card of cards) {
      const seconds = times.seconds[card.result.name];
      card.time.textContent = seconds === undefined ? "…" : format.milliseconds(seconds);
    }
    $(".times").textContent = times.passes
      ? `Times: a plain pass of this picture on this server, median of ${times.passes} after a warm-up.`
      : "Times are measured when all is drawn.";
  }

  // ---- scores ----------------------------------------------------------------------------------------------------
  const scoring = watched(
    root,
    server,
    { work: "score", progress: "score_progress", leave: "leave_score" },
    ({ share }) => {
      $(".scoring progress").hidden = share === null;
      $(".scoring progress").value = share || 0;
    },
  );
  let scores = { about: "", of: new Map() }; // by model, of the question that the cards answer

  /** Score one card after the other; those that have a score already are passed over. */
  async function scoreAll() {
    const { about } = scores;
    for (const { result } of cards.filter(({ empty }) => !empty)) {
      if (scores.of.has(result.name)) continue;
      const asked = scoring.begin({ ...JSON.parse(about), model: result.name });
      showScores();
      const told = await asked;
      if (!told || scores.about !== about) break;
      scores.of.set(result.name, told);
    }
    showScores();
  }

  function showScores() {
    for (const { result, score } of cards) {
      const told = scores.of.get(result.name);
      score.hidden = !told;
      score.replaceChildren(...(told ? scoreLines(told) : []));
    }
    const going = scoring.waiting();
    if (!going) $(".scoring progress").hidden = true;
    $(".score-all").textContent = going ? "Stop" : "Score the maps";
    $(".score-all").hidden = !going && cards.every(({ result, empty }) => empty || scores.of.has(result.name));
  }

  $(".score-all").addEventListener("click", () => {
    if (scoring.waiting()) {
      scoring.leave();
      showScores();
    } else if (fits(store.state)) scoreAll();
  });

  // ---- controls ------------------------------------------------------------------------------------------------
  inLink(
    root,
    {
      class: setting(
        words(),
        () => target,
        (name) => (target = name || ""),
        "",
      ),
    },
    () => draw(store.state),
  );
  $(".target").addEventListener("change", (event) => {
    target = event.target.value;
    draw(store.state);
  });

  function listClasses(classes) {
    const select = $(".target");
    const names = ["", ...classes];
    if (select.dataset.of !== names.join("\n")) {
      select.dataset.of = names.join("\n");
      fill(select, names, (name) => Object.assign(make("option", "", name || "each one's answer"), { value: name }));
    }
    select.value = target;
  }

  // ---- cards ---------------------------------------------------------------------------------------------------
  function makeCard(result, state) {
    const element = make("div", `card${result.name === state.model.name ? " current" : ""}`);
    element.setAttribute("role", "listitem");
    element.dataset.model = result.name;
    const head = make("div", "head");
    const name = make("button", "name", result.short);
    name.type = "button";
    name.title = `Open ${result.name} in every tab`;
    name.setAttribute("aria-label", `${result.short}: ${result.title}, ${result.name}; make it the page's model`);
    name.addEventListener("click", () => store.set("wish", { model: result.name }));
    head.append(name);
    const best = answers.ranked(result).slice(0, TOP);
    const { labels } = state.trace.picture;
    const { state: judged } = judge(result.classes, result.probabilities, labels);
    if (judged === "right" || judged === "wrong")
      head.append(make("span", judged === "right" ? "tag good" : "tag bad", judged));
    else if (!result.alike) head.append(make("span", "tag", "other classes"));
    const tested = Number.isFinite(result.test_accuracy) ? ` · ${format.percent(result.test_accuracy)}` : "";
    const known = make("p", "line known");
    known.title = tested ? "its name, and its accuracy on its test pictures" : "its name";
    const body = make("div", "body");
    const stack = make("div", "stack");
    const [map, marks] = [make("canvas"), make("canvas", "marks")];
    const values = decode(result.map);
    const grid = values.shape;
    stack.append(map, marks);
    const guesses = make("div", "guesses");
    guesses.append(...best.map(guessLine));
    body.append(stack, guesses);
    const empty = !values.data.some((value) => value > 0);
    const method = make(
      "p",
      "line method",
      empty ? `${result.method}: nothing spoke for ${result.explained}` : `${result.method}, for ${result.explained}`,
    );
    method.title = result.words;
    const [share, score, time] = [make("p", "line share"), make("div", "score"), make("span", "time")];
    known.append(make("span", "own", result.name), make("span", "", tested), time);
    element.append(head, known, body, method, share, score);
    const [size] = result.pixels.shape;
    const even = values.data.map((value) => value * grid[0] * grid[1]);
    views.overlay(map, SIDE, rgbOf(result), size, even, grid, MOST);
    map.setAttribute("aria-hidden", "true");
    marks.setAttribute("role", "img");
    marks.setAttribute(
      "aria-label",
      `${result.method} of ${result.name} for ${result.explained}: arrow keys mark a place in all maps`,
    );
    patchInput(marks, () => (store.get("trace") || {}).grid || null);
    return { result, element, values: values.data, grid, marks, share, score, time, empty };
  }

  let seen = { data: null, bytes: null };

  /** The bytes of the picture; most models get the same ones. */
  function rgbOf({ pixels }) {
    if (seen.data !== pixels.data) seen = { data: pixels.data, bytes: decode(pixels).data };
    return seen.bytes;
  }

  function guessLine({ name, p }, rank) {
    const line = make("div", rank ? "guess" : "guess first");
    const said = make("div", "said");
    const number = make("span", "vx-number", p < 0.005 ? "< 1 %" : `${Math.round(100 * p)} %`);
    number.title = format.probability(p);
    said.append(make("span", "", name), number);
    const bar = make("div", "bar");
    const length = make("i");
    length.style.width = `${100 * p}%`;
    bar.append(length);
    line.append(said, bar);
    return line;
  }

  function show(/** @type {import("../state").State} */ state) {
    const { results } = answer;
    listClasses(results.find(({ alike }) => alike)?.classes ?? []);
    cards = results.map((result) => makeCard(result, state));
    $(".cards").replaceChildren(...cards.map(({ element }) => element));
    const others = results.filter(({ alike }) => !alike).map(({ name }) => name);
    const apart = others.length ? ` ${others.join(", ")} ${others.length > 1 ? "know" : "knows"} other classes.` : "";
    const silent = state.trace.classes.length ? "" : `${state.model.name} has no head: it names no class. `;
    $(".verdict").textContent =
      silent +
      answers.verdict(
        results.filter(({ alike }) => alike),
        state.trace.picture.labels,
      ) +
      apart;
    if (times.about !== answer.question) times = { about: "", seconds: {}, passes: 0 };
    showTimes();
    if (scores.about !== answer.question) scores = { about: answer.question, of: new Map() };
    showScores();
  }

  let drawn = ""; // the question whose answer stands in the cards
  function draw(/** @type {import("../state").State} */ state) {
    if (!views.ready(state)) return;
    if (target && state.trace.classes.length && !state.trace.classes.includes(target)) target = "";
    ask(state);
    root.classList.toggle("waiting", !fits(state));
    if (!fits(state)) {
      scoring.leave();
      return showScores();
    }
    const now = [answer.question, state.theme, state.stage, ...state.trace.picture.labels].join(" "); // what its cards were made for
    if (now !== drawn) show(state);
    drawn = now;
    mark(state);
    measureSoon();
  }

  // ---- the marked place -------------------------------------------------------------------------------------------
  const tell = beforeFrame((square) => {
    for (const { share, values, grid, empty } of cards) {
      const part = square && maps.shareIn(values, grid, square);
      share.textContent = !square
        ? "no place marked"
        : empty
          ? "the map is empty"
          : `${maps.timesEven(part, square).toFixed(2)} × even, ${format.probability(part)} of the map`;
    }
  });

  function mark(/** @type {import("../state").State} */ state) {
    if (!state.trace || !cards.length) return;
    const square = maps.square(state.token, state.trace.grid);
    for (const { marks } of cards) {
      const context = clearCanvas(marks, SIDE, SIDE);
      if (!square) continue;
      const { top, left, bottom, right } = square;
      outline(context, left * SIDE, top * SIDE, (right - left) * SIDE, (bottom - top) * SIDE, inkOf("--vx-query"), 2);
    }
    tell(square);
  }
  const rows = () => [
    ["model", "class", "probability"],
    ...(answer?.results ?? []).flatMap(({ name, classes, probabilities }) =>
      classes.map((one, index) => [name, one, probabilities[index]]),
    ),
  ];
  saveScreen($(".vx-panel"), "in all models", rows);

  offer(root, server, PICTURE);
  return { topics: ["model", "trace", "catalogue"], draw, mark };
});
