/* One contender's card: its test accuracy, its position maps and the probe picture with its map over it. */
import { diverging } from "../core/colours.js";
import { clearCanvas, matrixImage } from "../core/draw.js";
import { make } from "../core/elements.js";
import * as format from "../core/format.js";
import { verdict } from "../core/layout-words.js";
import { calm } from "../core/theme.js";
import * as words from "./words.js";

const FORM = 280; // ms in which one snapshot becomes the next
const DIM = 0.3; // of the picture's light where the map is 0
const SHAPES = ["M7 1a6 6 0 1 0 .01 0z", "M1.7 1.7h10.6v10.6H1.7z", "M7 .8l6.4 11.8H.6z", "M7 0l7 7-7 7-7-7z"];

/** The element of a card and its parts. */
export function build(contender) {
  const element = make("div", "card");
  element.setAttribute("role", "listitem");
  element.style.setProperty("--ink", `var(--vx-run-${contender.index % 4})`);
  const name = make("div", "name");
  name.innerHTML = `<svg viewBox="0 0 14 14" aria-hidden="true"><path d="${SHAPES[contender.index % 4]}"></path></svg>`;
  name.append(make("span", "", contender.label));
  const parts = {
    element,
    accuracy: make("div", "accuracy"),
    of: make("div", "of"),
    going: make("div", "going"),
    recipe: make("div", "recipe"),
    maps: make("canvas"),
    none: make("div", "none"),
    structure: make("figcaption"),
    probe: make("canvas"),
    answer: make("figcaption"),
    reads: make("div", "reads"),
    keep: make("div", "keep"),
  };
  parts.maps.setAttribute("role", "img");
  parts.probe.setAttribute("role", "img");
  parts.going.append(make("div"), make("div"));
  const numbers = make("div", "numbers");
  numbers.append(name, parts.accuracy, parts.of, parts.going);
  const views = make("div", "views");
  views.append(
    figure("Position maps", [parts.maps, parts.none], parts.structure),
    figure("Probe picture", [parts.probe], parts.answer),
  );
  const below = make("div", "below");
  below.append(parts.reads, parts.recipe, parts.keep);
  element.append(numbers, views, below);
  return { ...parts, shown: { snapshot: undefined }, motion: 0 };
}

function figure(title, inside, caption) {
  const [box, hold] = [make("figure"), make("div", "hold")];
  hold.append(...inside);
  box.append(make("div", "called", title), hold, caption);
  return box;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// ---- numbers ---------------------------------------------------------------------------------------------------
export function numbers(card, contender, contenders, snapshot, at) {
  const test =
    at === null
      ? contender.tests.at(-1)
      : snapshot && snapshot.test_accuracy !== null
        ? { accuracy: snapshot.test_accuracy }
        : null;
  const whole = at === null && contender.finished ? contender.finished.test_accuracy : null;
  const accuracy = whole !== null ? whole : test ? test.accuracy : null;
  const key = accuracy === null ? "" : format.percent(accuracy);
  if (card.accuracy.dataset.value !== key) {
    card.accuracy.dataset.value = key;
    card.accuracy.replaceChildren(accuracy === null ? "–" : (100 * accuracy).toFixed(1), make("small", "", " %"));
  }
  const { info } = contender;
  const measured = !info ? null : whole !== null ? info.n_test : info.n_measured;
  write(card.of, accuracy === null || !measured ? "test pictures right" : `on ${format.count(measured)} test pictures`);
  write(card.recipe, recipeLine(contender));
  going(card, contender, contenders, at === null ? null : snapshot);
}

function recipeLine({ recipe, info, lr_changes: changes }) {
  const weights = info ? `${format.short(info.parameters)} weights · ` : "";
  return (
    weights +
    words.recipe(recipe) +
    ` · on the ${words.device(recipe.device)}` +
    (changes.length ? ` · rate now × ${changes.at(-1)[1]}` : "")
  );
}

/** Where it is, and how fast; or at a moment of the scrubber, when that was. */
function going(card, contender, contenders, moment) {
  const { now, finished, failed } = contender;
  const [first, second] = card.going.children;
  card.going.classList.toggle("bad", Boolean(failed) && !moment);
  const say = (place, pace) => {
    write(first, place);
    write(second, pace);
  };
  if (moment)
    return say(
      `epoch ${format.epoch(moment.epoch)} of ${contender.recipe.epochs}`,
      `after ${format.duration(moment.seconds)} of training`,
    );
  if (failed) return say(failed, "");
  if (finished)
    return say(
      words.progress(contender),
      `${format.duration(finished.seconds)} · ${format.count(finished.images / finished.seconds)} img/s`,
    );
  return say(
    words.progress(contender),
    now ? `${words.remaining(contender, contenders)} · ${format.count(now.images_per_second)} img/s` : "",
  );
}

// ---- pictures --------------------------------------------------------------------------------------------------
/** Show a snapshot; what is seen now turns into it in a moment. */
export function show(card, contender, snapshot, { limit, picture, side, names, truth, screen }) {
  const key = [snapshot && snapshot.step, limit, side, picture !== null, screen].join();
  if (card.shown.key === key) return;
  const before = card.shown.snapshot;
  const moving = before && snapshot && before.step !== snapshot.step && card.shown.side === side && !calm();
  card.shown = { key, snapshot, side };
  card.element.style.setProperty("--side", `${side}px`);
  cancelAnimationFrame(card.motion);
  captions(card, contender, snapshot, names, truth);
  const began = performance.now();
  const frame = (time) => {
    const t = moving ? Math.min(1, Math.max(0, (time - began) / FORM)) : 1;
    maps(card, snapshot, before, t, limit, side);
    probe(card, snapshot, before, t, picture, side);
    if (t < 1) card.motion = requestAnimationFrame(frame);
  };
  frame(began);
}

/** Numbers between two packed arrays of one shape. */
function between(from, to, t) {
  const values = Float32Array.from(to.data, (value) => value * to.scale);
  if (t < 1 && from && from.data.length === values.length)
    for (let k = 0; k < values.length; k++) values[k] += (1 - t) * (from.data[k] * from.scale - values[k]);
  return values;
}

/** All maps as one grid: the map of each place that is shown, at its place. */
function maps(card, snapshot, before, t, limit, side) {
  const positions = snapshot && snapshot.positions;
  card.maps.hidden = !positions;
  if (!positions) return;
  const [down, across, rows, cols] = positions.maps.shape;
  const values = between(before && before.positions && before.positions.maps, positions.maps, t);
  const image = matrixImage(values, down * across * rows, cols, diverging, -limit, limit);
  const context = clearCanvas(card.maps, side, side);
  const ratio = window.devicePixelRatio || 1;
  const step = side / Math.max(down, across);
  const gap = Math.max(1, Math.round(step / 12));
  const snap = (x) => Math.round(x * ratio) / ratio;
  for (let i = 0; i < down * across; i++) {
    const [y, x] = [snap(Math.floor(i / across) * step), snap((i % across) * step)];
    context.drawImage(image, 0, i * rows, cols, rows, x, y, snap(x + step) - x - gap, snap(y + step) - y - gap);
  }
}

/** The picture, lit where the map is high. */
function probe(card, snapshot, before, t, picture, side) {
  const context = clearCanvas(card.probe, side, side);
  if (!picture || !picture.complete || !picture.naturalWidth) return;
  context.drawImage(picture, 0, 0, side, side);
  if (!snapshot) return;
  const [rows, cols] = snapshot.map.shape;
  const values = between(before && before.map, snapshot.map, t);
  const highest = Math.max(...values) || 1;
  const [w, h] = [side / cols, side / rows];
  for (let k = 0; k < values.length; k++) {
    context.fillStyle = `rgba(8, 10, 14, ${((1 - DIM) * (1 - values[k] / highest)).toFixed(3)})`;
    const [x, y] = [Math.round((k % cols) * w), Math.round(Math.floor(k / cols) * h)];
    context.fillRect(x, y, Math.round((k % cols) * w + w) - x, Math.round(Math.floor(k / cols) * h + h) - y);
  }
}

function captions(card, contender, snapshot, names, truth) {
  const { recipe } = contender;
  write(
    card.none,
    snapshot && !snapshot.positions
      ? recipe.model === "cnn"
        ? "A CNN has none: it works on rows and columns."
        : "It has none: to it, patches have no order."
      : "",
  );
  card.structure.replaceChildren();
  card.answer.replaceChildren();
  if (!snapshot) return;
  if (snapshot.positions) {
    const { plane, of, maps } = snapshot.positions;
    const score = plane && format.decimal(plane.two_d);
    const shown = maps.shape[0] * maps.shape[1];
    if (plane) {
      const { row, column } = plane;
      card.structure.append("Knows");
      for (const part of [`rows ${format.decimal(row)},`, `columns ${format.decimal(column)}`])
        card.structure.append(" ", make("span", "part", part));
      card.structure.append(" of 1");
      card.structure.title = `How well a patch's row and column can be read off its position; the smaller is the 2D score. ${verdict(plane)}`;
    }
    if (shown < of) card.structure.append(plane ? "; " : "", `${shown} of ${format.count(of)} places`);
    card.maps.setAttribute(
      "aria-label",
      `Similarity maps of the position embeddings${plane ? `, 2D score ${score}. ${verdict(plane)}` : ""}`,
    );
  }
  const name = names ? names[snapshot.answer] : `class ${snapshot.answer}`;
  const right = truth && name === truth;
  card.answer.append(
    make("b", right ? "right" : "wrong", `${right ? "✓" : "✗"} ${name}`),
    ` ${format.probability(snapshot.probability)}`,
  );
  card.probe.setAttribute(
    "aria-label",
    `Probe picture, ${truth}; the model says ${name}, ${format.probability(snapshot.probability)}`,
  );
  write(card.reads, contender.words || "");
}
