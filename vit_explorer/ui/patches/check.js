/* Conv2d against unfold + Linear, and the pixels read back from the tokens, patch by patch. */
vx.widget("check", (root) => {
  const $ = (selector) => root.querySelector(selector);
  const SIDE = 208; // px
  let differences = null;

  function draw({ trace, model }) {
    if (!trace || !model) return;
    root.hidden = !trace.patches;
    if (!trace.patches) return;
    const { patches, grid } = trace;
    differences = vx.decode(patches.differences);
    const [rows, cols] = grid;
    const high = patches.largest_difference;
    const context = vx.canvas($(".map"), SIDE, SIDE);
    context.drawImage(vx.matrixImage(differences.data, rows, cols, vx.sequential, 0, high), 0, 0, SIDE, SIDE);
    const [w, h] = [SIDE / cols, SIDE / rows];
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `600 ${Math.min(15, w * 0.6)}px system-ui, sans-serif`;
    const recovered = patches.recovered_values;
    if (recovered) {
      recovered.forEach((count, k) => {
        context.fillStyle = vx.inkOn(vx.sequential, differences.data[k], 0, high);
        context.fillText(count === patches.values ? "✓" : "✗", ((k % cols) + 0.5) * w, (Math.floor(k / cols) + 0.5) * h);
      });
    }
    $(".largest").textContent = high.toExponential(1);
    $(".context").textContent = `over ${vx.count(rows * cols * model.d_model)} numbers that reach up to ${patches.largest_value.toFixed(2)}`;
    const n = rows * cols;
    const bytes = recovered ? recovered.reduce((sum, count) => sum + count, 0) : 0;
    $(".exact").textContent = recovered ? `${recovered.filter((count) => count === patches.values).length} of ${n}` : "not possible:";
    $(".back").textContent = recovered
      ? `${vx.count(bytes)} of ${vx.count(n * patches.values)} bytes, from the tokens that entered the first block${bytes === n * patches.values ? ": the projection lost nothing" : ""}`
      : `a token of ${model.d_model} dimensions cannot hold ${patches.values} values`;
    $(".vx-scale .high").textContent = high.toExponential(1);
  }

  function mark({ trace, token }) {
    if (!trace || !trace.patches || !differences) return;
    const [rows, cols] = trace.grid;
    const context = vx.canvas($(".marks"), SIDE, SIDE);
    const inside = token !== null && token >= 0 && token < rows * cols;
    $(".here").textContent = inside ? `${vx.tokenName(token, trace.grid)}: ${differences.data[token].toExponential(1)}` : "";
    if (!inside) return;
    const [w, h] = [SIDE / cols, SIDE / rows];
    vx.outline(context, (token % cols) * w, Math.floor(token / cols) * h, w, h, vx.ink("--vx-query"));
  }

  vx.patchInput($(".marks"), () => {
    const trace = vx.get("trace");
    return trace && trace.patches ? trace.grid : null;
  });
  return { draw, mark };
});
