/* Around the cross-attention: self-attention of the encoder and of the decoder with its mask, and two ways to measure. */
import { clearCanvas } from "../core/draw.js";
import { fill, make } from "../core/elements.js";
import { count, percent, percentTick } from "../core/format.js";
import { axisX, axisY, line, marker, ruleX } from "../core/plot.js";
import { frame as frameOf, linear, ticks } from "../core/scales.js";
import { saveScreen } from "../core/screen.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { widget } from "../core/widget.js";
import * as roots from "./data.js";
import { drawMatrix } from "./matrix.js";
import * as words from "./words.js";

export default widget((root) => {
  const $ = (selector) => root.querySelector(selector);
  const MARGIN = { left: 50, right: 10, top: 10, bottom: 42 };
  /** @type {{way: "forced" | "free", ink: string, dash: number[], shape: import("../core/plot.js").Shape, sign: string, name: string}[]} */
  const LINES = [
    { way: "forced", ink: "--vx-run-0", dash: [], shape: "circle", sign: "●", name: "the right answer" },
    { way: "free", ink: "--vx-run-1", dash: [6, 3], shape: "square", sign: "■", name: "its own output" },
  ];
  const SHOWN = 12; // epochs on the axis at most; after them both curves lie at 100 %

  /** A matrix with the names of its rows and columns. */
  function named(figure, canvas, matrix, rows, columns, forbidden) {
    const label = 18;
    const width = Math.min(360, Math.floor(figure.clientWidth) - label - 4);
    const { cell } = drawMatrix(canvas, width, matrix, forbidden);
    for (const [place, names, axis] of [
      [".rows", rows, "height"],
      [".columns", columns, "width"],
    ]) {
      fill(figure.querySelector(place), names, (name) => {
        const item = make("span", "", words.face(name));
        item.style[axis] = `${cell}px`;
        return item;
      });
    }
    figure.querySelector(".columns").style.width = `${width}px`;
  }

  /** Accuracy by epoch, given the right letters and given its own; the snapshot at the slider is marked. */
  function chart(seen, look) {
    const canvas = $(".chart");
    const width = Math.floor(canvas.parentElement.clientWidth);
    const height = Math.round(Math.max(200, Math.min(360, 0.75 * width)));
    const context = clearCanvas(canvas, width, height);
    const epoch = seen.epochs[look.epoch];
    const history = seen.history.filter((row) => row.epoch <= Math.max(SHOWN, epoch));
    const scales = { x: linear(0, history.at(-1).epoch), y: linear(0, 1) };
    const frame = frameOf({ width, height }, MARGIN, scales);
    axisY(context, frame, [0, 0.5, 1], percentTick);
    axisX(context, frame, ticks(0, scales.x.high, 4), String, "epoch", epoch);
    context.strokeStyle = inkOf("--vx-soft");
    context.lineWidth = 1;
    ruleX(context, frame, epoch);
    const at = seen.history.find((row) => row.epoch === epoch);
    for (const { way, ink, dash, shape } of LINES) {
      context.strokeStyle = inkOf(ink);
      context.lineWidth = 2.5;
      line(
        context,
        history.map((row) => /** @type {[number, number]} */ ([frame.x(row.epoch), frame.y(row[way])])),
        dash,
      );
      context.fillStyle = inkOf(ink);
      context.strokeStyle = inkOf("--vx-panel");
      context.lineWidth = 1.5;
      marker(context, shape, [frame.x(epoch), frame.y(at[way])], 6);
    }
    fill($(".legend"), LINES, ({ way, ink, sign, name }) => {
      const item = make("span", "", `${sign} ${name} ${percent(at[way])}`);
      item.style.color = `var(${ink})`;
      return item;
    });
    const told = seen.history.map(
      (row) =>
        `Epoch ${row.epoch}: ${percent(row.forced)} given the right answer, ${percent(row.free)} given its own output`,
    );
    canvas.setAttribute("aria-label", `Share of letters that are right, by epoch. ${told.join(". ")}`);
  }

  function draw(/** @type {import("../state").State} */ state) {
    const seen = roots.view(state);
    root.classList.toggle("empty", !seen);
    roots.fit(root);
    if (!seen) return;
    const look = state.textLook;
    named($(".encoder"), $(".encoder-map"), seen.encoderSelf(look), seen.letters, seen.letters);
    const given = ["start", ...seen.given[look.epoch][look.way].slice(1)];
    const names = Array.from({ length: seen.rows }, (_, t) => given[t] || "");
    named($(".decoder"), $(".decoder-map"), seen.decoderSelf(look), names, names, (i, j) => j > i || i >= given.length);
    const where = `layer ${look.layer + 1}, head ${look.head + 1}, ${words.epochName(seen.epochs[look.epoch])}`;
    $(".encoder-map").setAttribute("aria-label", `Self-attention of the encoder, ${where}`);
    $(".decoder-map").setAttribute(
      "aria-label",
      `Self-attention of the decoder, ${where}; the part above the diagonal is forbidden`,
    );
    $(".finding").textContent = words.misled(seen.history);
    $(".forcing").textContent =
      `Letters that are right on ${count(seen.n_test)} test sequences. One early mistake of its own spoils what follows.`;
    chart(seen, look);
  }

  saveScreen($(".vx-panel"), () => ["inside", roots.view(store.state).text]);
  return { topics: ["text", "textLook"], draw };
});
