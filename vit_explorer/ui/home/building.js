/* Home's elements: made from the catalogue and from the network on screen. */
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { prefixName } from "../core/tokens.js";
import { runs, stops, strongest } from "./arithmetic.js";
import { doors } from "./doors.js";
import { narrow } from "./layout.js";
import * as words from "./words.js";

const BARS = 10; // classes of the answer
const ROOMY = 6; // blocks that leave room for both sides of a map
const SMALLEST = 24; // px of what is pressed

/** @typedef {import("./network.js").Network} Network */

export const hasTiles = (/** @type {Network} */ { kind, blocks }) => kind === "tokens" || blocks[0].window !== null;

/** Pictures and models to choose from, and which are chosen. */
export function choices(root, { catalogue, trace, model }) {
  if (!catalogue) return;
  const select = root.querySelector(".model");
  const gallery = root.querySelector(".gallery");
  const all = [...catalogue.models, ...catalogue.pretrained].map(({ name }) => name);
  const key = JSON.stringify([all, catalogue.gallery.map(({ name }) => name)]);
  if (root.dataset.of !== key) {
    root.dataset.of = key;
    fill(select, all, (name) => Object.assign(make("option", "", name), { value: name }));
    fill(gallery, catalogue.gallery, (picture) => {
      const button = make("button");
      const image = make("img", picture.width <= 64 ? "tiny" : "");
      Object.assign(image, { src: picture.preview, alt: picture.truth || picture.title });
      Object.assign(button, { type: "button", title: picture.truth || picture.title });
      button.dataset.name = picture.name;
      button.append(image);
      return button;
    });
  }
  if (model) select.value = model.name;
  for (const button of gallery.children)
    button.setAttribute("aria-pressed", String(Boolean(trace) && button.dataset.name === trace.picture.name));
  if (!catalogue.first.model && !model) root.querySelector(".headline").textContent = "There is no network here yet.";
}

/** Everything but the sizes. */
export function build(root, { trace, model }, /** @type {Network} */ network) {
  const $ = (selector) => root.querySelector(selector);
  const { title, width, height } = trace.picture;
  $(".does").textContent = words.subline(network);
  $(".title").textContent = title;
  $(".detail").textContent = `${width} × ${height} → ${trace.size} × ${trace.size}`;
  describe(root, trace, network);
  root.style.setProperty("--apart", network.blocks.length > 6 ? "4px" : "12px");
  const layers = network.blocks.map((block, k) => layerOf(network, trace, block, k));
  $(".layers").replaceChildren($(".threads"), ...layers);
  const patches = network.n - network.nPrefix;
  $(".threads").setAttribute(
    "aria-label",
    network.kind === "tokens"
      ? `${format.count(network.n)} threads, one for each token: arrow keys move the marked patch`
      : `The maps of all ${network.unit}s`,
  );
  $(".threads").tabIndex = network.kind === "tokens" ? 0 : -1;
  $(".cut").textContent =
    network.kind === "tokens"
      ? `${format.count(patches)} tokens of ${model.d_model} numbers${front(network)}`
      : `${format.count(network.blocks[0].grid[0] ** 2)} tokens of ${network.blocks[0].channels} numbers`;
  answer(root, trace);
  const at = stops(network.blocks.length, network.unit, {
    patches: network.kind === "tokens",
    places: Boolean(network.places),
  });
  const every = Math.ceil(network.blocks.length / 6);
  fill($(".stops"), at, ([moment, name]) => {
    const number = Number(name.replace(`${network.unit} `, ""));
    const span = make("span", "", number % every ? "" : name);
    span.style.left = `${100 * moment}%`;
    return span;
  });
}

function front({ nPrefix, prefixNames }) {
  if (!nPrefix) return "";
  const [first, ...others] = prefixNames;
  return `, and ${[first, ...others].slice(0, 2).join(", ")}${others.length > 1 ? ", …" : ""} in front`;
}

/** The headings of the stations: what is there in this network, and what is not. */
function describe(root, trace, network) {
  const $ = (selector) => root.querySelector(selector);
  const { kind, blocks, heads, places, limit } = network;
  const [name, what, scale] = [".name", ".what", ".vx-scale"].map((part) => $(`.loom h3 ${part}`));
  const door = $(".loom h3 .door");
  scale.hidden = kind !== "tokens";
  if (kind === "tokens") {
    const names = network.readers.map((index) => prefixName(index, network.readers.length > 1, network.prefixNames));
    const who = network.pooled
      ? "the marked patch gathers"
      : names.length > 1
        ? `${names.join(" and ")} gather`
        : `${names[0]} gathers`;
    name.textContent = "Attention";
    what.textContent = `${format.plural(blocks.length, "layer")}, ${format.plural(heads, "head")}: what ${who}`;
    scale.querySelector(".high").textContent = `≥ ${format.attention(limit)}`;
    door.dataset.door = "attention";
  } else if (blocks[0].window) {
    name.textContent = "Windows";
    what.textContent = `${format.plural(blocks.length, "block")}, each with windows; mean magnitude, a scale each`;
    door.dataset.door = "windows";
  } else {
    name.textContent = "Convolutions";
    what.textContent = `${format.plural(blocks.length, "stage")}: no tokens, no attention. Mean activation, a scale each`;
    door.dataset.door = "attention";
  }
  $(".near").textContent = places ? "orange: like the marked place" : "no position embeddings here";
  $(".patches h3 .name").textContent = trace.stem ? "Stem, patches" : "Patches";
  const stations = [...root.querySelectorAll(".station")].filter((station) => station.offsetParent);
  stations.forEach((station, k) => (station.querySelector("h3 b").textContent = String(k + 1)));
}

function layerOf(network, trace, block, k) {
  const layer = make("div", "layer");
  const hole = make("div", "hole");
  const maps = make("div", "maps");
  layer.append(hole);
  const foot = make("div", "foot");
  layer.append(foot);
  if (network.kind === "tokens") {
    const mlp = make("button", "mlp", `MLP ${network.dModel} → ${network.dFf} → ${network.dModel}`);
    mlp.type = "button";
    mlp.title = `Layer ${k + 1}: the MLP turns the ${network.dModel} numbers of each token into ${network.dFf} and back`;
    mlp.dataset.link = doors.layers(k + 1);
    hole.append(mlp);
    foot.append(maps);
    if (network.lens.length) foot.append(soFar(network, trace, k));
  } else {
    const open = make("button", "so-far");
    const link = block.window ? doors.windows(k) : doors.attention();
    Object.assign(open, {
      type: "button",
      title: `${block.grid[0]} × ${block.grid[1]} places of ${block.channels} numbers`,
    });
    open.dataset.link = link;
    open.dataset.block = String(k);
    open.append(
      make("span", "first", sizeOf(block.grid, network.blocks.length)),
      make("span", "wide", `${block.channels} channels`),
    );
    if (block.window) open.append(make("span", "wide", block.shift[0] ? "shifted" : "windows"));
    hole.dataset.link = link;
    hole.classList.add("open");
    foot.append(open);
  }
  return layer;
}

/** Of a map, in few letters where there are many blocks: 56×56 or 56². @param {number[]} grid @param {number} blocks */
const sizeOf = ([rows, cols], blocks) => (rows === cols && blocks > ROOMY ? `${rows}²` : `${rows}×${cols}`);

/** What the head would say after layer k: the first two classes. */
function soFar({ lens, blocks }, { classes }, k) {
  const row = lens[k + 1];
  const button = make("button", "so-far");
  button.type = "button";
  button.dataset.link = doors.layers(k + 1);
  button.dataset.block = String(k);
  const order = strongest(row, 2);
  const short = (p) => `${Math.round(100 * p)} %`;
  button.append(make("span", "vx-unseen", `Open Layers after layer ${k + 1} of ${blocks.length}: `));
  button.title = order.map((i) => `${classes[i]} ${format.probability(row[i])}`).join(", ");
  order.forEach((i, rank) => {
    const style = rank ? "wide" : "first";
    const bar = make("span", `bar ${rank ? "second wide" : ""}`);
    const length = make("i");
    length.style.width = `${100 * row[i]}%`;
    bar.append(length);
    button.append(make("span", `${style} wide`, classes[i]), make("span", style, short(row[i])), bar);
  });
  return button;
}

function answer(root, trace) {
  const order = strongest(trace.probabilities, BARS);
  fill(root.querySelector(".bars"), order, (index, rank) => {
    const button = make("button", rank ? "" : "first");
    const p = trace.probabilities[index];
    button.type = "button";
    button.dataset.p = String(p);
    button.dataset.link = doors.explain(trace.classes[index]);
    button.title = `Why ${trace.classes[index]}? Open Explain for it`;
    const bar = make("span", "bar");
    bar.append(make("i"));
    button.append(make("span", "", trace.classes[index]), bar, make("span", "vx-number", format.probability(p)));
    return button;
  });
  const { state, text } = words.judgement(trace);
  const said = root.querySelector(".judgement");
  said.textContent = trace.classes.length ? text : "It has no head: its vectors are what others build on.";
  said.dataset.state = state;
}

/** What depends on the width of a layer: words left out, the maps of the heads and the buttons over them. */
export function arrange(root, /** @type {Network} */ network, heads, width) {
  const slim = narrow(width) && root.dataset.size !== "phone";
  root.toggleAttribute("data-narrow", slim);
  root.style.setProperty("--maps", `${heads.height}px`);
  [...root.querySelectorAll(".maps")].forEach((maps, k) => {
    const ofReader = network.readers.length > 0;
    if (heads.map >= SMALLEST) {
      fill(maps, Array.from({ length: network.heads }), (_, head) => {
        const [x, y] = heads.corner(head);
        return mapButton(
          `Layer ${k + 1}, head ${head + 1}`,
          doors.heads(k, head, ofReader),
          x,
          y,
          heads.map,
          heads.map,
        );
      });
    } else {
      const button = mapButton(`Layer ${k + 1}, all heads`, doors.heads(k, 0, ofReader), 0, 0, width, heads.height);
      maps.replaceChildren(button);
    }
  });
  const firsts = root.querySelector(".firsts");
  const found = network.lens.length ? runs(network.lens.slice(1)) : [];
  firsts.style.gridTemplateColumns = `repeat(${network.blocks.length}, minmax(0, 1fr))`;
  fill(firsts, found, ({ from, to, best }) => {
    const span = make("span", "", network.classes[best]);
    span.title = network.classes[best];
    span.style.gridColumn = `${from + 1} / ${to + 2}`;
    span.dataset.block = String(from);
    return span;
  });
}

function mapButton(name, link, x, y, width, height) {
  const button = make("button");
  button.type = "button";
  button.setAttribute("aria-label", `${name}: open it in Attention`);
  button.title = name;
  button.dataset.link = link;
  Object.assign(button.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
  return button;
}
