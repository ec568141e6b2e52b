/* The marked patch in three stages: pixels, flattened vector, embedding; each number can be read and checked. */

import { colour, diverging, inkOn, inkOnRgb } from "../core/colours.js";
import { clearCanvas, outline } from "../core/draw.js";
import * as format from "../core/format.js";
import { byHand } from "../core/hand.js";
import { at, cellAt } from "../core/pointer.js";
import { saveScreen } from "../core/screen.js";
import { inkOf } from "../core/theme.js";
import { patchName, placeName, tokenName } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import { filtersOf } from "./data.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const HEIGHT = 208; // px of each stage
  let arrays = null; // of the trace at hand: embedding, and the scales that all its patches share
  let shown = null; // the patch on screen: {token, pixels, vector}
  let hovered = null; // {stage, index} under the pointer

  function prepare(/** @type {import("../state").Trace} */ trace, model) {
    const size = trace.patches.size;
    const { embedding } = trace;
    const vectors = [];
    for (let token = 0; token < trace.grid[0] * trace.grid[1]; token++)
      vectors.push(flatten(trace, model, token, size));
    const largest = (numbers) => numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const vectorScale = Math.max(...vectors.map(largest));
    return { trace, model, size, embedding, vectors, vectorScale, embeddingScale: largest(embedding.data) };
  }

  /** The values of a patch in the order channel, row, column, normalised as the model's input is. */
  function flatten(/** @type {import("../state").Trace} */ trace, model, token, size) {
    const [top, left] = [Math.floor(token / trace.grid[1]) * size, (token % trace.grid[1]) * size];
    const vector = new Float32Array(3 * size * size);
    for (let k = 0; k < vector.length; k++) {
      const [c, r, x] = [Math.floor(k / size ** 2), Math.floor(k / size) % size, k % size];
      vector[k] = (trace.rgb.at(top + r, left + x, c) - model.mean[c]) / model.std[c];
    }
    return vector;
  }

  function pixel(token, k) {
    const { trace, size } = arrays;
    const [top, left] = [Math.floor(token / trace.grid[1]) * size, (token % trace.grid[1]) * size];
    const [r, x] = [Math.floor(k / size) % size, k % size];
    return [0, 1, 2].map((c) => trace.rgb.at(top + r, left + x, c));
  }

  // ---- the three stages --------------------------------------------------------------------------------------
  function paintPixels() {
    const { size } = arrays;
    const context = clearCanvas($(".pixels"), HEIGHT, HEIGHT);
    $(".pixels").cells = { columns: size, count: size ** 2 };
    const cell = HEIGHT / size;
    for (let k = 0; k < size * size; k++) {
      const [red, green, blue] = pixel(shown.token, k);
      const [x, y] = [(k % size) * cell, Math.floor(k / size) * cell];
      context.fillStyle = `rgb(${red},${green},${blue})`;
      context.fillRect(x, y, cell, cell);
      if (cell < 40) continue;
      context.fillStyle = inkOnRgb(red, green, blue);
      context.font = "12.5px ui-monospace, 'DejaVu Sans Mono', monospace";
      context.textAlign = "center";
      [red, green, blue].forEach((value, c) =>
        context.fillText(value, x + cell / 2, y + cell / 2 + 4.5 + (c - 1) * 15),
      );
    }
    const marked =
      hovered &&
      (hovered.stage === "pixels" ? hovered.index : hovered.stage === "vector" ? hovered.index % size ** 2 : null);
    if (marked !== null)
      outline(
        context,
        (marked % size) * cell + 1,
        Math.floor(marked / size) * cell + 1,
        cell - 2,
        cell - 2,
        inkOf("--vx-key"),
        2,
      );
  }

  /** Cells with room between groups; returns the place of each cell so that the pointer can find it. */
  function paintCells(element, values, columns, scale, group, marked) {
    const lines = Math.ceil(values.length / columns);
    const gaps = group ? (lines / group - 1) * 8 : 0;
    const cell = Math.min((HEIGHT - 15 - gaps) / lines, group ? Infinity : 21); // 15: the line of the scale below
    const context = clearCanvas(element, columns * cell, lines * cell + gaps);
    const place = (k) => {
      const line = Math.floor(k / columns);
      return [(k % columns) * cell, line * cell + (group ? Math.floor(line / group) * 8 : 0)];
    };
    values.forEach((value, k) => {
      const [x, y] = place(k);
      context.fillStyle = colour(diverging, value, -scale, scale);
      context.fillRect(x, y, cell - 0.5, cell - 0.5);
      if (cell > 30) {
        context.fillStyle = inkOn(diverging, value, -scale, scale);
        context.font = "11px ui-monospace, 'DejaVu Sans Mono', monospace";
        context.textAlign = "center";
        context.fillText(value.toFixed(1), x + cell / 2, y + cell / 2 + 4);
      }
    });
    for (const k of marked) {
      const [x, y] = place(k);
      outline(context, x, y, cell - 0.5, cell - 0.5, inkOf("--vx-key"), 2);
    }
    element.cells = { place, cell, columns, count: values.length };
  }

  function paintVector() {
    const { size } = arrays;
    const marked = !hovered
      ? []
      : hovered.stage === "vector"
        ? [hovered.index]
        : hovered.stage === "pixels"
          ? [0, 1, 2].map((c) => c * size ** 2 + hovered.index)
          : [];
    const columns = size % 2 ? size : 2 * size; // a whole number of lines for each channel
    paintCells($(".vector"), shown.vector, columns, arrays.vectorScale, size ** 2 / columns, marked);
  }

  function paintEmbedding() {
    const marked = hovered && hovered.stage === "embedding" ? [hovered.index] : [];
    const d = arrays.embedding.shape[1];
    paintCells(
      $(".embedding"),
      shown.embedding,
      2 ** Math.ceil(Math.log2(Math.sqrt(d * 1.6))),
      arrays.embeddingScale,
      0,
      marked,
    );
  }

  function readout() {
    const { size, model } = arrays;
    const channel = (k) => ["red", "green", "blue"][Math.floor(k / size ** 2)];
    if (!hovered) {
      const strongest = shown.embedding.reduce((best, v, k, all) => (Math.abs(v) > Math.abs(all[best]) ? k : best), 0);
      return byHand(
        `Strongest dimension: ${strongest + 1}, ${format.signed(shown.embedding[strongest], 3)}. Point at any cell for its number.`,
      );
    }
    const k = hovered.index;
    if (hovered.stage === "pixels")
      return `Pixel (${placeName(Math.floor(k / size), k % size)}): red, green, blue = ${pixel(shown.token, k).join(", ")}.`;
    if (hovered.stage === "vector") {
      const c = Math.floor(k / size ** 2);
      const raw = pixel(shown.token, k % size ** 2)[c];
      return `Value ${k + 1} (${channel(k)}): (${raw} − ${model.mean[c].toFixed(2)}) / ${model.std[c].toFixed(2)} = ${format.signed(shown.vector[k], 3)}.`;
    }
    const filters = filtersOf(model, server, () => arrays && arrays.model === model && paintStages());
    if (!filters) return `Dimension ${k + 1}: ${format.signed(shown.embedding[k], 4)}. Fetching its filter …`;
    let sum = 0;
    const weights = Array.from(shown.vector, (value, i) => filters.data[k * shown.vector.length + i] * value);
    for (const product of weights) sum += product;
    return (
      `Dimension ${k + 1} = ${weights
        .slice(0, 3)
        .map((p) => format.signed(p, 3))
        .join(" ")} … (${weights.length} products of weight and value: ` +
      `${format.signed(sum, 4)}) ${format.signed(model.filter_bias[k], 4)} bias = ${format.signed(sum + model.filter_bias[k], 4)}; the model's own: ${format.signed(shown.embedding[k], 4)}.`
    );
  }

  function paintStages() {
    paintPixels();
    paintVector();
    paintEmbedding();
    $(".readout").textContent = readout();
  }

  // ---- drawing and pointing ----------------------------------------------------------------------------------
  function draw(/** @type {import("../state").State} */ { trace, model }) {
    if (!trace || !model) return;
    const has = Boolean(trace.patches);
    root.hidden = Boolean(trace.stem);
    $(".none").hidden = has;
    for (const part of root.querySelectorAll(".stages, .readout, .vx-look, .name")) part.hidden = !has;
    arrays = has ? prepare(trace, model) : null;
    shown = null;
    if (!has) {
      $(".none").textContent =
        model.architecture === "swin"
          ? `${model.name} is a Swin: its small patches are tokens of maps that shrink on the way. Look at them in the Windows tab, or pick a ViT.`
          : `${model.name} is a CNN: it slides small filters over the picture and never cuts it into patches. Pick a ViT.`;
      return;
    }
    $(".values").textContent = trace.patches.values;
    $(".dims").textContent = model.d_model;
    const [vector, embedding] = root.querySelectorAll(".vx-scale");
    for (const [scale, limit] of [
      [vector, arrays.vectorScale],
      [embedding, arrays.embeddingScale],
    ]) {
      scale.querySelector(".low").textContent = `−${limit.toFixed(2)}`;
      scale.querySelector(".high").textContent = `+${limit.toFixed(2)}`;
    }
  }

  function mark(/** @type {import("../state").State} */ { trace, token }) {
    if (!arrays || !trace) return;
    $(".name").textContent = `· ${tokenName(token, trace.grid)}`;
    if (token === null || token < 0) {
      const still = shown ? `; below is still ${patchName(shown.token)}` : "";
      $(".name").textContent +=
        (token === null ? " marked" : " is a learned vector of its own, with no pixels behind it") + still;
      if (shown) return;
    }
    const index = token === null || token < 0 ? 0 : token;
    if (shown && shown.token === index) return;
    hovered = null;
    const d = arrays.embedding.shape[1];
    shown = {
      token: index,
      vector: arrays.vectors[index],
      embedding: Array.from(arrays.embedding.data.subarray(index * d, (index + 1) * d)),
    };
    paintStages();
  }

  function listen(stage, indexAt) {
    const element = $(`.${stage}`);
    const choose = (index) => {
      if (!shown || (hovered && hovered.stage === stage && hovered.index === index)) return;
      hovered = index === null ? null : { stage, index };
      paintStages();
    };
    for (const kind of ["pointermove", "pointerdown"]) {
      element.addEventListener(kind, (event) => shown && choose(indexAt(event, element)));
    }
    for (const kind of ["pointerleave", "blur"]) element.addEventListener(kind, () => choose(null));
    element.addEventListener("keydown", (event) => {
      if (!shown) return;
      const { columns, count } = element.cells;
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
      if (!step) return;
      event.preventDefault();
      const from = hovered && hovered.stage === stage ? hovered.index : -step;
      choose(Math.max(0, Math.min(count - 1, from + step)));
    });
  }
  const inCells = (event, element) => {
    const [px, py] = at(event, element);
    const { place, cell, count } = element.cells;
    for (let k = 0; k < count; k++) {
      const [x, y] = place(k);
      if (px >= x && px < x + cell && py >= y && py < y + cell) return k;
    }
    return null;
  };
  listen("pixels", (event, element) => {
    const cell = cellAt(event, element, arrays.size, arrays.size);
    return cell && cell[0] * arrays.size + cell[1];
  });
  listen("vector", inCells);
  listen("embedding", inCells);
  saveScreen($(".vx-panel"), "one patch");
  return { draw, mark };
});
