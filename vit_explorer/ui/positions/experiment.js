/* The prediction with trained positions beside the one with changed positions. */
import { best } from "../core/arrays.js";
import { clearCanvas, outline, rgbImage } from "../core/draw.js";
import { barCells } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { question } from "../core/question.js";
import { saveScreen } from "../core/screen.js";
import { integer, oneOf, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { watched } from "../core/watch.js";
import { widget } from "../core/widget.js";
import * as positions from "./data.js";
import { EXPERIMENT } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const SIDE = 190; // px of the small picture
  const SHOWN = 5; // classes in a list
  const GAP = 1; // px between patches
  const FIRST = { mode: "shuffled", seed: 4 };
  const chosen = { ...FIRST };
  let answer = null; // the newest one, with the question that it answers
  let ink = "";

  const WORTH = {
    shuffled: "the right order was worth",
    zero: "knowing where each patch lies was worth",
    untrained: "what training wrote into the positions was worth",
  };
  const GAINS = {
    shuffled: "out of order this answer gains",
    zero: "without any places this answer gains",
    untrained: "with the untrained positions this answer gains",
  };
  const TITLES = {
    trained: "Trained positions again",
    shuffled: "Shuffled positions",
    zero: "No positions",
    untrained: "Untrained positions",
  };
  const TOLD = {
    trained: "What the model now sees",
    shuffled: "What the model now sees",
    zero: "A heap, bright first",
    untrained: "Places it cannot read",
  };
  const WHY = {
    trained: "The table is put in as it is: the prediction is the same to the last bit.",
    shuffled:
      "Every patch is told the place of another. Attention itself knows no order, so to the model this is exactly the picture on the left: the same patches, moved.",
    zero: "No patch is told a place. Any order of the patches now gives this same prediction: the picture is a heap.",
    untrained:
      "The patches get the random vectors that training began with: every place has one, but not the one this network learned to read.",
  };
  // For patches that overlap: a token moves, and no picture is the one with its pixels moved likewise.
  const OVERLAPPING = {
    told: "Its pixels stay in place",
    shuffled:
      "Every token is told the place of another. The patches of this model overlap, so tokens are moved and not pixels: no picture shows what it is told.",
    zero: "No token is told a place. Any order of the tokens now gives this same prediction.",
    untrained:
      "The tokens get the random vectors that training began with: every place has one, but not the one this network learned to read.",
  };

  // ---- asking --------------------------------------------------------------------------------------------------
  /** The picture, the model and the choice on screen. */
  const wanted = ({ trace, model }) => ({ picture: trace.picture.name, model: model.name, fit: trace.fit, ...chosen });

  const { ask, fits } = question(root, server, "experiment", {
    wanted,
    keep: (told) => (answer = told),
    draw(state) {
      draw(state);
      mark(state);
    },
    ahead: true,
  });

  const shuffles = watched(
    root,
    server,
    { work: "shuffles", progress: "shuffles_progress", leave: "leave_shuffles" },
    ({ share }) => {
      $(".over progress").hidden = share === null;
      $(".over progress").value = share || 0;
    },
  );

  async function trySeveral() {
    const of = answer;
    const { mode: _, ...request } = JSON.parse(of.question);
    const found = shuffles.begin(request);
    showSeveral();
    const told = await found;
    if (told) of.several = told.several;
    showSeveral();
  }

  function showSeveral() {
    const { n_shuffles: n, several, mode } = answer;
    const waiting = shuffles.waiting();
    $(".several").hidden = mode !== "shuffled" || several !== null;
    $(".several").textContent = waiting ? "Stop" : `Try ${n} shuffles`;
    if (!waiting) $(".over progress").hidden = true;
    $(".spread").textContent = turned(answer) + spread(answer);
  }

  $(".several").addEventListener("click", () => {
    if (!fits(store.state)) return;
    if (shuffles.waiting()) {
      shuffles.leave();
      showSeveral();
    } else trySeveral();
  });

  function change(next) {
    Object.assign(chosen, next);
    draw(store.state);
  }

  inLink(
    root,
    {
      mode: setting(
        oneOf("trained", "shuffled", "zero", "untrained"),
        () => chosen.mode,
        (mode) => (chosen.mode = mode || FIRST.mode),
        FIRST.mode,
      ),
      seed: setting(
        integer(0, 9999),
        () => (chosen.mode === "shuffled" ? chosen.seed : null),
        (seed) => (chosen.seed = seed ?? FIRST.seed),
        FIRST.seed,
      ),
    },
    () => draw(store.state),
  );
  for (const button of root.querySelectorAll("[data-mode]")) {
    button.addEventListener("click", () => change({ mode: button.dataset.mode }));
  }
  $(".again").addEventListener("click", () => change({ mode: "shuffled", seed: 1 + Math.floor(Math.random() * 9999) }));

  // ---- telling -------------------------------------------------------------------------------------------------
  /** One sentence made of the numbers. */
  function outcome({ classes, trained, changed, mode }) {
    const top = best(trained);
    const [name, before, after] = [classes[top], format.probability(trained[top]), format.probability(changed[top])];
    if (mode === "trained") return `${name} ${before} both times: nothing was changed.`;
    const points = format.pointsBetween(changed[top], trained[top]);
    const moved =
      points > 0
        ? `${WORTH[mode]} ${points.toFixed(1)} points here.`
        : points < 0
          ? `${GAINS[mode]} ${(-points).toFixed(1)} points here.`
          : "this answer is as sure as before.";
    return `${name} ${before} → ${after}: ${moved}`;
  }

  function turned({ classes, trained, changed }) {
    const next = best(changed);
    return next === best(trained) ? "" : `The answer becomes ${classes[next]} (${format.probability(changed[next])}). `;
  }

  /** How much one shuffle says: the same answer under several of them. */
  function spread({ classes, trained, several }) {
    if (!several) return "";
    const mean = several.reduce((sum, p) => sum + p, 0) / several.length;
    const [low, high] = [Math.min(...several), Math.max(...several)];
    return `Over ${several.length} shuffles, this one among them, ${classes[best(trained)]} keeps ${format.probability(mean)} on average, from ${format.probability(low)} to ${format.probability(high)}.`;
  }

  function bars(element, probabilities, { classes, trained }) {
    const top = best(trained);
    const order = probabilities
      .map((p, i) => [p, i])
      .sort((a, b) => b[0] - a[0])
      .slice(0, SHOWN);
    element.replaceChildren(...order.flatMap(([p, i]) => barCells(classes[i], p, i === top ? "answer" : "")));
  }

  /** Whether the patches share pixels, as those of a convolutional stem do; then none can be moved alone. */
  const overlap = (trace) => trace.patches === null;

  /** Where each patch is drawn: the place that it is told, or for a heap its rank by brightness. */
  function places({ trace }, seen) {
    const own = Array.from({ length: seen.n }, (_, i) => i);
    if (overlap(trace)) return own;
    if (answer.mode === "shuffled") return answer.order;
    if (answer.mode !== "zero") return own;
    const [h, w] = [trace.size / seen.rows, trace.size / seen.cols];
    const brightness = own.map((patch) => {
      let sum = 0;
      for (let k = 0; k < h * w; k++) {
        const y = Math.floor(patch / seen.cols) * h + Math.floor(k / w);
        const x = (patch % seen.cols) * w + (k % w);
        for (let c = 0; c < 3; c++) sum += trace.rgb.data[3 * (y * trace.size + x) + c];
      }
      return sum;
    });
    const order = [...own].sort((a, b) => brightness[b] - brightness[a]);
    const place = [];
    order.forEach((patch, rank) => (place[patch] = rank));
    return place;
  }

  function scene(/** @type {import("../state").State} */ state, seen) {
    const { trace } = state;
    const context = clearCanvas($(".scene"), SIDE, SIDE);
    const image = rgbImage(trace.rgb.data, trace.size, trace.size);
    $(".scene").setAttribute(
      "aria-label",
      `${$(".told").textContent}: ${overlap(trace) ? "" : "the patches of "}${trace.picture.title}`,
    );
    if (overlap(trace)) {
      context.drawImage(image, 0, 0, SIDE, SIDE);
      return;
    }
    const [w, h] = [SIDE / seen.cols, SIDE / seen.rows];
    const [sw, sh] = [trace.size / seen.cols, trace.size / seen.rows];
    places(state, seen).forEach((place, patch) => {
      const [x, y] = [(place % seen.cols) * w, Math.floor(place / seen.cols) * h];
      const [sx, sy] = [(patch % seen.cols) * sw, Math.floor(patch / seen.cols) * sh];
      context.drawImage(image, sx, sy, sw, sh, x + GAP / 2, y + GAP / 2, w - GAP, h - GAP);
    });
  }

  function show(/** @type {import("../state").State} */ state) {
    const seen = positions.view(state);
    if (!seen || !state.trace) return;
    const fitting = fits(state);
    root.classList.toggle("waiting", !fitting);
    if (!fitting) return shuffles.leave();
    const overlapping = overlap(state.trace);
    $(".told").textContent = overlapping ? OVERLAPPING.told : TOLD[answer.mode];
    $(".changed-name").textContent = TITLES[answer.mode];
    $(".why").textContent = (overlapping && OVERLAPPING[answer.mode]) || WHY[answer.mode];
    $(".outcome").textContent = outcome(answer);
    showSeveral();
    bars($(".trained"), answer.trained, answer);
    bars($(".changed"), answer.changed, answer);
    scene(state, seen);
  }

  function mark(/** @type {import("../state").State} */ state) {
    const seen = positions.view(state);
    const context = clearCanvas($(".marks"), SIDE, SIDE);
    if (!seen || !state.trace || !fits(state)) return;
    const token = positions.token(state);
    if (token === null || token < 0) return;
    const place = shownPlaces(state, seen)[token];
    const [w, h] = [SIDE / seen.cols, SIDE / seen.rows];
    outline(context, (place % seen.cols) * w, Math.floor(place / seen.cols) * h, w, h, ink);
  }

  let kept = { of: null, places: [] };
  function shownPlaces(/** @type {import("../state").State} */ state, seen) {
    if (kept.of !== answer) kept = { of: answer, places: places(state, seen) };
    return kept.places;
  }

  function draw(/** @type {import("../state").State} */ state) {
    if (!state.model || !state.trace || state.trace.model !== state.model.name) return;
    const seen = positions.shown(root, state);
    if (!seen) return;
    const untrained = root.querySelector('[data-mode="untrained"]');
    untrained.disabled = !positions.hasUntrained(seen);
    untrained.title = untrained.disabled ? "The untrained positions of this model were not kept." : "";
    if (untrained.disabled && chosen.mode === "untrained") chosen.mode = "shuffled";
    for (const button of root.querySelectorAll("[data-mode]")) {
      button.setAttribute("aria-pressed", String(button.dataset.mode === chosen.mode));
    }
    ink = inkOf("--vx-query");
    ask(state);
    show(state);
  }

  saveScreen($(".vx-panel"), "other positions");

  offer(root, server, EXPERIMENT);
  return { topics: ["model", "trace"], draw, mark, predicts: true };
});
