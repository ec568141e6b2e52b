/* The same block in a ViT: self-attention of the text encoder beside that of the model at the left, same layer and head. */
import { decode } from "../core/arrays.js";
import { sequential } from "../core/colours.js";
import { clearCanvas, matrixImage, patchInput } from "../core/draw.js";
import { percent } from "../core/format.js";
import { inLink } from "../core/link.js";
import { saveScreen } from "../core/screen.js";
import { flag, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { tokenIndex, tokenName } from "../core/tokens.js";
import { outlinePatch, overlay } from "../core/views.js";
import { widget } from "../core/widget.js";
import * as roots from "./data.js";
import { drawMatrix } from "./matrix.js";

export default widget((root) => {
  const $ = (selector) => root.querySelector(selector);
  const decoded = new WeakMap(); // trace -> weights
  let open = false;
  let sizes = null;

  function show(next) {
    open = next;
    $(".beside").setAttribute("aria-expanded", String(open));
    $(".beside").textContent = open ? "Close" : "Set a ViT beside it";
  }

  function redraw() {
    draw(store.state);
    mark(store.state);
  }

  inLink(
    root,
    {
      beside: setting(
        flag,
        () => open,
        (value) => show(value || false),
        false,
      ),
    },
    redraw,
  );
  $(".beside").addEventListener("click", () => {
    show(!open);
    redraw();
  });

  function weights(/** @type {import("../state").State} */ state) {
    const { trace } = state;
    if (!trace || !trace.attention || !trace.attention.weights) return null;
    if (!decoded.has(trace)) decoded.set(trace, decode(trace.attention.weights));
    return decoded.get(trace);
  }

  /** Layer and head of the text network, as far as the ViT has them. */
  const place = (all, { layer, head }) => [Math.min(layer, all.shape[0] - 1), Math.min(head, all.shape[1] - 1)];

  function draw(/** @type {import("../state").State} */ state) {
    const seen = roots.view(state);
    sizes = null;
    roots.fit(root);
    if (!seen || !open) {
      $(".parts").hidden = true;
      $(".none").hidden = true;
      return;
    }
    const all = weights(state);
    $(".parts").hidden = false;
    for (const figure of root.querySelectorAll(".vit")) figure.hidden = !all;
    $(".none").hidden = Boolean(all);
    const look = state.textLook;
    const side = Math.max(
      120,
      Math.min(360, Math.floor(($(".parts").clientWidth - 32) / (root.classList.contains("narrow") ? 1 : 3))),
    );
    $(".text-name").textContent = `layer ${look.layer + 1}, head ${look.head + 1}, scale 0 to 100 %`;
    drawMatrix($(".words"), side, seen.encoderSelf(look));
    $(".words").setAttribute("aria-label", `Self-attention among ${seen.n} letters, scale 0 to 100 %`);
    if (!all) {
      $(".none").textContent = state.model
        ? `${state.model.name} has no such matrix to show: choose a ViT, such as vit-cifar10.`
        : "";
      return;
    }
    const [layer, head] = place(all, look);
    const n = all.shape[2];
    const high = state.trace.attention.limit;
    $(".vit-name").textContent =
      `${state.model.name}, layer ${layer + 1}, head ${head + 1}, scale 0 to ${percent(high)}`;
    const start = (layer * all.shape[1] + head) * n * n;
    const context = clearCanvas($(".patches"), side, side);
    context.drawImage(
      matrixImage(all.data.subarray(start, start + n * n), n, n, sequential, 0, high),
      0,
      0,
      side,
      side,
    );
    $(".patches").setAttribute("aria-label", `Self-attention among ${n} tokens of the image`);
    sizes = { side, all, layer, head, n, high };
  }

  function mark(/** @type {import("../state").State} */ state) {
    if (!sizes || !state.trace) return;
    const { side, all, layer, head, n, high } = sizes;
    const { grid, n_prefix: nPrefix, rgb, size } = state.trace;
    const token = state.token === null ? 0 : state.token;
    const query = tokenIndex(token, nPrefix);
    const start = ((layer * all.shape[1] + head) * n + query) * n;
    overlay($(".row"), side, rgb.data, size, all.data.subarray(start + nPrefix, start + n), grid, high);
    outlinePatch($(".marks"), side, token, grid, inkOf("--vx-query"));
    $(".whose").textContent = `Where ${tokenName(token, grid)} looks`;
    $(".row").setAttribute("aria-label", $(".whose").textContent);
  }

  patchInput($(".marks"), () => (sizes ? store.get("trace").grid : null));
  saveScreen($(".vx-panel"), "beside words");
  return { topics: ["text", "textLook", "trace", "model"], draw, mark };
});
