/* For a model whose patches go through convolutions: the maps on the way, and what the marked token sees of each. */
import { decode } from "../core/arrays.js";
import { colour, diverging, sequential } from "../core/colours.js";
import { clearCanvas, matrixImage, outline, patchInput, rgbImage } from "../core/draw.js";
import { beforeFrame, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { saveScreen } from "../core/screen.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { tokenName } from "../core/tokens.js";
import { widget } from "../core/widget.js";

export default widget((root) => {
  const $ = (selector) => root.querySelector(selector);
  const [SIDE, MAP, CHANNEL] = [150, 118, 56]; // px of the picture, of a map, of a channel
  const SHOWN = 2; // channels beside each map
  let stem = null; // of the trace at hand
  let picture = null;
  let stages = []; // {sees, side, canvas, image}: what is drawn anew for every token
  let scale = 1; // of all tokens' numbers
  let shown = null; // the token on screen

  const rowAndColumn = (token, cols) => [Math.floor(token / cols), token % cols];
  const width = ([from, to]) => to - from + 1;

  // ---- the maps ------------------------------------------------------------------------------------------------
  function stageFigure({ title, channels, side, sees, strongest, mean, maps }, index) {
    const figure = make("figure");
    const [average, single] = [decode(mean), decode(maps)];
    const canvas = make("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute(
      "aria-label",
      `Map ${index + 1}, mean magnitude over its ${channels} channels, with what the marked token sees of it`,
    );
    const image = matrixImage(average.data, side, side, sequential, 0, 255);
    stages.push({ sees, side, canvas, image });
    const grid = make("div", "maps");
    const column = make("div", "channels");
    strongest.slice(0, SHOWN).forEach((channel, k) => {
      const small = make("canvas");
      const words = `Channel ${channel} of map ${index + 1}: one of the ${SHOWN} strongest`;
      small.setAttribute("role", "img");
      small.setAttribute("aria-label", words);
      small.title = words;
      const values = single.data.subarray(k * side * side, (k + 1) * side * side);
      clearCanvas(small, CHANNEL, CHANNEL).drawImage(
        matrixImage(values, side, side, sequential, 0, 255),
        0,
        0,
        CHANNEL,
        CHANNEL,
      );
      column.append(small);
    });
    grid.append(canvas, column);
    const ends = make("div", "vx-scale");
    ends.title = "The scale of the large map; the channels have one of their own";
    ends.append(make("span", "", "0"), make("i", "sequential"), make("span", "", (255 * average.scale).toPrecision(2)));
    const caption = make("figcaption", "", title[0].toUpperCase() + title.slice(1));
    figure.append(caption, make("p", "vx-small vx-soft", `${side} × ${side}, ${channels} channels`), grid, ends);
    return figure;
  }

  function draw(/** @type {import("../state").State} */ { trace }) {
    stem = trace && trace.stem;
    root.hidden = !stem;
    shown = null;
    if (!stem) return;
    picture = rgbImage(trace.rgb.data, trace.size, trace.size);
    stages = [];
    fill($(".stages"), stem.stages, stageFigure);
    const embedding = decode(stem.embedding);
    stem.numbers = embedding;
    scale = /** @type {Float32Array} */ (embedding.data).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    $(".start .shape").textContent = `${trace.size} × ${trace.size}, 3 channels`;
    $(".end figcaption").textContent = stem.title;
    $(".end .shape").textContent = `the token: ${embedding.shape[1]} numbers`;
    $(".end .low").textContent = `−${scale.toFixed(2)}`;
    $(".end .high").textContent = `+${scale.toFixed(2)}`;
  }

  // ---- the marked token ----------------------------------------------------------------------------------------
  function outlined(canvas, side, image, [top, bottom], [left, right], px) {
    const context = clearCanvas(canvas, px, px);
    context.drawImage(image, 0, 0, px, px);
    const cell = px / side;
    outline(
      context,
      left * cell + 1,
      top * cell + 1,
      (right - left + 1) * cell - 2,
      (bottom - top + 1) * cell - 2,
      inkOf("--vx-key"),
      2,
    );
    return context;
  }

  function paintToken(token, values) {
    const columns = 2 ** Math.ceil(Math.log2(Math.sqrt(values.length * 1.6)));
    const cell = Math.min(MAP / Math.ceil(values.length / columns), 12);
    const context = clearCanvas($(".embedding"), columns * cell, Math.ceil(values.length / columns) * cell);
    values.forEach((value, k) => {
      context.fillStyle = colour(diverging, value, -scale, scale);
      context.fillRect((k % columns) * cell, Math.floor(k / columns) * cell, cell - 0.5, cell - 0.5);
    });
  }

  const write = beforeFrame((name, under, says) => {
    $(".name").textContent = name;
    $(".under").textContent = under;
    $(".says").textContent = says;
  });

  function mark(/** @type {import("../state").State} */ { trace, token }) {
    if (!stem || !trace) return;
    const [rows, cols] = trace.grid;
    const index =
      token === null || token < 0
        ? shown === null
          ? Math.floor(rows / 2) * cols + Math.floor(cols / 2)
          : shown
        : token;
    if (shown === index) return;
    shown = index;
    const [row, col] = rowAndColumn(index, cols);
    const context = outlined($(".picture"), trace.size, picture, stem.sees[row], stem.sees[col], SIDE);
    const patch = SIDE / cols;
    outline(context, col * patch + 1, row * patch + 1, patch - 2, patch - 2, inkOf("--vx-query"), 2);
    for (const { sees, side, canvas, image } of stages) outlined(canvas, side, image, sees[row], sees[col], MAP);
    const d = stem.numbers.shape[1];
    paintToken(index, stem.numbers.data.subarray(index * d, (index + 1) * d));
    const [high, wide] = [width(stem.sees[row]), width(stem.sees[col])];
    const next = stem.sees[col + 1 < cols ? col + 1 : col - 1];
    const shared = Math.max(0, Math.min(next[1], stem.sees[col][1]) - Math.max(next[0], stem.sees[col][0]) + 1) * high;
    write(
      `· ${tokenName(index, trace.grid)}`,
      `sees ${high} × ${wide} pixels; its patch is ${stem.size} × ${stem.size}`,
      `This token can depend on ${format.count(high * wide)} pixels, ${((high * wide) / stem.size ** 2).toFixed(1)} times those of its patch; ${format.percent(shared / (high * wide), 0)} of them ` +
        `it shares with the next token. With one matrix for each patch it would be ${stem.size ** 2} pixels and none shared: what is nearby would be for attention to find out.`,
    );
  }

  patchInput($(".picture"), () => {
    const trace = store.get("trace");
    return trace && trace.stem ? trace.grid : null;
  });
  saveScreen($(".vx-panel"), "stem");
  return { draw, mark };
});
