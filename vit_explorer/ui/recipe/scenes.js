/* What an ingredient does, drawn: pictures before and after, mixtures, a batch, a loss, branches that are dropped. */

import { best, decode } from "../core/arrays.js";
import { clearCanvas, outline, rgbImage } from "../core/draw.js";
import { make } from "../core/elements.js";
import * as format from "../core/format.js";
import { byHand } from "../core/hand.js";
import { inkOf } from "../core/theme.js";

const LARGEST = 188; // px of a picture
const GAP = 14; // px between two
const THUMB = 66; // px of a further roll
const DROPPED = "#05070a"; // a branch that went dark, in both themes

/** RGB bytes of a payload, drawn large with hard pixels. */
function picture(canvas, packed, side) {
  const { data, shape } = decode(packed);
  const context = clearCanvas(canvas, side, side);
  context.imageSmoothingEnabled = shape[0] > side;
  context.drawImage(rgbImage(data, shape[0], shape[1]), 0, 0, side, side);
  canvas.setAttribute("role", "img");
  return context;
}

/** A step as a figure: the picture, the box in it and what was done. */
function figure({ pixels, done, box }, size, side, lines) {
  const [made, canvas] = [make("figure"), make("canvas")];
  const context = picture(canvas, pixels, side);
  const scale = side / size;
  if (box) outline(context, box[1] * scale, box[0] * scale, box[3] * scale, box[2] * scale, inkOf("--vx-accent"), 2);
  canvas.setAttribute("aria-label", lines.join(", ") || done);
  made.style.width = `${side}px`;
  made.append(canvas, ...lines.map((line, k) => make("figcaption", k ? "vx-soft" : "", line)));
  return made;
}

const sideFor = (scene, n) => Math.floor(Math.min(LARGEST, (scene.clientWidth - (n - 1) * GAP) / n));

export function pictures(scene, { steps, size }) {
  const side = sideFor(scene, steps.length);
  const row = make("div", "row");
  row.append(...steps.map((step, k) => figure(step, size, side, k ? [step.done] : ["before", step.done])));
  scene.replaceChildren(row);
}

export function mix(scene, { ingredient, steps, size, labels, share, classes, spread, draws, strength }) {
  const side = sideFor(scene, 3);
  const row = make("div", "row");
  const named = ({ index, known }) => `${known ? "label" : "answer"}: ${classes[index]}`;
  const words = [
    [`${format.probability(share)} · ${named(labels[0])}`, steps[0].done],
    [`${format.probability(1 - share)} · ${named(labels[1])}`, steps[1].done],
    ["mixed"],
  ];
  row.append(...steps.map((step, k) => figure(step, size, side, words[k])));
  const [made, canvas] = [make("figure", "spread"), make("canvas")];
  const cut =
    ingredient === "cutmix" ? " What hangs over the edge is cut off, so more is left than Beta(α, α) drew." : "";
  made.append(
    canvas,
    make(
      "figcaption",
      "vx-soft",
      `Share left of the picture, 0 to 100 %: ${draws} draws with α = ${strength}, and this one.${cut}`,
    ),
  );
  scene.replaceChildren(row, made);
  histogram(canvas, scene.clientWidth, spread, share);
}

/** How shares spread over 0 to 1, and where this one is. */
function histogram(canvas, width, spread, share) {
  const height = 32;
  const context = clearCanvas(canvas, width, height);
  const [high, step] = [Math.max(...spread), width / spread.length];
  context.fillStyle = inkOf("--vx-soft");
  spread.forEach((part, k) =>
    context.fillRect(
      k * step + 1,
      height - 1 - (part / high) * (height - 6),
      step - 2,
      (part / high) * (height - 6) + 1,
    ),
  );
  context.fillStyle = inkOf("--vx-accent");
  context.fillRect(Math.min(width - 3, Math.max(0, share * width - 1.5)), 0, 3, height);
  const at = (more) => Math.round((100 * (spread.indexOf(high) + more)) / spread.length);
  canvas.setAttribute("role", "img");
  canvas.setAttribute(
    "aria-label",
    `Shares of many draws, most of them at ${at(0)} to ${at(1)} %; this one is ${format.probability(share)}`,
  );
}

export function smoothing(scene, { steps, size, strength, loss, hard, even, lowest, target, label, classes }) {
  const side = sideFor(scene, 3);
  const row = make("div", "row");
  const formula = make("div", "formula");
  const three = (x) => x.toFixed(3);
  formula.append(
    make("p", "vx-small", "loss = (1 − s) · (−log p(label)) + s · mean of −log p over all classes"),
    make(
      "p",
      "vx-number terms",
      `= ${(1 - strength).toFixed(2)} · ${three(hard)} + ${strength.toFixed(2)} · ${three(even)}`,
    ),
    make("p", "vx-number loss", `= ${three(loss)}`),
    make(
      "p",
      "vx-small vx-soft",
      `Without smoothing ${three(hard)}. No answer can have less than ${three(lowest)} under this target; the one that has it says ${classes[label.index]} ${format.probability(target[label.index])}.`,
    ),
  );
  row.append(figure(steps[0], size, side, [steps[0].done]), formula);
  scene.replaceChildren(row);
}

export function batch(scene, { cells, strength, classes, augmented }) {
  const groups = make("div", "groups");
  const across = Math.max(1, Math.floor((scene.clientWidth < 450 ? 3 : 6) / strength));
  const side = Math.floor(
    Math.min(strength === 4 ? 58 : 84, (scene.clientWidth - 12 * across) / (across * strength) - 5),
  );
  for (let first = 0; first < cells.length; first += strength) {
    const [group, row] = [make("div", "group"), make("div", "row")];
    row.append(
      ...cells.slice(first, first + strength).map((cell) => {
        const [made, canvas] = [make("figure"), make("canvas")];
        picture(canvas, cell.pixels, side);
        canvas.setAttribute(
          "aria-label",
          `${cell.title}: ${classes[cell.answer]} ${format.probability(cell.probability)}`,
        );
        made.style.width = `${side}px`;
        made.title = canvas.getAttribute("aria-label");
        made.append(canvas, make("figcaption", cell.same ? "" : "turned", classes[cell.answer]));
        return made;
      }),
    );
    const title = make("div", "name vx-soft", cells[first].title);
    title.style.width = `${strength * (side + 4) - 4}px`;
    group.append(title, row);
    groups.append(group);
  }
  scene.replaceChildren(
    groups,
    make(
      "p",
      "vx-small vx-soft",
      `Each cell: crop and flip, RandAugment ${augmented.magnitude}, erasing ${augmented.erasing}. A crossed-out answer differs from the one for the unchanged picture.`,
    ),
  );
}

export function depth(scene, { kept, rates, pass }) {
  const grid = make("div", "layers");
  grid.style.gridTemplateColumns = `auto repeat(${rates.length}, minmax(34px, 1fr))`;
  const tight = scene.clientWidth / (rates.length + 1.3) < 64; // no room for words in a cell
  const cell = (style, text) => grid.append(make("div", style, text));
  cell("corner", "layer");
  rates.forEach((_, layer) => cell("name", String(layer + 1)));
  ["attention", "MLP"].forEach((branch, which) => {
    cell("side", branch);
    rates.forEach((rate, layer) => {
      const on = kept[pass][layer][which];
      const kind = `branch ${on ? "on" : "off"}`;
      cell(kind, on ? `${tight ? "" : "× "}${(1 / (1 - rate)).toFixed(2)}` : tight ? "–" : "dropped");
    });
  });
  cell("side", "rate");
  rates.forEach((rate) => cell("name", rate.toFixed(2)));
  scene.replaceChildren(
    grid,
    make(
      "p",
      "vx-small vx-soft",
      "The rate grows linearly from 0 in the first layer. Each branch is drawn for itself; tokens pass a dropped one unchanged.",
    ),
  );
}

export function none(scene) {
  scene.replaceChildren(
    make(
      "p",
      "none",
      "This network has no residual branches. What a convolution gives is all that the next one gets, so nothing can be dropped and the picture still come through. Choose a ViT or a Swin in the frame.",
    ),
  );
}

// ---- below: further draws --------------------------------------------------------------------------------------
/** New buttons in place of the old; the one in the place of that with the focus gets it. */
function refill(below, words, row) {
  const focused = [...below.querySelectorAll(".again")].indexOf(document.activeElement);
  below.replaceChildren(make("p", "vx-small vx-soft", words), row);
  if (focused >= 0 && row.children[focused]) row.children[focused].focus({ preventScroll: true });
}

/** The outcomes of the next seeds; clicking one takes its seed. */
export function rolls(below, { rolls: found, before, classes, kind }, take) {
  const top = best(before);
  const same = found.filter(({ answer }) => answer === top).length;
  const row = make("div", "row");
  row.append(
    ...found.map(({ seed, pixels, answer, probability }) => {
      const [button, canvas] = [make("button", "again"), make("canvas")];
      button.type = "button";
      picture(canvas, pixels, THUMB);
      canvas.removeAttribute("role");
      button.title = `Take roll ${seed}: ${classes[answer]} ${format.probability(probability)}`;
      button.append(canvas, make("span", answer === top || kind === "mix" ? "" : "turned", classes[answer]));
      button.addEventListener("click", () => take(seed));
      return button;
    }),
  );
  refill(
    below,
    byHand(
      `The next ${found.length} rolls, with the model's answer: ${same} ${same === 1 ? "keeps" : "keep"} ${classes[top]}. Click one to take it.`,
    ),
    row,
  );
}

export const chancesOf = ({ passes: packed, before }, pass) => [
  ...decode(packed).data.subarray(pass * before.length, (pass + 1) * before.length),
];

/** All passes, small: a column a layer, attention above MLP, dropped ones dark. Clicking one looks at it. */
export function passes(below, { kept, before, classes, passes: packed, pass: looked }, look) {
  const top = best(before);
  const row = make("div", "row passes");
  row.append(
    ...kept.map((layers, pass) => {
      const answer = best(chancesOf({ passes: packed, before }, pass));
      const [button, canvas] = [make("button", "again"), make("canvas")];
      const context = clearCanvas(canvas, 38, 18);
      layers.forEach((branches, layer) =>
        branches.forEach((on, which) => {
          const place = [(layer * 38) / layers.length + 0.5, which * 10 + 0.5, 38 / layers.length - 2, 8];
          context.fillStyle = on ? inkOf("--vx-key") : DROPPED;
          context.strokeStyle = inkOf("--vx-soft");
          context.fillRect(...place);
          if (!on) context.strokeRect(...place);
        }),
      );
      button.type = "button";
      button.title = `Pass ${pass + 1}: ${layers.flat().filter((on) => !on).length} branches dropped, ${classes[answer]}`;
      button.setAttribute("aria-pressed", String(pass === looked));
      button.append(canvas, make("span", answer === top ? "" : "turned", classes[answer]));
      button.addEventListener("click", () => look(pass));
      return button;
    }),
  );
  refill(
    below,
    byHand(`${kept.length} passes with draws of their own, and the answer of each. Click one to look at it.`),
    row,
  );
}
