/* What the views of the Attention tab share: the weights of the trace on screen, the query, and colours for shares. */
"use strict";

/** @typedef {{layers: number, heads: number, n: number, nPrefix: number, grid: number[], whole: boolean}} AttentionView */

window.vxAttention = (() => {
  const views = new WeakMap(); // payload of a trace -> its view, decoded once

  /** The attention of the trace on screen, or null where the model has none (or nothing is on screen yet). */
  function view(state) {
    const trace = state.trace;
    if (!trace || !trace.attention) return null;
    if (!views.has(trace.attention)) views.set(trace.attention, build(trace));
    return views.get(trace.attention);
  }

  function build(trace) {
    const { attention, grid, n_prefix: nPrefix } = trace;
    const [layers, heads, n] = attention.shape;
    const weights = attention.weights && vx.decode(attention.weights).data; // Float32Array, (layers, heads, n, n)
    const start = (layer, head) => (layer * heads + head) * n * n;
    /** What query token i gives to each token, (n,); a view into the decoded weights. */
    const row = (layer, head, i) => weights.subarray(start(layer, head) + i * n, start(layer, head) + (i + 1) * n);
    /** What each token gives to key token j, (n,). */
    const column = (layer, head, j) => {
      const from = start(layer, head) + j;
      return Float32Array.from({ length: n }, (_, i) => weights[from + i * n]);
    };
    return {
      layers, heads, n, nPrefix, grid, row, column,
      whole: Boolean(weights), // false: too many weights for one payload, rows are fetched
      weights,
      patchSize: attention.patch_size,
      reading: vx.decode(attention.reading).data,
      distance: attention.distance, entropy: attention.entropy, lens: attention.lens,
      /** Index in the sequence of a token of the page (vx.CLS_TOKEN or a patch), and back. */
      indexOf: (token) => (token === vx.CLS_TOKEN ? 0 : token + nPrefix),
      tokenOf: (index) => (index < nPrefix ? vx.CLS_TOKEN : index - nPrefix),
    };
  }

  /** The query: the marked token; while none is marked CLS, or the patch in the middle of a model without. */
  function query(state) {
    const seen = view(state);
    if (!seen) return null;
    const [rows, cols] = seen.grid;
    if (state.token === vx.CLS_TOKEN && !seen.nPrefix) return Math.floor(rows / 2) * cols + Math.floor(cols / 2);
    if (state.token !== null) return Math.min(state.token, rows * cols - 1);
    return seen.nPrefix ? vx.CLS_TOKEN : Math.floor(rows / 2) * cols + Math.floor(cols / 2);
  }

  /** Three significant digits of a share in percent: "12.3 %", "0.0457 %". */
  function share(value) {
    if (value === 0) return "0 %";
    const percent = 100 * value;
    return `${percent >= 0.001 ? Number(percent.toPrecision(3)).toString() : percent.toExponential(2)} %`;
  }

  return { query, share, view };
})();
