/* The matrix of similarities, the maps of the untrained positions and those of the slider, all marking one token. */

import { clearCanvas, outline, patchInput } from "../core/draw.js";
import { beforeFrame, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { byHand } from "../core/hand.js";
import { inLink } from "../core/link.js";
import { verdict } from "../core/layout-words.js";
import { ARROWS, at } from "../core/pointer.js";
import { saveMenu } from "../core/save.js";
import * as store from "../core/store.js";
import { calm, inkOf } from "../core/theme.js";
import { prefixName, prefixNames, tokenName } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import * as positions from "./data.js";
import { MAPS } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const STEP_TIME = 450; // ms for a snapshot while training is played
  const [LEFT, BOTTOM] = [27, 18]; // px for the tick labels of the matrix
  let timer = 0;

  /** A size in whole pixels of the screen, so that all cells look alike, unless too much room were lost by it. */
  function wholePixels(size) {
    const ratio = window.devicePixelRatio || 1;
    const whole = Math.floor(size * ratio) / ratio;
    return whole >= 0.93 * size ? whole : size;
  }

  // ---- where things lie ----------------------------------------------------------------------------------------
  /** The matrix in px: patches have square cells; the prefix is a thicker strip with a gap behind it. */
  function matrixPlace(width, seen) {
    const strip = seen.nPrefix ? Math.max(7, Math.round(width / 40)) : 0;
    const gap = seen.nPrefix ? 4 : 0;
    const exact = (width - LEFT - seen.nPrefix * strip - gap) / seen.n;
    const cell = wholePixels(exact);
    const first = seen.nPrefix * strip + gap; // from the matrix's corner to the first patch
    const start = (index) => (index < seen.nPrefix ? index * strip : first + (index - seen.nPrefix) * cell);
    const thickness = (index) => (index < seen.nPrefix ? strip : cell);
    const indexAt = (place) => {
      if (place < 0 || place >= first + seen.n * cell) return null;
      if (place < first) return Math.min(seen.nPrefix - 1, Math.floor(place / strip));
      return seen.nPrefix + Math.floor((place - first) / cell);
    };
    return { first, side: first + seen.n * cell, strip, start, thickness, indexAt };
  }

  /** The grid of maps in px: even steps, so that a cell of the grid is a map with half a gap on each side. */
  function mapsPlace(width, seen) {
    const step = Math.floor(width / Math.max(seen.rows, seen.cols));
    const cell = wholePixels((step - 3) / Math.max(seen.rows, seen.cols));
    const [w, h] = [cell * seen.cols, cell * seen.rows];
    return { step, w, h, left: Math.floor((step - w) / 2), top: Math.floor((step - h) / 2) };
  }

  const widths = {}; // px of each view and the inks of marks, as they were when they were drawn
  let inks = {};
  function measure() {
    for (const name of ["whole", "before", "after"]) widths[name] = Math.floor($(`.${name} .stack`).clientWidth);
    inks = positions.inks();
  }

  // ---- the still pictures --------------------------------------------------------------------------------------
  function drawMatrix(seen, s) {
    const width = widths.whole;
    const { first, side, strip, start, thickness } = matrixPlace(width, seen);
    const context = clearCanvas($(".matrix"), width, width);
    const image = seen.matrixImage(s);
    const parts = seen.nPrefix
      ? [
          [0, seen.nPrefix, 0, seen.nPrefix * strip],
          [seen.nPrefix, seen.n, first, side - first],
        ]
      : [[0, seen.n, 0, side]];
    for (const [row, rows, y, h] of parts) {
      for (const [col, cols, x, w] of parts) context.drawImage(image, col, row, cols, rows, LEFT + x, y, w, h);
    }
    context.fillStyle = inkOf("--vx-soft");
    context.font = "12px system-ui, sans-serif";
    const apart = seen.n < 100 ? 16 : 28; // px from one label to the next: numbers of three digits are wide
    const every = Math.ceil(apart / (thickness(seen.nPrefix) * seen.cols)); // rows of patches between two labels
    const ticks = [];
    for (let row = seen.nPrefix ? every : 0; row < seen.rows; row += every) ticks.push(seen.nPrefix + row * seen.cols);
    if (seen.nPrefix) ticks.unshift(0);
    for (const index of ticks) {
      const name = index < seen.nPrefix ? prefixName(index, true) : String(index - seen.nPrefix + 1);
      const middle = start(index) + thickness(index) / 2;
      context.textAlign = "right";
      context.textBaseline = "middle";
      context.fillText(name, LEFT - 4, Math.max(6, middle));
      context.textAlign = "center";
      context.textBaseline = "top";
      context.fillText(name, LEFT + middle, Math.min(side + 4, width - BOTTOM + 5));
    }
  }

  function drawMaps(name, seen, s) {
    const { step, w, h, left, top } = mapsPlace(widths[name], seen);
    const context = clearCanvas($(`.${name} .maps`), step * seen.cols, step * seen.rows);
    const image = seen.mapsImage(s);
    for (let p = 0; p < seen.n; p++) {
      const [row, col] = [Math.floor(p / seen.cols), p % seen.cols];
      const [x, y] = [col * step + left, row * step + top];
      context.drawImage(image, col * seen.cols, row * seen.rows, seen.cols, seen.rows, x, y, w, h);
    }
  }

  // ---- the marks -----------------------------------------------------------------------------------------------
  function markMatrix(seen, token, key) {
    const width = widths.whole;
    const { side, start, thickness } = matrixPlace(width, seen);
    const context = clearCanvas($(".matrix-marks"), width, width);
    if (token === null) return;
    const i = seen.indexOf(token);
    outline(context, LEFT + 1, start(i) - 2, side - 2, thickness(i) + 4, inks.query, 1.5);
    if (key === null) return;
    const j = seen.indexOf(key);
    outline(context, LEFT + start(j) - 3, start(i) - 3, thickness(j) + 6, thickness(i) + 6, inks.key, 2);
  }

  function markMaps(name, seen, token, key) {
    const { step, w, h, left, top } = mapsPlace(widths[name], seen);
    const context = clearCanvas($(`.${name} .marks`), step * seen.cols, step * seen.rows);
    const around = (patch, ink) => {
      if (patch === null || patch < 0) return;
      const [x, y] = [(patch % seen.cols) * step + left, Math.floor(patch / seen.cols) * step + top];
      outline(context, x - 0.5, y - 0.5, w + 1, h + 1, ink, 2);
    };
    around(key, inks.key);
    around(token, inks.query);
  }

  const read = beforeFrame((seen, s, token, other, key) => {
    const spot = (which, name) => make("span", name, tokenName(which, seen.grid));
    const value = (which) => make("strong", "", format.signed(seen.at(s, seen.indexOf(token), seen.indexOf(which))));
    const away = (which) =>
      token < 0 || which < 0 || which === token
        ? ""
        : `, ${positions.distance(token, which, seen).toFixed(1)} patches apart`;
    if (token === null || key === null) {
      $(".readout").textContent = byHand("Point at a map, at the matrix or at the picture.");
    } else if (other !== null) {
      $(".readout").replaceChildren(spot(token, "query"), " and ", spot(other, "key"), ": ", value(other), away(other));
    } else {
      $(".readout").replaceChildren(
        spot(token, "query"),
        " is most like ",
        spot(key, "key"),
        ": ",
        value(key),
        away(key),
      );
    }
  });

  function mark(/** @type {import("../state").State} */ state) {
    const seen = positions.view(state);
    if (!seen || !widths.whole) return;
    const [s, token, other] = [positions.snapshot(state), positions.token(state), positions.second(state)];
    const key = other !== null ? other : token === null ? null : seen.nearest(s, token);
    markMatrix(seen, token, key);
    markMaps("after", seen, token, key);
    if (positions.hasUntrained(seen)) markMaps("before", seen, token, other);
    read(seen, s, token, other, key);
  }

  // ---- everything ----------------------------------------------------------------------------------------------
  function draw(/** @type {import("../state").State} */ state) {
    if (!state.model) return;
    const seen = positions.shown(root, state, ".overview");
    $(".none").hidden = Boolean(seen);
    if (!seen) {
      stop();
      explain(state);
      return;
    }
    const s = positions.snapshot(state);
    const untrained = positions.hasUntrained(seen);
    const name = positions.epochName(seen.epochs[s]) + (s === seen.count - 1 && untrained ? " (trained)" : "");
    const tokens = `${seen.size} × ${seen.size}`;
    $(".before").hidden = !untrained;
    $(".controls").hidden = !untrained;
    measure();
    $(".slider").max = String(seen.count - 1);
    $(".slider").value = String(s);
    $(".slider").setAttribute("aria-valuetext", name);
    $(".epoch").textContent = name;
    const structure = seen.structure[s];
    $(".big").textContent = format.decimal(structure.two_d);
    $(".readings").textContent = `rows ${format.decimal(structure.row)}, columns ${format.decimal(structure.column)}`;
    $(".meaning").textContent = verdict(structure);
    $(".whole figcaption").textContent = `All ${tokens} pairs, ${
      seen.nPrefix
        ? `${prefixNames()
            .map((_, index) => prefixName(index, true))
            .join(", ")} apart`
        : "patches row by row"
    }`;
    $(".before figcaption").textContent = `One map a patch: ${positions.epochName(seen.epochs[0])}`;
    $(".after figcaption").textContent = `One map a patch: ${name}`;
    $(".matrix").setAttribute("aria-label", `Matrix of ${tokens} cosine similarities, ${name}`);
    $(".matrix-marks").setAttribute(
      "aria-label",
      "Pairs of positions: up and down choose the row, left and right the column",
    );
    $(".before .maps").setAttribute("aria-label", `${seen.rows} by ${seen.cols} maps of similarities, untrained`);
    $(".after .maps").setAttribute("aria-label", `${seen.rows} by ${seen.cols} maps of similarities, ${name}`);
    $(".low").textContent = `−${seen.limit.toFixed(2)}`;
    $(".high").textContent = seen.limit.toFixed(2);
    $(".clipped").textContent = untrained ? "cosine, one scale for all epochs" : "cosine";
    if (seen.limit < 1) $(".clipped").textContent += "; values beyond it are clipped";
    $(".play").textContent = calm() ? "Next snapshot" : timer ? "Stop" : "Play training";
    drawMatrix(seen, s);
    drawMaps("after", seen, s);
    if (untrained) drawMaps("before", seen, 0);
  }

  /** A model without position embeddings: say so, and offer one that has them. */
  function explain({ model, catalogue }) {
    const vits = ((catalogue && catalogue.models) || []).filter(({ architecture }) => architecture.startsWith("vit"));
    const other = vits.find(({ name }) => name === catalogue.first.model) || vits[0];
    const named = model.title === model.name ? model.name : `${model.name} is a ${model.title}`;
    const needless =
      model.architecture === "swin"
        ? "its attention stays inside windows and learns a bias for each offset between two tokens"
        : "a convolution works on the picture's own rows and columns";
    $(".why").textContent = model.d_model
      ? `${model.name} was built without position embeddings: to it the patches are a set in no order.`
      : `${named}: ${needless}, so it needs and has no position embeddings. A Vision Transformer gets its patches ` +
        "as a list and has to learn where they were.";
    $(".switch").hidden = !other;
    if (!other) return;
    $(".switch").textContent = `Look at ${other.name}`;
    $(".switch").onclick = () => store.set("wish", { model: other.name });
  }

  // ---- input ---------------------------------------------------------------------------------------------------
  function stop() {
    clearTimeout(timer);
    timer = 0;
    $(".play").setAttribute("aria-pressed", "false");
    if (!calm()) $(".play").textContent = "Play training";
  }

  function play(index) {
    const seen = positions.view(store.state);
    if (!seen || root.offsetParent === null) return stop();
    timer = index + 1 < seen.count ? setTimeout(() => play(index + 1), index === 0 ? 2 * STEP_TIME : STEP_TIME) : 0;
    positions.setSnapshot(index);
    return timer ? undefined : stop();
  }

  inLink(root, positions.linked);
  $(".play").addEventListener("click", () => {
    const state = store.state;
    const seen = positions.view(state);
    if (!seen) return;
    const next = (positions.snapshot(state) + 1) % seen.count;
    if (calm())
      positions.setSnapshot(next); // no motion of its own: one snapshot for a press
    else if (timer) stop();
    else {
      $(".play").setAttribute("aria-pressed", "true");
      play(next);
    }
  });
  $(".slider").addEventListener("input", (event) => {
    stop();
    positions.setSnapshot(Number(event.target.value));
  });

  const patches = () => (positions.view(store.state) || { grid: null }).grid;
  for (const name of ["before", "after"]) patchInput($(`.${name} .marks`), patches);

  const matrix = $(".matrix-marks");
  function pairAt(event) {
    const seen = positions.view(store.state);
    if (!seen) return [null, null];
    const [x, y] = at(event, matrix);
    const { indexAt } = matrixPlace(widths.whole, seen);
    const [i, j] = [indexAt(y), indexAt(x - LEFT)];
    return i === null || j === null ? [null, null] : [seen.tokenOf(i), seen.tokenOf(j)];
  }
  matrix.addEventListener("pointermove", (event) => positions.pointPair(...pairAt(event)));
  matrix.addEventListener("pointerleave", () => positions.pointPair(null, null));
  matrix.addEventListener("click", (event) => {
    const [first] = pairAt(event);
    if (first !== null) store.pin(first);
  });
  matrix.addEventListener("keydown", (event) => {
    const state = store.state;
    const seen = positions.view(state);
    if (!seen || !(event.key in ARROWS || event.key === "Escape")) return;
    event.preventDefault();
    if (event.key === "Escape") {
      store.set("positionPair", null);
      store.pin(null);
      return;
    }
    const [token, other] = [positions.token(state), positions.second(state)];
    const inside = (index) => Math.max(0, Math.min(seen.size - 1, index));
    const i = token === null ? seen.nPrefix : inside(seen.indexOf(token) + ARROWS[event.key][0]);
    const j = other === null ? i : inside(seen.indexOf(other) + ARROWS[event.key][1]);
    const [first, next] = [seen.tokenOf(i), seen.tokenOf(j)];
    if (first === null || next === null) return;
    store.set("positionPair", { first, second: next });
    store.pin(first);
  });
  store.on("positionPair", () => {
    if (root.offsetParent !== null) mark(store.state);
  });
  function saved() {
    const state = store.state;
    return positions.view(state) && { model: state.model.name, snapshot: positions.snapshot(state) };
  }
  saveMenu($(".overview"), server, saved, {
    npy: "the cosines, float32, CLS first",
    csv: "the cosines, a header line of names",
  });

  offer(root, server, MAPS);
  return { topics: ["model", "catalogue", "positionSnapshot"], draw, mark };
});
