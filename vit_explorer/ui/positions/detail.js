/* One position's map with its numbers, the score through the training, and the most similar pairs. */
import { colour, diverging, inkOn } from "../core/colours.js";
import { clearCanvas, outline, patchInput } from "../core/draw.js";
import { beforeFrame, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { axisX, axisY, endNames, line, marker, ruleX } from "../core/plot.js";
import { verdict } from "../core/layout-words.js";
import { at } from "../core/pointer.js";
import { frame, linear } from "../core/scales.js";
import { saveScreen } from "../core/screen.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { tokenName } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import * as positions from "./data.js";

export default widget((root) => {
  const $ = (selector) => root.querySelector(selector);
  const CHART_HEIGHT = 166; // px
  const EDGE = { left: 30, right: 66, top: 10, bottom: 36 }; // px around the lines of the chart, below them two lines of text
  const TWINS = 0.2; // by which mirror twins must be more alike than all pairs to be spoken of
  const SMALLEST_TEXT = 11; // px; numbers that would be smaller are left out of the cells
  let drawn = null; // width and inks, as they were when everything was drawn
  let listed = ""; // what the list shows, so that a redraw keeps the focus

  // ---- the enlarged map ----------------------------------------------------------------------------------------
  /** The marked token, or the middle of the picture while none is marked. */
  function shownToken(/** @type {import("../state").State} */ state, seen) {
    const token = positions.token(state);
    return token !== null ? token : Math.floor(seen.rows / 2) * seen.cols + Math.floor(seen.cols / 2);
  }

  function mark(/** @type {import("../state").State} */ state) {
    const seen = positions.view(state);
    if (!seen || !drawn) return;
    const s = positions.snapshot(state);
    const token = shownToken(state, seen);
    const cell = Math.floor(drawn.width / Math.max(seen.rows, seen.cols));
    const [w, h] = [cell * seen.cols, cell * seen.rows];
    const context = clearCanvas($(".map"), w, h);
    const size = Math.min(15, cell * 0.38);
    context.font = `${size}px system-ui, "DejaVu Sans", sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let j = 0; j < seen.n; j++) {
      const [x, y] = [(j % seen.cols) * cell, Math.floor(j / seen.cols) * cell];
      const value = seen.at(s, seen.indexOf(token), seen.indexOf(j));
      context.fillStyle = colour(diverging, value, -seen.limit, seen.limit);
      context.fillRect(x, y, cell, cell);
      if (size < SMALLEST_TEXT) continue;
      context.fillStyle = inkOn(diverging, value, -seen.limit, seen.limit);
      context.fillText(cellText(value), x + cell / 2, y + cell / 2 + 1);
    }
    const over = clearCanvas($(".marks"), w, h);
    const other = positions.second(state);
    const key = other !== null ? other : seen.nearest(s, token);
    const around = (patch, ink) => {
      if (patch === null || patch < 0) return;
      const [x, y] = [(patch % seen.cols) * cell, Math.floor(patch / seen.cols) * cell];
      outline(over, x + 2, y + 2, cell - 4, cell - 4, ink, 3);
    };
    around(key, drawn.key);
    around(token, drawn.query);
    write(state, seen, token, other);
  }

  const write = beforeFrame((state, seen, token, other) => {
    const name = tokenName(token, seen.grid);
    $(".whose").textContent = name[0].toUpperCase() + name.slice(1);
    $(".map").setAttribute("aria-label", `Similarity of ${name} to all ${seen.n} patches`);
    $(".related").textContent = other === null ? "the one most like it" : "the other of the pair";
    for (const row of $(".pairs").rows) {
      const [first, second] = row.dataset.pair.split(" ").map(Number);
      row.classList.toggle("now", first === state.token && second === other);
    }
  });

  /** Two digits without the leading zero, so that they can be large: ".48", "−.48", "1.00". */
  const cellText = (value) => format.decimal(value).replace("0.", ".");

  // ---- the score -----------------------------------------------------------------------------------------------

  function chartFrame(seen) {
    const scales = { x: linear(0, seen.count - 1), y: linear(0, 1) };
    return frame({ width: Math.floor($(".measure").clientWidth), height: CHART_HEIGHT }, EDGE, scales);
  }

  function drawChart(seen, s) {
    const shown = chartFrame(seen);
    const context = clearCanvas($(".chart"), shown.width, CHART_HEIGHT);
    axisY(context, shown, [0, 0.5, 1], String);
    const order = new Set([0, seen.count - 1, ...seen.epochs.keys()]); // of importance, where not all fit
    axisX(context, shown, [...order], (i) => positions.shortEpoch(seen.epochs[i]), "epochs, not to scale", s);
    context.strokeStyle = inkOf("--vx-text");
    ruleX(context, shown, s, [3, 3]);
    const curves = /** @type {const} */ ([
      ["row", inkOf("--vx-soft"), 1.5],
      ["column", inkOf("--vx-accent"), 2.5],
    ]);
    const ends = curves.map(([name, ink, thickness]) => {
      /** @type {import("../core/scales.js").Place[]} */
      const places = seen.structure.map((structure, i) => [shown.x(i), shown.y(structure[name])]);
      context.strokeStyle = context.fillStyle = ink;
      context.lineWidth = thickness;
      line(context, places);
      context.lineWidth = 0.5;
      places.forEach((place, i) => marker(context, "circle", place, i === s ? thickness + 3 : thickness));
      const at = /** @type {import("../core/scales.js").Place} */ ([shown.right, places.at(-1)[1]]);
      return { name, at, ink, bold: name === "column" };
    });
    endNames(context, shown, ends);
  }

  $(".chart").addEventListener("click", (event) => {
    const seen = positions.view(store.state);
    if (!seen) return;
    const s = Math.round(chartFrame(seen).valueX(at(event, $(".chart"))[0]));
    positions.setSnapshot(Math.max(0, Math.min(seen.count - 1, s)));
  });

  // ---- the pairs -----------------------------------------------------------------------------------------------
  function pairRow(pair, seen) {
    const row = make("tr");
    row.dataset.pair = `${pair.first} ${pair.second}`;
    const button = make("button");
    button.type = "button";
    button.append(
      make("span", "first", positions.brief(pair.first, seen)),
      " – ",
      make("span", "second", positions.brief(pair.second, seen)),
    );
    button.title = "Mark both patches";
    const named = make("td");
    named.append(button);
    row.append(named, make("td", "", format.signed(pair.similarity)), make("td", "", pair.distance.toFixed(1)));
    const show = () => positions.pointPair(pair.first, pair.second);
    const leave = () => positions.pointPair(null, null);
    row.addEventListener("pointerenter", show);
    row.addEventListener("pointerleave", leave);
    button.addEventListener("focus", show);
    button.addEventListener("blur", leave);
    return row;
  }

  // ---- everything ----------------------------------------------------------------------------------------------
  function draw(/** @type {import("../state").State} */ state) {
    if (!state.model) return;
    const seen = positions.shown(root, state);
    if (!seen) return;
    const s = positions.snapshot(state);
    const key = `${state.model.name} ${s}`;
    if (listed !== key) fill($(".pairs"), seen.pairs[s], (pair) => pairRow(pair, seen)); // first: it leaves the maps their room
    listed = key;
    drawn = { width: Math.floor($(".stack").clientWidth), ...positions.inks() };
    const structure = seen.structure[s];
    $(".row").textContent = format.decimal(structure.row);
    $(".column").textContent = format.decimal(structure.column);
    $(".verdict").textContent = verdict(structure);
    $(".near").textContent =
      `The most similar other position lies ${structure.nearest_distance.toFixed(2)} patches away on average; ` +
      `by chance it would be ${structure.chance_distance.toFixed(2)}.`;
    const sides = positions.mirror(seen, s);
    $(".mirror").textContent =
      sides && sides.twins > sides.all + TWINS
        ? `Mirror twins, left and right swapped: ${format.signed(sides.twins)} on average, all pairs ${format.signed(sides.all)}. ` +
          (state.model.augment === "crop-flip"
            ? "It was trained on pictures flipped at random, to which both sides are alike."
            : "")
        : "";
    $(".chart").hidden = seen.count < 2;
    const scores = seen.structure.map((at, i) => `${positions.epochName(seen.epochs[i])}: ${format.decimal(at.two_d)}`);
    $(".chart").setAttribute(
      "aria-label",
      `2D score, the smaller of row and column, through the training; snapshots at even steps, epochs not to scale. ${scores.join("; ")}`,
    );
    if (seen.count > 1) drawChart(seen, s);
  }

  patchInput($(".marks"), () => (positions.view(store.state) || { grid: null }).grid);
  store.on("positionPair", () => {
    if (root.offsetParent !== null) mark(store.state);
  });
  saveScreen($(".vx-panel"), "one position");
  return { topics: ["model", "positionSnapshot"], draw, mark };
});
