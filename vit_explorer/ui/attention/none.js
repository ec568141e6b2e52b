/* For a model without attention: why it has none, and what its stages respond to. Hidden for every other. */
import { decode } from "../core/arrays.js";
import { sequential } from "../core/colours.js";
import { clearCanvas, matrixImage } from "../core/draw.js";
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { question } from "../core/question.js";
import { saveScreen } from "../core/screen.js";
import * as store from "../core/store.js";
import { openTab } from "../core/tabs.js";
import * as views from "../core/views.js";
import { widget } from "../core/widget.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const [LARGE, SMALL] = [92, 44]; // px of the mean and of a channel
  let answer = null;
  const { ask, fits } = question(root, server, "features", {
    wanted: views.request,
    keep: (told) => (answer = told),
    draw,
  });

  function explain({ model, catalogue }) {
    const models = (catalogue || { models: [] }).models;
    const other =
      models.find(({ architecture, data }) => architecture.startsWith("vit") && data === model.data) ||
      models.find(({ architecture }) => architecture.startsWith("vit"));
    const windows = model.architecture === "swin";
    $(".title").textContent = windows ? "No attention among all tokens" : "No attention here";
    $(".why").textContent = windows
      ? `${model.name} is a ${model.title}: its tokens attend to each other inside of small windows alone, so there is no one matrix of who looks at whom.`
      : `${model.name} is a ${model.title}: each of its numbers is made from a few neighbours in the stage before, always the same ones, ` +
        "so there is no matrix of who looks at whom.";
    $(".what-is").textContent = windows
      ? "Heads, Rollout and Layers have nothing to show for it: its attention is in the Windows tab. Explain and Test it work as for any model."
      : "Heads, Rollout and Layers have nothing to show for it. Explain (by Grad-CAM) and Test it work as for any model.";
    $(".windows").hidden = !windows;
    $(".switch").hidden = !other;
    if (!other) return;
    $(".switch").textContent = `Look at ${other.name}`;
    $(".switch").onclick = () => store.set("wish", { model: other.name });
  }

  function show(/** @type {import("../state").State} */ state) {
    root.classList.toggle("waiting", !fits(state));
    if (!fits(state)) return;
    $(".numbers").textContent = answer.what;
    fill($(".stages"), answer.stages, ({ side, channels, strongest, maps, mean }, index) => {
      const figure = make("figure");
      const [all, average] = [decode(maps), decode(mean)];
      const grid = make("div", "grid");
      grid.append(tile(average.data, side, LARGE, `Stage ${index + 1}, mean over ${channels} channels`));
      strongest.forEach((channel, k) => {
        grid.append(
          tile(
            all.data.subarray(k * side * side, (k + 1) * side * side),
            side,
            SMALL,
            `Stage ${index + 1}, channel ${channel + 1}`,
          ),
        );
      });
      const scales = make("div", "scales");
      scales.append(scale(255 * average.scale), scale(255 * all.scale));
      figure.append(
        make("figcaption", "", `Stage ${index + 1}: ${side} × ${side}, ${channels} channels`),
        grid,
        scales,
      );
      return figure;
    });
  }

  function tile(bytes, side, size, words) {
    const canvas = make("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", words);
    canvas.title = words;
    clearCanvas(canvas, size, size).drawImage(matrixImage(bytes, side, side, sequential, 0, 255), 0, 0, size, size);
    return canvas;
  }

  function scale(high) {
    const line = make("div", "vx-scale");
    line.append(make("span", "", "0"), make("i", "sequential"), make("span", "", format.small(high)));
    return line;
  }

  $(".windows").addEventListener("click", () => openTab("windows"));

  function draw(/** @type {import("../state").State} */ state) {
    if (!views.ready(state)) return;
    $(".vx-panel").hidden = Boolean(state.trace.attention);
    if (state.trace.attention) return;
    explain(state);
    ask(state);
    show(state);
  }

  saveScreen($(".vx-panel"), "activations");
  return { topics: ["model", "trace", "catalogue"], draw };
});
