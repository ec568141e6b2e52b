/* The curves of the Explain view: deletion and insertion of every map, and the picture at a step of one of them. */
import { clearCanvas, rgbImage } from "../core/draw.js";
import * as format from "../core/format.js";
import { axisX, axisY, line, marker } from "../core/plot.js";
import { at } from "../core/pointer.js";
import { frame, linear } from "../core/scales.js";
import { inkOf } from "../core/theme.js";

/**
 * @param {HTMLElement} root holds canvas.axes[data-measure] with an .end beside each, canvas.step and .told
 * @param {(name: string | null) => void} highlight is told which map's curve is pointed at
 */
export function explainCurves(root, highlight) {
  const HEIGHT = 110; // px of the axes
  const SIDE = 108; // px of the picture at a step
  const EDGE = { left: 50, right: 8, top: 8, bottom: 22 };
  const REACH = 0.12; // of the axes' height: how near to a curve a pointer means it
  /** @type {HTMLCanvasElement[]} */
  const all = [...root.querySelectorAll("canvas.axes")];
  let data = null; // {trace, answer, series: [{name, title, ink, order, deletion, insertion}], step: that is shown at first, baseline, erased, left: what a patch becomes, what is seen then}
  let picked = null; // {measure, name, step}
  let lit = null; // the map whose curve stands out

  const shown = (canvas) =>
    frame({ width: canvas.clientWidth || 280, height: HEIGHT }, EDGE, { x: linear(0, steps()), y: linear(0, 1) });
  const steps = () => data.answer.fractions.length - 1;
  const patches = (step) => Math.round(data.answer.fractions[step] * data.trace.grid[0] * data.trace.grid[1]);

  function draw(next) {
    if (next.answer !== (data && data.answer)) picked = null;
    data = next;
    if (!picked) {
      const best = data.series.find(({ scores }) => scores && scores.deletion.best) || data.series[0];
      picked = { measure: "deletion", name: best.name, step: data.step ?? Math.round(steps() / 4) };
    }
    for (const canvas of all) drawAxes(canvas);
    preview();
  }

  function drawAxes(canvas) {
    const { measure } = canvas.dataset;
    const at = shown(canvas);
    const context = clearCanvas(canvas, at.width, at.height);
    canvas.style.width = "100%";
    axisY(context, at, [0, 0.5, 1], format.percentTick);
    axisX(context, at, [0, steps()], (step) => (step ? `all ${patches(step)}` : "0 patches"));
    const ordered = [...data.series].sort((a, b) => Number(a.name === lit) - Number(b.name === lit)); // the lit one on top
    for (const one of ordered) curve(context, one, one[measure], at);
    emptied(context, canvas, at);
    if (picked && picked.measure === measure) dot(context, at);
    const said = data.series.map(({ title, scores }) => `${title} ${scores[measure].area.toFixed(3)}`).join(", ");
    canvas.setAttribute(
      "aria-label",
      `Probability of ${data.className} along the ${measure} of each map; areas: ${said}. Arrow keys: left and right go along, up and down change the map.`,
    );
  }

  /** The answer to the baseline, in which every curve ends or begins: a ring there, and its number above the axes. */
  function emptied(context, canvas, { x, y }) {
    const deletion = canvas.dataset.measure === "deletion";
    const p = data.series[0].deletion[steps()];
    context.strokeStyle = context.fillStyle = inkOf("--vx-text");
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x(deletion ? steps() : 0), y(p), 6, 0, 2 * Math.PI);
    context.stroke();
    canvas.parentElement.querySelector(".end").textContent =
      `○ all ${data.erased}: ${format.probability(p)}, from ${data.left} alone`;
  }

  function curve(context, { name, ink }, values, { x, y }) {
    context.strokeStyle = ink;
    context.globalAlpha = lit && lit !== name ? 0.3 : 1;
    context.lineWidth = lit === name ? 3.5 : 2;
    line(
      context,
      values.map((p, k) => [x(k), y(p)]),
      name === "random" ? [5, 4] : [],
    );
    context.globalAlpha = 1;
  }

  function dot(context, { x, y }) {
    const one = data.series.find(({ name }) => name === picked.name);
    context.fillStyle = one.ink;
    context.strokeStyle = inkOf("--vx-panel");
    context.lineWidth = 2;
    marker(context, "circle", [x(picked.step), y(one[picked.measure][picked.step])], 5);
  }

  /** The picture with the first patches of the order exchanged, as the server gave it to the model. */
  function preview() {
    const { trace, baseline, className } = data;
    const one = data.series.find(({ name }) => name === picked.name);
    const inserting = picked.measure === "insertion";
    const [from, other] = inserting ? [baseline, trace.rgb.data] : [trace.rgb.data, baseline];
    const bytes = Uint8Array.from(from);
    const [rows, cols] = trace.grid;
    const [h, w, row] = [trace.size / rows, trace.size / cols, 3 * trace.size];
    for (const patch of one.order.slice(0, patches(picked.step))) {
      for (let y = 0; y < h; y++) {
        const start = (Math.floor(patch / cols) * h + y) * row + 3 * (patch % cols) * w;
        bytes.set(other.subarray(start, start + 3 * w), start);
      }
    }
    clearCanvas(root.querySelector(".step"), SIDE, SIDE).drawImage(
      rgbImage(bytes, trace.size, trace.size),
      0,
      0,
      SIDE,
      SIDE,
    );
    const told = `${patches(picked.step)} of ${patches(steps())} patches ${inserting ? "put back" : "erased"}: ${className} ${format.probability(one[picked.measure][picked.step])}`;
    const all = picked.step === (inserting ? 0 : steps()) ? `, which is the answer to ${data.left}` : "";
    const words = `${one.title}, ${told}${all}${one.name === "random" ? ", mean of the random maps; the picture is the first one's" : ""}.`;
    root.querySelector(".told").textContent = words;
    root.querySelector(".step").setAttribute("aria-label", words);
  }

  function pick(measure, name, step) {
    if (picked && picked.measure === measure && picked.name === name && picked.step === step) return;
    picked = { measure, name, step };
    for (const canvas of all) drawAxes(canvas);
    preview();
  }

  for (const canvas of all) {
    const { measure } = canvas.dataset;
    const follow = (event) => {
      if (!data) return;
      const [x, y] = at(event, canvas);
      const frame = shown(canvas);
      const step = Math.max(0, Math.min(steps(), Math.round(frame.valueX(x))));
      const p = frame.valueY(y);
      const away = (/** @type {any} */ { [measure]: values }) => Math.abs(values[step] - p);
      const nearest = data.series.reduce((best, one) => (away(one) < away(best) ? one : best));
      const name = away(nearest) < REACH || !lit ? nearest.name : lit;
      highlight(name);
      pick(measure, name, step);
    };
    canvas.addEventListener("pointermove", follow);
    canvas.addEventListener("pointerdown", follow);
    canvas.addEventListener("pointerleave", () => highlight(null));
    canvas.addEventListener("keydown", (event) => {
      const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key] || 0;
      const down = { ArrowUp: -1, ArrowDown: 1 }[event.key] || 0;
      if (!data || !(across || down)) return;
      event.preventDefault();
      const index = data.series.findIndex(({ name }) => name === picked.name);
      const next = data.series[(index + down + data.series.length) % data.series.length];
      highlight(next.name);
      pick(measure, next.name, Math.max(0, Math.min(steps(), picked.step + across)));
    });
    canvas.addEventListener("blur", () => highlight(null));
  }

  /** Let one map's curve stand out; null lets go. */
  function light(name) {
    if (lit === name) return;
    lit = name;
    if (data) for (const canvas of all) drawAxes(canvas);
  }

  return { draw, light, picked: () => picked };
}
