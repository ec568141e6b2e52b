/* Picture -> grid -> sequence, with the numbers that a patch size makes. */
import { best } from "../core/arrays.js";
import { clearCanvas, outline, rgbImage } from "../core/draw.js";
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { at } from "../core/pointer.js";
import { saveScreen } from "../core/screen.js";
import { integer, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { calm, inkOf } from "../core/theme.js";
import { moveToken, prefixName, prefixNames, tokenIndex, tokenOfIndex } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import { against, multiplyAdds, times } from "./cut.js";
import { QUESTIONS } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const LARGE = 224; // px of ImageNet's usual pictures, to compare costs with
  const LARGE_SIZES = [1, 4, 8, 14, 16, 32, 56]; // of a patch of them
  const SMALL_VIT = { d_model: 128, n_layers: 4, d_ff: 512, n_classes: 10 }; // for the costs while a CNN is chosen
  const LABELLED = 31; // px of a tile that holds its name in letters of 12 px
  const TRAVEL = 700; // ms from the grid to the sequence
  const cut = { picture: 0, patch: 0, own: null, of: "" }; // own: the marked patch while the cut is not the model's
  let linked = null; // {picture, patch} of a link, to be shown where such a cut is possible
  let prefix = 1; // tokens before the patches, and what they are called
  let names = ["CLS"];
  let layout = null;
  let image = null;
  let travel = 1; // 0 = in the picture, 1 = in the sequence
  let animation = 0;

  const rows = () => cut.picture / cut.patch;
  const modelsPatch = ({ trace, model }) => (model.d_model ? trace.size / trace.grid[0] : 4);
  const isModels = (/** @type {import("../state").State} */ state) =>
    Boolean(state.model.d_model) && cut.picture === state.trace.size && cut.patch === modelsPatch(state);

  function sizesOf(picture) {
    if (picture === LARGE) return LARGE_SIZES;
    return Array.from({ length: picture }, (_, i) => i + 1).filter((size) => picture % size === 0);
  }

  // ---- the scene ---------------------------------------------------------------------------------------------
  /** Where everything lies: the picture on the left (above on a phone) and the tiles of the sequence. */
  function arrange(width) {
    const narrow = width < 620;
    const side = narrow ? Math.min(width, 240) : 236;
    const x = narrow ? 0 : side + 34;
    const y = narrow ? side + 14 : 0;
    const [w, h] = [width - x, narrow ? 200 : side];
    const n = rows() ** 2 + prefix;
    let columns = 1;
    let tile = 0;
    for (let c = 1; c <= n; c++) {
      const size = Math.min(w / c, h / Math.ceil(n / c), 46);
      if (size > tile) [columns, tile] = [c, size];
    }
    return { width, height: y + h, side, x, y: y + (h - Math.ceil(n / columns) * tile) / 2, columns, tile, n };
  }

  function tilePlace(index) {
    const { x, y, columns, tile } = layout;
    return [x + (index % columns) * tile, y + Math.floor(index / columns) * tile];
  }

  function paintScene(/** @type {import("../state").State} */ state) {
    const { side, tile, n } = layout;
    const context = clearCanvas($(".scene"), layout.width, layout.height);
    const across = rows();
    const cell = side / across;
    context.drawImage(image, 0, 0, side, side);
    context.strokeStyle = "rgba(255,255,255,.75)";
    context.lineWidth = across > 28 ? 0.4 : 1;
    context.beginPath();
    for (let i = 0; i <= across; i++) {
      context.moveTo(i * cell, 0);
      context.lineTo(i * cell, side);
      context.moveTo(0, i * cell);
      context.lineTo(side, i * cell);
    }
    context.stroke();
    const gap = tile > 12 ? 1.5 : tile > 5 ? 0.5 : 0;
    for (let k = 0; k < prefix; k++) {
      const [cx, cy] = tilePlace(k);
      context.fillStyle = inkOf("--vx-key");
      context.fillRect(cx + gap, cy + gap, tile - 2 * gap, tile - 2 * gap);
      const inside = tile >= LABELLED;
      if (!inside && (k > 0 || !layout.x)) continue; // beside the first one, where there is room
      if (inside) context.fillStyle = state.theme === "dark" ? "#08111b" : "#fff";
      context.font = `600 ${inside ? Math.min(13, tile / 2.6) : 12}px system-ui, sans-serif`;
      context.textAlign = inside ? "center" : "right";
      context.textBaseline = "middle";
      context.fillText(prefixName(k, true, names), inside ? cx + tile / 2 : cx - 5, cy + tile / 2 + 0.5);
    }
    const source = image.width / across; // of the image, for one patch
    for (let k = 0; k < n - prefix; k++) {
      const [r, c] = [Math.floor(k / across), k % across];
      const own = Math.max(0, Math.min(1, travel * 1.6 - (0.6 * k) / n)); // the first patches leave first
      const t = own * own * (3 - 2 * own);
      const [tx, ty] = tilePlace(k + prefix);
      const size = cell + t * (tile - 2 * gap - cell);
      const [px, py] = [c * cell + t * (tx + gap - c * cell), r * cell + t * (ty + gap - r * cell)];
      context.drawImage(image, c * source, r * source, source, source, px, py, size, size);
    }
  }

  function play() {
    cancelAnimationFrame(animation);
    const state = store.state;
    if (!layout || !state.trace || calm()) return;
    const began = performance.now();
    const step = (now) => {
      travel = Math.min(1, (now - began) / TRAVEL);
      paintScene(state);
      if (travel < 1) animation = requestAnimationFrame(step);
      else mark({ ...state, token: store.get("token") });
    };
    clearCanvas($(".marks"), layout.width, layout.height);
    travel = 0;
    animation = requestAnimationFrame(step);
  }

  // ---- the numbers -------------------------------------------------------------------------------------------
  /** The table: the chosen cut, the `trained` one {picture, patch, counted} if it is another, and every pixel a token. */
  function numbers(model, trained) {
    const same = trained && trained.picture === cut.picture && trained.patch === cut.patch;
    const one = (name, patch, current, { picture, counted = null } = cut) => {
      const tokens = (picture / patch) ** 2 + prefix;
      const values = 3 * patch * patch;
      const work = multiplyAdds(tokens, prefix, values, model);
      const cells = [tokens, values, tokens * tokens, counted ?? work.all];
      return { name, current, cells, share: work.pairs / work.all };
    };
    const cls = prefix ? `${prefix > 1 ? "," : " and"} ${format.listed(names)}` : "";
    const chosen = one(`patches of ${cut.patch} × ${cut.patch} pixels${cls}`, cut.patch, true, same ? trained : cut);
    const { picture, patch } = trained ?? cut;
    const larger = picture !== cut.picture;
    const where = larger ? `, picture of ${picture} × ${picture}` : "";
    const own = !trained || same ? [] : [one(`as trained: ${patch} × ${patch} pixels${where}`, patch, false, trained)];
    const pixels = one(`every pixel a token${cls && !cls.startsWith(",") ? "," : ""}${cls}`, 1, false);
    const line = ({ name, current, cells }, write) => {
      const row = make("tr", current ? "now" : "");
      row.append(make("td", "", name));
      for (const value of cells) {
        const cell = make("td", "", write(value));
        cell.title = format.count(value);
        row.append(cell);
      }
      return row;
    };
    const ratio = {
      name: `every pixel, against ${cut.patch} × ${cut.patch} pixels`,
      current: false,
      cells: chosen.cells.map((v, i) => pixels.cells[i] / v),
    };
    const full = (value) => (value < 1e7 ? format.count(value) : format.short(value));
    const rows = [chosen, ...own, pixels].map((row) => line(row, full));
    $(".numbers tbody").replaceChildren(...rows, line(ratio, times));
    const sizes = (size, side) => `${size} × ${size}${larger ? ` in ${side} × ${side}` : ""}`;
    $(".numbers caption").textContent = own
      .map(({ cells, share }) => {
        const [tokens, , pairs, cost] = chosen.cells.map((v, i) => v / cells[i]);
        const [name, other] = [`Patches of ${sizes(cut.patch, cut.picture)} pixels`, sizes(patch, picture)];
        return against({ name, other, tokens, pairs, cost, share });
      })
      .join("");
  }

  function choices(element, values, current, unit, choose) {
    fill(element, values, (value) => {
      const button = make("button", "vx-button", String(value));
      button.type = "button";
      button.setAttribute("aria-pressed", String(value === current));
      button.setAttribute("aria-label", `${value} ${unit}`);
      button.addEventListener("click", () => choose(value));
      return button;
    });
  }

  inLink(
    root,
    {
      patch: setting(
        integer(1, LARGE),
        () => cut.patch || null,
        (patch) => (linked = { ...linked, patch }),
        () => (cut.picture === LARGE ? 16 : modelsPatch(store.state)),
      ),
      size: setting(
        integer(1, LARGE),
        () => cut.picture || null,
        (picture) => (linked = { ...linked, picture }),
        () => store.state.trace.size,
      ),
    },
    () => {
      draw(store.state);
      mark(store.state);
    },
  );

  /** Show the cut of a link, or the model's own where there is no such cut. */
  function takeLinked(/** @type {import("../state").State} */ state) {
    if (!linked) return;
    const { picture, patch } = linked;
    linked = null;
    cut.picture = picture === LARGE ? LARGE : state.trace.size;
    const usual = picture === LARGE ? 16 : modelsPatch(state);
    Object.assign(cut, { patch: sizesOf(cut.picture).includes(patch) ? patch : usual, own: null });
  }

  function change(next) {
    const focused =
      document.activeElement && root.contains(document.activeElement) && document.activeElement.textContent;
    Object.assign(cut, next, { own: null });
    if (!sizesOf(cut.picture).includes(cut.patch)) cut.patch = cut.picture === LARGE ? 16 : modelsPatch(store.state);
    draw(store.state);
    mark(store.state);
    const again = [...root.querySelectorAll(".vx-segments .vx-button")].find(
      (button) => button.textContent === focused,
    );
    if (again) again.focus();
    play();
  }

  // ---- drawing and pointing ----------------------------------------------------------------------------------
  function draw(/** @type {import("../state").State} */ state) {
    const { trace, model } = state;
    if (!trace || !model) return;
    const of = `${trace.size} ${modelsPatch(state)}`;
    if (cut.of !== of) Object.assign(cut, { picture: trace.size, patch: modelsPatch(state), own: null, of });
    takeLinked(state);
    [prefix, names] = model.d_model ? [trace.n_prefix, prefixNames()] : [1, ["CLS"]]; // of the small ViT, whose costs are shown
    image = rgbImage(trace.rgb.data, trace.size, trace.size);
    layout = arrange(root.querySelector(".stack").clientWidth);
    paintScene(state);
    choices($(".sizes"), sizesOf(cut.picture), cut.patch, "pixels a patch", (patch) => change({ patch }));
    choices($(".pictures"), [...new Set([trace.size, LARGE])], cut.picture, "pixels a picture", (picture) =>
      change({ picture }),
    );
    const counted = trace.stem ? null : model.multiply_adds;
    if (model.d_model) numbers(model, { picture: trace.size, patch: modelsPatch(state), counted });
    else numbers(SMALL_VIT, null);
    const shown =
      cut.picture === trace.size
        ? ""
        : ` The picture stays ${trace.size} × ${trace.size}: grid and costs are of ${cut.picture}.`;
    const other =
      model.architecture === "swin"
        ? "cuts smaller patches and merges them on its way (see Windows)"
        : "is a CNN and takes no patches";
    $(".note").textContent = !model.d_model
      ? `${model.name} ${other}; the costs are those of the small ViT (width 128, 4 layers).${shown}`
      : isModels(state)
        ? trace.stem
          ? `${model.name} has this grid of tokens, but makes them by convolutions (below): ${format.short(model.multiply_adds)} multiply-adds in all. The costs are those with one matrix instead.`
          : `${model.name} was trained on exactly this cut.`
        : `${model.name} was trained on patches of ${modelsPatch(state)} × ${modelsPatch(state)} pixels${answered(trace)}. The costs are those of its width (${model.d_model}) and depth (${model.n_layers}).${shown}`;
  }

  /** Whose answer stands beside the picture while another cut is on screen. */
  const answered = ({ classes, probabilities }) =>
    classes.length
      ? `: ${classes[best(probabilities)]} ${format.probability(Math.max(...probabilities))} is still its answer to those`
      : "";

  function mark(/** @type {import("../state").State} */ state) {
    const { trace } = state;
    if (!trace || !state.model || !layout || travel < 1) return;
    const token = isModels(state) ? state.token : cut.own;
    const context = clearCanvas($(".marks"), layout.width, layout.height);
    if (token === null || token === undefined || token >= layout.n - prefix) return;
    const ink = inkOf("--vx-query");
    const [tx, ty] = tilePlace(tokenIndex(token, prefix));
    const { side, tile } = layout;
    const across = rows();
    if (token >= 0) {
      const cell = side / across;
      const [px, py] = [(token % across) * cell, Math.floor(token / across) * cell];
      context.strokeStyle = ink;
      context.lineWidth = 2;
      context.setLineDash([5, 4]);
      context.beginPath();
      context.moveTo(px + cell / 2, py + cell / 2);
      context.lineTo(tx + tile / 2, ty + tile / 2);
      context.stroke();
      context.setLineDash([]);
      outline(context, px, py, cell, cell, ink);
    }
    outline(context, tx, ty, tile, tile, ink);
  }

  /** The token under the pointer, in the picture or in the sequence; null elsewhere. */
  function tokenAt(event) {
    const [x, y] = at(event, $(".marks"));
    const { side, tile, columns, n } = layout;
    if (x >= 0 && x < side && y >= 0 && y < side) {
      return Math.floor((y / side) * rows()) * rows() + Math.floor((x / side) * rows());
    }
    const [col, row] = [Math.floor((x - layout.x) / tile), Math.floor((y - layout.y) / tile)];
    const index = row * columns + col;
    return col >= 0 && col < columns && row >= 0 && index < n ? tokenOfIndex(index, prefix) : null;
  }

  function moved(token, choose) {
    const state = store.state;
    if (!state.trace || !layout) return;
    if (isModels(state)) choose(token);
    else {
      cut.own = token;
      mark(state);
    }
  }

  const marks = $(".marks");
  marks.addEventListener("pointermove", (event) => layout && moved(tokenAt(event), store.point));
  marks.addEventListener("pointerleave", () => moved(null, store.point));
  marks.addEventListener("click", (event) => {
    const token = layout ? tokenAt(event) : null;
    if (token !== null) moved(token, store.pin);
  });
  marks.addEventListener("keydown", (event) => {
    const state = store.state;
    if (!state.trace) return;
    const own = isModels(state) ? [] : [cut.own, (token) => moved(token)];
    if (moveToken(event.key, [rows(), rows()], ...own)) event.preventDefault();
  });
  $(".play").addEventListener("click", play);
  saveScreen($(".vx-panel"), "patches");

  offer(root, server, QUESTIONS);
  return { draw, mark };
});
