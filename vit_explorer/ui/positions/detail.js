/* One position's map with its numbers, the score through the training, and the most similar pairs. */
import { colour, diverging, inkOn } from "../core/colours.js";
import { clearCanvas, outline, patchInput } from "../core/draw.js";
import { beforeFrame, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { tokenName } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import * as positions from "./data.js";

export default widget((root) => {
  const $ = (selector) => root.querySelector(selector);
  const CHART_HEIGHT = 166; // px
  const EDGE = { left: 30, right: 66, top: 10, bottom: 36 }; // px around the lines of the chart, below them two lines of text
  const [LITTLE, MUCH] = [0.15, 0.7]; // readings below are called none, above are called good
  const TWINS = 0.2; // by which mirror twins must be more alike than all pairs to be spoken of
  const SMALLEST_TEXT = 11; // px; numbers that would be smaller are left out of the cells
  let drawn = null; // width and inks, as they were when everything was drawn
  let listed = ""; // what the list shows, so that a redraw keeps the focus

  // ---- the enlarged map ----------------------------------------------------------------------------------------
  /** The marked token, or the middle of the picture while none is marked. */
  function shownToken(state, seen) {
    const token = positions.token(state);
    return token !== null ? token : Math.floor(seen.rows / 2) * seen.cols + Math.floor(seen.cols / 2);
  }

  function mark(state) {
    const seen = positions.view(state);
    if (!seen || !drawn) return;
    const s = positions.snapshot(state);
    const token = shownToken(state, seen);
    const cell = Math.floor(drawn.width / Math.max(seen.rows, seen.cols));
    const [w, h] = [cell * seen.cols, cell * seen.rows];
    const context = clearCanvas($(".map"), w, h);
    const size = Math.min(15, cell * 0.36);
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
  
  /** What the two readings say together, and no more. */
  function verdict({ row, column }) {
    if (Math.max(row, column) < LITTLE) return "Neither: these vectors know next to nothing of where their patches lie.";
    if (column < LITTLE) return "Rows, not columns: so far it could be the order of the list alone, whose neighbours share a row.";
    if (row < LITTLE) return "Columns, not rows: only one direction of the plane has been found.";
    if (Math.min(row, column) > MUCH) return "Both: the list has become a plane, and nobody told it that there is one.";
    return "Both in part: the plane is there, but not yet sharp.";
  }

  function chartPlace(seen) {
    const width = Math.floor($(".measure").clientWidth);
    const [w, h] = [width - EDGE.left - EDGE.right, CHART_HEIGHT - EDGE.top - EDGE.bottom];
    const x = (s) => EDGE.left + (seen.count > 1 ? (w * s) / (seen.count - 1) : w / 2);
    const y = (value) => EDGE.top + h * (1 - value);
    return { width, x, y, w };
  }

  function drawChart(seen, s) {
    const { width, x, y } = chartPlace(seen);
    const context = clearCanvas($(".chart"), width, CHART_HEIGHT);
    const [soft, line, accent] = [inkOf("--vx-soft"), inkOf("--vx-line"), inkOf("--vx-accent")];
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.lineWidth = 1;
    for (const value of [0, 0.5, 1]) {
      context.strokeStyle = line;
      context.beginPath();
      context.moveTo(EDGE.left, y(value));
      context.lineTo(width - EDGE.right, y(value));
      context.stroke();
      context.fillStyle = soft;
      context.textAlign = "right";
      context.fillText(String(value), EDGE.left - 6, y(value));
    }
    context.strokeStyle = inkOf("--vx-text");
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(x(s), EDGE.top);
    context.lineTo(x(s), y(0));
    context.stroke();
    context.setLineDash([]);
    const curve = (key, ink, thickness) => {
      context.strokeStyle = context.fillStyle = ink;
      context.lineWidth = thickness;
      context.lineJoin = "round";
      context.beginPath();
      seen.structure.forEach((structure, i) => context.lineTo(x(i), y(structure[key])));
      context.stroke();
      for (let i = 0; i < seen.count; i++) {
        context.beginPath();
        context.arc(x(i), y(seen.structure[i][key]), i === s ? thickness + 3 : thickness, 0, 7);
        context.fill();
      }
    };
    curve("row", soft, 1.5);
    curve("column", accent, 2.5);
    const last = seen.structure[seen.count - 1];
    let [column, row] = [y(last.column), y(last.row)];
    const middle = (column + row) / 2;
    if (Math.abs(column - row) < 15) [column, row] = column < row ? [middle - 7.5, middle + 7.5] : [middle + 7.5, middle - 7.5];
    context.textAlign = "left";
    context.fillStyle = accent;
    context.font = "600 12px system-ui, sans-serif";
    context.fillText("column", width - EDGE.right + 9, column);
    context.fillStyle = soft;
    context.font = "12px system-ui, sans-serif";
    context.fillText("row", width - EDGE.right + 9, row);
    labelEpochs(context, seen, s, x);
  }

  /** The current epoch always, the others where they do not touch it or each other; below, what the numbers are. */
  function labelEpochs(context, seen, s, x) {
    context.textAlign = "center";
    context.textBaseline = "bottom";
    const taken = [];
    const order = [s, 0, seen.count - 1, ...seen.epochs.keys()];
    for (const i of order) {
      const text = positions.shortEpoch(seen.epochs[i]);
      const half = context.measureText(text).width / 2 + 4;
      if (taken.some(([from, to]) => x(i) + half > from && x(i) - half < to)) continue;
      taken.push([x(i) - half, x(i) + half]);
      context.fillStyle = i === s ? inkOf("--vx-text") : inkOf("--vx-soft");
      context.font = i === s ? "600 12px system-ui, sans-serif" : "12px system-ui, sans-serif";
      context.fillText(text, x(i), CHART_HEIGHT - 17);
    }
    context.fillStyle = inkOf("--vx-soft");
    context.font = "12px system-ui, sans-serif";
    context.fillText("epochs, not to scale", (x(0) + x(seen.count - 1)) / 2, CHART_HEIGHT - 1);
  }

  $(".chart").addEventListener("click", (event) => {
    const seen = positions.view(positions.now());
    if (!seen) return;
    const { x, w } = chartPlace(seen);
    const place = event.clientX - $(".chart").getBoundingClientRect().left - x(0);
    positions.setSnapshot(Math.max(0, Math.min(seen.count - 1, Math.round((place / w) * (seen.count - 1)))));
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
    button.setAttribute("aria-label", `Mark patches ${pair.first} and ${pair.second}`);
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
  function draw(state) {
    if (!state.model) return;
    const seen = positions.shown(root, state);
    if (!seen) return;
    const s = positions.snapshot(state);
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
          (state.model.augment === "crop-flip" ? "It was trained on pictures flipped at random, to which both sides are alike." : "")
        : "";
    $(".chart").hidden = seen.count < 2;
    const scores = seen.structure.map((at, i) => `${positions.epochName(seen.epochs[i])}: ${format.decimal(at.two_d)}`);
    $(".chart").setAttribute(
      "aria-label",
      `2D score, the smaller of row and column, through the training; snapshots at even steps, epochs not to scale. ${scores.join("; ")}`,
    );
    if (seen.count > 1) drawChart(seen, s);
    const key = `${state.model.name} ${s}`;
    if (listed !== key) fill($(".pairs"), seen.pairs[s], (pair) => pairRow(pair, seen));
    listed = key;
  }

  patchInput($(".marks"), () => (positions.view(positions.now()) || { grid: null }).grid);
  store.on("positionPair", () => {
    if (root.offsetParent !== null) mark(positions.now());
  });
  return { topics: ["model", "positionSnapshot"], draw, mark };
});
