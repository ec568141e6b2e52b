/* Conv2d against unfold + Linear, and the pixels read back from the tokens, patch by patch. */
import { decode } from "../core/arrays.js";
import { inkOn, sequential } from "../core/colours.js";
import { clearCanvas, matrixImage, outline, patchInput } from "../core/draw.js";
import * as format from "../core/format.js";
import { saveScreen } from "../core/screen.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { tokenName } from "../core/tokens.js";
import { widget } from "../core/widget.js";

export default widget((root) => {
  const $ = (selector) => root.querySelector(selector);
  const SIDE = 208; // px
  let differences = null;

  function draw(/** @type {import("../state").State} */ { trace, model }) {
    if (!trace || !model) return;
    root.hidden = !trace.patches;
    if (!trace.patches) return;
    const { patches, grid } = trace;
    differences = decode(patches.differences);
    const [rows, cols] = grid;
    const high = patches.largest_difference;
    const context = clearCanvas($(".map"), SIDE, SIDE);
    context.drawImage(matrixImage(differences.data, rows, cols, sequential, 0, high), 0, 0, SIDE, SIDE);
    const [w, h] = [SIDE / cols, SIDE / rows];
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `600 ${Math.min(15, w * 0.6)}px system-ui, sans-serif`;
    const recovered = patches.recovered_values;
    if (recovered) {
      recovered.forEach((count, k) => {
        context.fillStyle = inkOn(sequential, differences.data[k], 0, high);
        context.fillText(
          count === patches.values ? "✓" : "✗",
          ((k % cols) + 0.5) * w,
          (Math.floor(k / cols) + 0.5) * h,
        );
      });
    }
    $(".largest").textContent = high.toExponential(1);
    $(".context").textContent =
      `over ${format.count(rows * cols * model.d_model)} numbers that reach up to ${patches.largest_value.toFixed(2)}`;
    const n = rows * cols;
    const bytes = recovered ? recovered.reduce((sum, count) => sum + count, 0) : 0;
    $(".exact").textContent = recovered
      ? `${recovered.filter((count) => count === patches.values).length} of ${n}`
      : "not possible:";
    $(".back").textContent = recovered
      ? `${format.count(bytes)} of ${format.count(n * patches.values)} bytes, from the tokens that entered the first layer${bytes === n * patches.values ? ": the projection lost nothing" : ""}`
      : `a token of ${model.d_model} dimensions cannot hold ${patches.values} values`;
    $(".vx-scale .high").textContent = high.toExponential(1);
  }

  function mark(/** @type {import("../state").State} */ { trace, token }) {
    if (!trace || !trace.patches || !differences) return;
    const [rows, cols] = trace.grid;
    const context = clearCanvas($(".marks"), SIDE, SIDE);
    const inside = token !== null && token >= 0 && token < rows * cols;
    $(".here").textContent = inside
      ? `${tokenName(token, trace.grid)}: ${differences.data[token].toExponential(1)}`
      : "";
    if (!inside) return;
    const [w, h] = [SIDE / cols, SIDE / rows];
    outline(context, (token % cols) * w, Math.floor(token / cols) * h, w, h, inkOf("--vx-query"));
  }

  patchInput($(".marks"), () => {
    const trace = store.get("trace");
    return trace && trace.patches ? trace.grid : null;
  });
  saveScreen($(".vx-panel"), "Conv2d check");
  return { draw, mark };
});
