/* What the Classify tab says of its results: a block for each model, and what reached the models. */
import { ranked, TOP } from "../core/answers.js";
import { decode } from "../core/arrays.js";
import { clearCanvas, rgbImage } from "../core/draw.js";
import { barCells, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { judge } from "../core/verdict.js";
import { testedOn } from "./classify-words.js";

const SIDE = 128; // CSS pixels of a picture on a card
const NBSP = "\u00a0";

/** A model's name, its accuracy and, once it has answered, its first guesses; before that, the same places empty. */
export function modelBlock(model, labels) {
  const block = make("section", "model");
  block.setAttribute("aria-label", `${model.title}, ${model.name}`);
  const name = make("div", "name");
  name.append(make("strong", "", model.short), make("span", "vx-soft vx-small", model.name));
  name.title = model.title;
  const tested = make("p", "vx-small vx-soft");
  tested.textContent = testedOn(model).replace(" %", `${NBSP}%`) || "no test accuracy on its card";
  if (model.n_test) tested.title = `${format.count(model.n_test)} test pictures`;
  const bars = make("div", "vx-bars");
  const below = make("p", "vx-small below", NBSP);
  const time = make("p", "vx-small vx-soft", NBSP);
  block.append(name, tested, bars, below, time);
  if (!model.probabilities) {
    for (let k = 0; k < TOP; k++) bars.append(make("span", "", NBSP), make("div", "bar"), make("span"));
    return block;
  }
  const best = ranked(model);
  best.forEach(({ name: guess, p }, rank) => bars.append(...barCells(guess, p, rank ? "" : "first")));
  const { state } = judge(model.classes, model.probabilities, labels);
  if (state === "right" || state === "wrong")
    name.append(make("span", state === "right" ? "tag good" : "tag bad", state));
  fill(below, doubt(best), (text) => make("span", "", text));
  time.textContent = `forward pass here: ${format.milliseconds(model.seconds)}`;
  time.title = `one picture alone, after a warm-up; median of ${model.timed_passes} passes`;
  return block;
}

/** How sure a model is, and its next guess: a line each. */
function doubt([first, second]) {
  const next = second ? [`next guess: ${second.name} ${format.probability(second.p).replaceAll(" ", NBSP)}`] : [];
  return [`${format.probability(first.p)} confident${second ? "; " : ""}`, ...next];
}

/** What really went into the models: one image for all that received the same pixels. */
export function views(results, title) {
  const groups = new Map();
  for (const { pixels, name } of results) {
    const [size] = pixels.shape;
    if (!groups.has(pixels.data)) groups.set(pixels.data, { pixels, size, names: [] });
    groups.get(pixels.data).names.push(name);
  }
  return [...groups.values()].map(({ pixels, size, names }) => {
    const figure = make("figure");
    const canvas = make("canvas");
    const side = size * Math.max(1, Math.floor(SIDE / size)); // whole screen pixels for each of the model's
    const many = groups.size === 1 ? "what the models see" : `what ${names.length} models see`;
    const caption = `${names.length > 1 ? many : `what ${names[0]} sees`}: ${size} × ${size} pixels`;
    figure.title = names.join(", ");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${title}: ${caption}`);
    clearCanvas(canvas, side, side).drawImage(rgbImage(decode(pixels).data, size, size), 0, 0, side, side);
    figure.append(canvas, make("figcaption", "vx-soft vx-small", caption));
    return figure;
  });
}

/** The place of that image until it comes. */
export function waitingView() {
  const figure = make("figure");
  figure.append(make("div", "blank"), make("figcaption", "vx-soft vx-small", NBSP));
  return figure;
}
