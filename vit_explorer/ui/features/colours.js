/* Every block as a map in colours, of both pictures: the block that all maps below follow is chosen here. */
import { clearCanvas, outline, rgbImage } from "../core/draw.js";
import { make } from "../core/elements.js";
import * as format from "../core/format.js";
import { inLink } from "../core/link.js";
import { cellAt } from "../core/pointer.js";
import { question } from "../core/question.js";
import { saveScreen } from "../core/screen.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import * as views from "../core/views.js";
import { widget } from "../core/widget.js";
import * as data from "./data.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const ROOMY = 8; // maps in a row that have room for their names
  const PADDING = 3; // px, of a tile
  const KEYS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -Infinity, End: Infinity };
  let tiles = []; // {element, marks, side} of each map
  let painted = null; // what the tiles show
  const { ask, fits } = question(root, server, "colours", {
    wanted: data.wanted,
    keep: data.keep,
    draw,
    refused: data.forgetSecond,
    ahead: true,
  });

  // ---- controls ------------------------------------------------------------------------------------------------
  for (const button of root.querySelectorAll("[data-fit]")) {
    button.addEventListener("click", () => data.choose({ fitOn: button.dataset.fit }));
  }
  inLink(root, data.linked);
  $(".drop").addEventListener("click", () => data.choose({ drop: !data.chosen().drop }));
  $(".tiles").addEventListener("keydown", (event) => {
    if (!painted || !(event.key in KEYS)) return;
    event.preventDefault();
    const block = Math.max(0, Math.min(tiles.length - 1, data.blockOf(painted) + KEYS[event.key]));
    data.choose({ block });
    tiles[block].element.focus();
  });

  // ---- tiles ---------------------------------------------------------------------------------------------------
  function build(features, { trace }) {
    const own = make("div", "tile pictures");
    own.append(make("span", "name", "pictures"), make("canvas"), make("canvas"));
    const short = features.maps.length > ROOMY;
    tiles = features.maps.map(({ name, grid }, block) => {
      const label = short ? name.replace("layer ", "").replace("embedding", "embed.") : name;
      const element = make("button", "tile");
      element.type = "button";
      element.setAttribute("role", "radio");
      const stack = make("span", "stack");
      const marks = make("canvas", "marks");
      stack.append(make("canvas"), marks);
      element.append(make("span", "name", label), stack, make("canvas"));
      element.addEventListener("click", () => data.choose({ block }));
      element.addEventListener("pointermove", (event) => {
        const cell = cellAt(event, marks, ...grid);
        store.point(cell ? data.cellBetween(cell[0] * grid[1] + cell[1], grid, trace.grid) : null);
      });
      element.addEventListener("pointerleave", () => store.point(null));
      return { element, marks, side: 0 };
    });
    $(".tiles").replaceChildren(own, ...tiles.map(({ element }) => element));
    $(".tiles").style.setProperty("--across", String(1 + tiles.length));
  }

  /** A map in its colours; the patches that are left out are the picture's, in grey. */
  function paintMap(canvas, side, map, which, pixels, size) {
    const [rows, cols] = map.grid;
    const n = rows * cols;
    const context = clearCanvas(canvas, side, side);
    const colours = new ImageData(
      new Uint8ClampedArray(map.colours.subarray(which * n * 4, (which + 1) * n * 4)),
      cols,
      rows,
    );
    views.greyPicture(context, side, pixels, size);
    const cells = document.createElement("canvas");
    [cells.width, cells.height] = [cols, rows];
    cells.getContext("2d").putImageData(colours, 0, 0);
    context.drawImage(cells, 0, 0, side, side);
  }

  function paint(features, { trace }) {
    const pictures = $(".pictures").querySelectorAll("canvas");
    const side = Math.floor($(".pictures").clientWidth) - 2 * PADDING;
    [trace.rgb.data, features.pixels].forEach((pixels, which) => {
      clearCanvas(pictures[which], side, side).drawImage(rgbImage(pixels, trace.size, trace.size), 0, 0, side, side);
    });
    tiles.forEach((tile, block) => {
      const map = features.maps[block];
      const [first, , other] = tile.element.querySelectorAll("canvas");
      tile.side = side;
      paintMap(first, side, map, 0, trace.rgb.data, trace.size);
      paintMap(other, side, map, 1, features.pixels, trace.size);
      tile.element.setAttribute(
        "aria-label",
        `${map.name}: ${format.percent(sum(map.explained), 0)} of the variance in three colours`,
      );
    });
  }

  const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);

  function draw(state) {
    if (!data.ready(state)) return;
    const { fitOn, drop } = data.chosen();
    for (const button of root.querySelectorAll("[data-fit]"))
      button.setAttribute("aria-pressed", String(button.dataset.fit === fitOn));
    $(".drop").setAttribute("aria-pressed", String(drop));
    ask(state);
    root.classList.toggle("waiting", !fits(state));
    const features = data.shown(state);
    if (!features || !fits(state)) return;
    if (painted !== features) build(features, state);
    painted = features;
    paint(features, state);
    const block = data.blockOf(features);
    tiles.forEach(({ element }, index) => {
      element.setAttribute("aria-checked", String(index === block));
      element.tabIndex = index === block ? 0 : -1;
    });
    const map = features.maps[block];
    const share = (one) => format.percent(sum(one.explained), 0);
    const first = features.maps[0];
    const before = block > 0 ? `, ${share(first)} after ${data.nameOf(first)}` : "";
    $(".finding").textContent = `Three colours hold ${share(map)} of the variance after ${data.nameOf(map)}${before}.`;
    $(".unit").textContent = features.kind === "global" ? "layer" : "stage";
    mark(state);
  }

  function mark({ token, trace }) {
    if (!painted || data.shown(store.state) !== painted) return;
    tiles.forEach(({ marks, side }, block) => {
      const { grid } = painted.maps[block];
      const cell =
        token === null || token < 0 || token >= trace.grid[0] * trace.grid[1]
          ? null
          : data.cellBetween(token, trace.grid, grid);
      const context = clearCanvas(marks, side, side);
      if (cell === null) return;
      const [w, h] = [side / grid[1], side / grid[0]];
      outline(
        context,
        (cell % grid[1]) * w - 1,
        Math.floor(cell / grid[1]) * h - 1,
        w + 2,
        h + 2,
        inkOf("--vx-query"),
        1,
      );
    });
  }

  saveScreen($(".vx-panel"), "colours");
  return { topics: ["model", "trace", "catalogue", "featuresChosen"], draw, mark };
});
