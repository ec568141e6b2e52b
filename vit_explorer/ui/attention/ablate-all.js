/* Try all, in Test it: what each patch and each head costs when it alone goes, as two maps. A click takes it away above. */
import { decode } from "../core/arrays.js";
import { diverging } from "../core/colours.js";
import { clearCanvas, matrixImage, outline, patchInput } from "../core/draw.js";
import { beforeFrame } from "../core/elements.js";
import { byHand } from "../core/hand.js";
import { ARROWS, cellAt } from "../core/pointer.js";
import { saveScreen } from "../core/screen.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import * as views from "../core/views.js";
import { watched } from "../core/watch.js";
import * as words from "./ablate-all-words.js";

const CELL = 44; // px of a head, at most
const [LEFT, TOP] = [18, 14]; // px for the numbers of layers and heads
const APART = 13; // px between two numbers, at least
const MIXED = 0.8; // how much of the map covers the grey picture: its place is seen, its colour is read

/**
 * @param {HTMLElement} root
 * @param {import("../state").Server} server
 * @param {{baseline: () => string, erase: (patches: number[]) => void, mute: (layer: number, head: number) => void, changed: (state: import("../state").State) => void}} how `changed`: there are costs to mark
 */
export function tryAll(root, server, { baseline, erase, mute, changed }) {
  const all = root.querySelector(".all");
  const $ = (selector) => all.querySelector(selector);
  const button = root.querySelector(".try");
  const side = () => $(".patch-map").parentElement.clientWidth; // px of the map of patches, and of that of heads
  let tried = false; // whether it is asked for
  let asked = ""; // the newest question
  let answer = null; // {question, side, patches, heads, ...}
  let head = null; // [layer, head] that is pointed at

  const wanted = (state) => ({ ...views.request(state), baseline: baseline() });
  const fits = (state) => answer !== null && answer.question === JSON.stringify(wanted(state));
  const trying = watched(
    root,
    server,
    { work: "try_all", progress: "try_progress", leave: "leave_try" },
    ({ share }) => {
      if (share === null) $("progress").removeAttribute("value");
      else $("progress").value = share;
    },
  );

  async function begin(state) {
    const question = wanted(state);
    asked = JSON.stringify(question);
    const found = trying.begin(question);
    show(state);
    const told = await found;
    if (told) {
      const [patches, heads] = [told.patches, told.heads].map((one) => one && decode(one));
      answer = { ...told, patches, heads, question: JSON.stringify(question) };
    } else tried = false;
    show(store.state);
    changed(store.state);
  }

  button.addEventListener("click", () => {
    tried = !trying.waiting();
    if (tried) begin(store.state);
    else trying.leave();
    show(store.state);
  });

  // ---- pictures --------------------------------------------------------------------------------------------------
  /** Costs as a map in a place of the canvas; the legend beside it says where its colours end. */
  function paint(
    context,
    costs,
    legend,
    /** @type {{x: number, y: number, width: number, height: number}} */ { x, y, width, height },
  ) {
    const high = Math.max(...Array.from(costs.data, Math.abs), 1e-9);
    const [m, n] = costs.shape;
    const losses = costs.data.map((cost) => -cost);
    context.drawImage(matrixImage(losses, m, n, diverging, -high, high), x, y, width, height);
    $(`${legend} .low`).textContent = words.points(high);
    $(`${legend} .high`).textContent = words.points(-high);
  }

  function show(state) {
    const [here, waiting] = [fits(state), trying.waiting()];
    button.textContent = waiting ? "Stop" : "Try all";
    button.disabled = here && !waiting;
    all.hidden = !here && !waiting;
    $(".going").hidden = !waiting;
    $(".costs").hidden = !here;
    if (!here) return;
    const over = clearCanvas($(".patch-map"), side(), side());
    views.greyPicture(over, side(), state.trace.rgb.data, state.trace.size);
    over.globalAlpha = MIXED;
    paint(over, answer.patches, ".of-patches", { x: 0, y: 0, width: side(), height: side() });
    $(".patches-name").textContent =
      answer.side === 1 ? "Patches" : `Patches, ${answer.side} × ${answer.side} together`;
    $(".of-heads").hidden = !answer.heads;
    if (answer.heads) showHeads();
    const said = words.costMost(answer, state.trace.grid);
    $(".patch-map").setAttribute("aria-label", said);
    $(".head-map").setAttribute("aria-label", said);
    $(".most").textContent = said;
    $(".colours").textContent = words.colours(answer, state.trace.classes);
    $(".turning").textContent = words.turning(answer, state.trace.classes, state.trace.grid);
  }

  /** A row a layer, a column a head, with their numbers. */
  function showHeads() {
    const [width, height] = headSize();
    const [layers, heads] = answer.heads.shape;
    const context = clearCanvas($(".head-map"), LEFT + width, TOP + height);
    paint(context, answer.heads, ".of-heads", { x: LEFT, y: TOP, width, height });
    context.fillStyle = inkOf("--vx-soft");
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    const cell = width / heads;
    const every = Math.ceil(APART / cell);
    for (let k = 0; k < layers; k += every) context.fillText(String(k + 1), LEFT / 2, TOP + (k + 0.5) * cell);
    for (let k = 0; k < heads; k += every) context.fillText(String(k + 1), LEFT + (k + 0.5) * cell, TOP / 2);
    Object.assign($(".head-marks").style, { left: `${LEFT}px`, top: `${TOP}px` });
    $(".head-map").parentElement.style.height = `${TOP + height}px`;
  }

  const headSize = () => {
    const [layers, heads] = answer.heads.shape;
    const cell = Math.min(CELL, (side() - TOP) / layers, (side() - LEFT) / heads);
    return [cell * heads, cell * layers];
  };

  // ---- what is pointed at ------------------------------------------------------------------------------------------
  const write = beforeFrame((text) => {
    $(".found").textContent = text;
  });

  /** The square of patches around a token: [row, column], or null. */
  function squareOf({ trace, token }) {
    if (token === null || token < 0) return null;
    const cols = trace.grid[1];
    return [Math.floor(Math.floor(token / cols) / answer.side), Math.floor((token % cols) / answer.side)];
  }

  function mark(state) {
    if (!fits(state) || !state.trace) return;
    const [rows, cols] = answer.patches.shape;
    const context = clearCanvas($(".patch-marks"), side(), side());
    const square = squareOf(state);
    const ink = inkOf("--vx-query");
    const [w, h] = [side() / cols, side() / rows];
    if (square) outline(context, square[1] * w, square[0] * h, w, h, ink);
    if (answer.heads) {
      const [width, height] = headSize();
      const [layers, heads] = answer.heads.shape;
      const over = clearCanvas($(".head-marks"), width, height);
      if (head)
        outline(over, (head[1] * width) / heads, (head[0] * height) / layers, width / heads, height / layers, ink, 2);
    }
    if (head) write(words.headCost(answer, head));
    else if (square) write(words.patchCost(answer, square, state.trace.grid));
    else write(byHand("Point at a patch or a head for its number."));
  }

  patchInput($(".patch-marks"), () => (fits(store.state) ? store.get("trace").grid : null));
  const take = () => {
    const square = fits(store.state) && squareOf(store.state);
    if (square) erase(words.patchesOf(square, answer.side, store.get("trace").grid));
  };
  $(".patch-marks").addEventListener("click", take);
  $(".patch-marks").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    take();
  });

  function point(next) {
    head = next;
    mark(store.state);
  }
  const heads = $(".head-marks");
  const at = (event) => (fits(store.state) ? cellAt(event, heads, ...answer.heads.shape) : null);
  heads.addEventListener("pointermove", (event) => point(at(event)));
  heads.addEventListener("pointerleave", () => point(null));
  heads.addEventListener("blur", () => point(null));
  heads.addEventListener("click", (event) => {
    const found = at(event);
    if (found) mute(found[0], found[1]);
  });
  heads.addEventListener("keydown", (event) => {
    if (!fits(store.state)) return;
    if ((event.key === "Enter" || event.key === " ") && head) mute(head[0], head[1]);
    else if (event.key in ARROWS) {
      const from = head || [0, 0];
      point(
        from.map((one, axis) =>
          Math.max(0, Math.min(answer.heads.shape[axis] - 1, one + (head ? ARROWS[event.key][axis] : 0))),
        ),
      );
    } else return;
    event.preventDefault();
  });

  $(".told").prepend(saveScreen(all, "each alone", () => (answer ? words.rows(answer) : [])));

  return {
    mark,
    /** The squares of patches that cost most, to be outlined in the picture; none before they were tried. */
    costliest: (state) =>
      fits(state)
        ? words.costliestSquares(answer).map((square) => words.patchesOf(square, answer.side, state.trace.grid))
        : [],
    /** Whether it is on screen, for a link. */
    asked: () => tried,
    take: (wish) => (tried = wish),
    draw(state) {
      if (asked !== JSON.stringify(wanted(state))) trying.leave();
      if (!fits(state) && answer) tried = false; // another picture, model or baseline: it is asked for anew
      if (answer && !fits(state)) answer = null;
      if (tried && !answer && !trying.waiting()) begin(state);
      show(state);
      mark(state);
    },
  };
}
