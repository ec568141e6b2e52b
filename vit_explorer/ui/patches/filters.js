/* The patch projection's filters, or their principal components, as small pictures, and one's answer to every patch. */
import { decode } from "../core/arrays.js";
import { diverging } from "../core/colours.js";
import { clearCanvas, matrixImage, outline, patchInput, rgbImage } from "../core/draw.js";
import * as format from "../core/format.js";
import { inLink } from "../core/link.js";
import { cellAt } from "../core/pointer.js";
import { saveScreen } from "../core/screen.js";
import { index, oneOf, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { tokenName } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import { filtersOf } from "./data.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const LARGE = 160; // px
  const GAP = 3;
  const WORDS = {
    components:
      "The principal components of all filters: the patterns they are mixed from, the most important first, as in figure 7 of the ViT paper. Grey is 0, each on its own scale. Right: how strongly each patch of this picture holds the pattern.",
    filters:
      "Each dimension of the embedding is one small filter, as large as a patch. Grey is weight 0; all share one scale. Right: what the chosen filter answers to each patch of this picture.",
  };
  let kind = "components";
  let tilesOf = null; // {components, filters}: packed arrays (count, channels, size, size)
  let answersOf = null; // {components, filters}: packed arrays (patches, count)
  let limit = 1; // the largest weight of all filters
  let tiles = null; // {columns, tile}
  const chosen = { components: 0, filters: null };
  let hovered = null;

  const current = () => (hovered === null ? chosen[kind] : hovered);

  /** One tile as RGB bytes: 0 is middle grey, the end of its scale full light or dark. */
  function picture(index) {
    const packed = tilesOf[kind];
    const [, channels, size] = packed.shape;
    const values = packed.data.subarray(index * channels * size * size, (index + 1) * channels * size * size);
    const end = kind === "filters" ? limit : values.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
    const bytes = new Uint8Array(size * size * 3);
    for (let k = 0; k < size * size; k++) {
      for (let c = 0; c < channels; c++)
        bytes[3 * k + c] = Math.round(127.5 + (127.5 * values[c * size * size + k]) / end);
    }
    return rgbImage(bytes, size, size);
  }

  function strongest() {
    const { data, shape } = tilesOf.filters;
    const size = data.length / shape[0];
    const energy = (i) => data.subarray(i * size, (i + 1) * size).reduce((sum, w) => sum + w * w, 0);
    return Array.from({ length: shape[0] }, (_, i) => energy(i)).reduce(
      (best, e, i, all) => (e > all[best] ? i : best),
      0,
    );
  }

  function draw(/** @type {import("../state").State} */ { trace, model }) {
    if (!trace || !model) return;
    root.hidden = !model.components || !trace.patches;
    if (root.hidden) return;
    const filters = filtersOf(model, server, () => store.get("model") === model && draw(store.state));
    root.classList.toggle("waiting", !filters);
    if (!filters) {
      tilesOf = tiles = null;
      return;
    }
    tilesOf = { filters, components: decode(model.components) };
    answersOf = { filters: trace.embedding, components: decode(trace.patches.component_scores) };
    limit = tilesOf.filters.data.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
    if (chosen.filters === null || chosen.filters >= tilesOf.filters.shape[0]) chosen.filters = strongest();
    if (chosen.components === null || chosen.components >= tilesOf.components.shape[0]) chosen.components = 0;
    paintAll(trace);
  }

  function paintAll(/** @type {import("../state").Trace} */ trace) {
    const width = Math.min(root.clientWidth - 32, 560);
    const count = tilesOf[kind].shape[0];
    const columns = kind === "components" ? 8 : width > 480 ? 16 : 12;
    tiles = { columns, tile: Math.floor(Math.min(width / columns, 280 / Math.ceil(count / columns), 48)) };
    $(".words").textContent = WORDS[kind];
    for (const button of root.querySelectorAll("[data-kind]"))
      button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
    paintTiles();
    paintOne(trace);
  }

  function paintTiles() {
    const { columns, tile } = tiles;
    const count = tilesOf[kind].shape[0];
    const context = clearCanvas($(".tiles"), columns * tile, Math.ceil(count / columns) * tile);
    for (let i = 0; i < count; i++) {
      const [x, y] = [(i % columns) * tile, Math.floor(i / columns) * tile];
      context.drawImage(picture(i), x + GAP / 2, y + GAP / 2, tile - GAP, tile - GAP);
    }
    const [x, y] = [(chosen[kind] % columns) * tile, Math.floor(chosen[kind] / columns) * tile];
    outline(context, x + 2, y + 2, tile - 4, tile - 4, inkOf("--vx-key"), 2);
  }

  function answer(token) {
    const { data, shape } = answersOf[kind];
    return data[token * shape[1] + current()];
  }

  function paintOne(/** @type {import("../state").Trace} */ trace) {
    const [rows, cols] = trace.grid;
    const values = Float32Array.from({ length: rows * cols }, (_, token) => answer(token));
    const most = (numbers) => numbers.reduce((largest, v) => Math.max(largest, Math.abs(v)), 0);
    const scale = most(kind === "filters" ? answersOf.filters.data : values);
    const share = store.get("model").component_share;
    $(".name").textContent =
      kind === "filters"
        ? `Filter ${current() + 1} of ${tilesOf.filters.shape[0]} (dimension ${current() + 1} of the embedding)`
        : `Component ${current() + 1} of ${share.length}: ${format.percent(share[current()])} of the filters' variance`;
    clearCanvas($(".large"), LARGE, LARGE).drawImage(picture(current()), 0, 0, LARGE, LARGE);
    const context = clearCanvas($(".answer"), LARGE, LARGE);
    context.drawImage(matrixImage(values, rows, cols, diverging, -scale, scale), 0, 0, LARGE, LARGE);
    $(".vx-scale .low").textContent = `−${scale.toFixed(2)}`;
    $(".vx-scale .high").textContent = `+${scale.toFixed(2)}`;
    $(".scale").textContent =
      kind === "filters"
        ? `Filters: grey is 0, full light or dark ±${limit.toFixed(3)}. Answers: one scale for all filters.`
        : "Each component's answers have their own scale.";
    mark(store.state);
  }

  function mark(/** @type {import("../state").State} */ { trace, token }) {
    if (!trace || !trace.patches || !tiles) return;
    const [rows, cols] = trace.grid;
    const context = clearCanvas($(".marks"), LARGE, LARGE);
    const inside = token !== null && token >= 0 && token < rows * cols;
    $(".here").textContent = inside ? `${tokenName(token, trace.grid)}: ${format.signed(answer(token), 3)}` : "";
    if (!inside) return;
    const [w, h] = [LARGE / cols, LARGE / rows];
    outline(context, (token % cols) * w, Math.floor(token / cols) * h, w, h, inkOf("--vx-query"));
  }

  const one = (name, which) =>
    setting(
      index,
      () => chosen[name],
      (value) => (chosen[name] = value),
      which,
    );
  inLink(
    root,
    {
      weights: setting(
        oneOf("components", "filters"),
        () => kind,
        (value) => (kind = value || "components"),
        "components",
      ),
      component: one("components", 0),
      filter: one("filters", () => (tilesOf ? strongest() : null)),
    },
    () => draw(store.state),
  );
  $(".kinds").addEventListener("click", (event) => {
    const button = event.target.closest("[data-kind]");
    if (!button || !tilesOf) return;
    kind = button.dataset.kind;
    hovered = null;
    paintAll(store.get("trace"));
  });
  const element = $(".tiles");
  const indexAt = (event) => {
    const cell = cellAt(event, element, Math.ceil(tilesOf[kind].shape[0] / tiles.columns), tiles.columns);
    const index = cell && cell[0] * tiles.columns + cell[1];
    return index !== null && index < tilesOf[kind].shape[0] ? index : null;
  };
  function choose(index, keep) {
    if (keep && index !== null) chosen[kind] = index;
    hovered = keep ? null : index;
    if (keep) paintTiles();
    paintOne(store.get("trace"));
  }
  element.addEventListener("pointermove", (event) => {
    const index = tilesOf ? indexAt(event) : null;
    if (tilesOf && index !== hovered) choose(index, false);
  });
  element.addEventListener("pointerleave", () => tilesOf && choose(null, false));
  element.addEventListener("click", (event) => tilesOf && choose(indexAt(event), true));
  element.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -tiles.columns, ArrowDown: tiles.columns };
    if (!tilesOf || !(event.key in moves)) return;
    event.preventDefault();
    choose(Math.max(0, Math.min(tilesOf[kind].shape[0] - 1, chosen[kind] + moves[event.key])), true);
  });
  patchInput($(".marks"), () => {
    const trace = store.get("trace");
    return trace && trace.patches ? trace.grid : null;
  });
  saveScreen($(".vx-panel"), "filters");
  return { draw, mark };
});
