/* A part of the picture or of the network taken away: the prediction and its maps before and after. */
import { best, decode } from "../core/arrays.js";
import { clearCanvas, patchInput, rgbImage } from "../core/draw.js";
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { question } from "../core/question.js";
import { saveMenu } from "../core/save.js";
import { flag, setting, words } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import * as overlays from "../core/views.js";
import { widget } from "../core/widget.js";
import { tryAll } from "./ablate-all.js";
import * as ablation from "./ablate-choices.js";
import { eraseMany } from "./ablate-order.js";
import { emptied, headline, rival } from "./ablate-words.js";
import { baselineButtons, LEFT } from "./baselines.js";
import { ABLATION } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const SIDE = 272; // px of the picture
  const SHOWN = 5; // classes
  const kept = ablation.choices(
    () => draw(store.state),
    () => store.get("coming")?.model ?? "",
  );
  let network = ""; // grid and heads that the choices are for
  let built = ""; // those that there are buttons for
  let answer = null; // the newest
  let views = []; // of the maps: {marks, side}
  let query = "";

  // ---- asking --------------------------------------------------------------------------------------------------
  const wanted = (/** @type {import("../state").State} */ state) => ({ ...overlays.request(state), ...kept.now() });
  const { ask, fits } = question(root, server, "test_prediction", {
    wanted,
    keep: (told, { trace }) => (answer = { ...told, of: trace }),
    draw,
  });
  /** Whether the answer is about this picture in this model, if not about all that was changed. */
  const near = (state) => fits(state) || (answer !== null && answer.of === state.trace);

  const all = tryAll(root, server, {
    baseline: () => kept.now().baseline,
    erase(patches) {
      const { erased } = kept.now();
      const others = erased.filter((patch) => !patches.includes(patch));
      const gone = patches.every((patch) => erased.includes(patch));
      kept.change({ erased: gone ? others : [...others, ...patches].sort((a, b) => a - b) });
    },
    mute: toggleHead,
    changed: mark,
  });

  const many = eraseMany(root, server, {
    erase(erased) {
      kept.change({ erased }); // heads stay muted, as where patches are erased by hand
      show(store.state); // also where just these were erased before, and nothing changes
    },
    answer: () => (near(store.state) ? answer : null),
  });

  // ---- controls ------------------------------------------------------------------------------------------------
  const tried = setting(flag, all.asked, (wish) => all.take(wish ?? false), false);
  const order = setting(
    words(40),
    () => store.get("explained"),
    (name) => store.set("explained", name),
  );
  const seen = setting(
    flag,
    () => $(".seen").open,
    (wish) => ($(".seen").open = wish ?? false),
    false,
  );
  inLink(root, { ...ablation.linked(kept), tried, order, maps: seen }, () => draw(store.state));
  $(".seen").addEventListener("toggle", () => {
    if (!fits(store.state)) return;
    maps(store.state);
    mark(store.state);
  });
  $(".undo").addEventListener("click", kept.undo);
  $(".reset").addEventListener("click", kept.reset);
  $(".shuffle").addEventListener("click", () =>
    kept.change({ shuffle: kept.now().shuffle === null ? 1 + Math.floor(Math.random() * 9999) : null }),
  );
  $(".positions").addEventListener("click", () => kept.change({ positions: !kept.now().positions }));
  const showBaseline = baselineButtons($(".baselines"), (baseline) => kept.change({ baseline }));
  ablation.brush($(".marks"), {
    grid: () => (store.get("trace") || { grid: null }).grid,
    erased: () => kept.now().erased,
    change: (erased, keep) => kept.change({ erased }, keep),
  });
  saveMenu($(".vx-panel"), server, () => (overlays.ready(store.state) ? wanted(store.state) : null), {
    npz: "probabilities, maps and the changed picture",
  });

  /** One toggle a head, for the layers and heads of this model. */
  function buildHeads(shape) {
    $(".mute").hidden = !shape;
    $(".heads").replaceChildren();
    if (!shape) return;
    const [layers, heads] = shape;
    for (let layer = 0; layer < layers; layer++) {
      const row = make("div", "layer");
      row.append(make("span", "", `layer ${layer + 1}`));
      for (let head = 0; head < heads; head++) {
        const button = make("button", "", String(head + 1));
        button.type = "button";
        button.title = `Mute layer ${layer + 1}, head ${head + 1}`;
        button.setAttribute("aria-label", button.title);
        Object.assign(button.dataset, { layer, head });
        button.addEventListener("click", () => toggleHead(layer, head));
        row.append(button);
      }
      $(".heads").append(row);
    }
  }

  const isMuted = (layer, head) => kept.now().muted.some(([l, h]) => l === layer && h === head);

  function toggleHead(layer, head) {
    const others = kept.now().muted.filter(([l, h]) => l !== layer || h !== head);
    kept.change({ muted: isMuted(layer, head) ? others : [...others, [layer, head]] });
  }

  function showChoices({ model, trace }) {
    const now = kept.now();
    showBaseline(now.baseline);
    for (const button of root.querySelectorAll(".heads button")) {
      button.setAttribute("aria-pressed", String(isMuted(Number(button.dataset.layer), Number(button.dataset.head))));
    }
    $(".shuffle").setAttribute("aria-pressed", String(now.shuffle !== null));
    $(".shuffle").textContent = now.shuffle === null ? "Shuffle" : `Shuffled · ${now.shuffle}`;
    $(".positions").setAttribute("aria-pressed", String(!now.positions));
    $(".positions").hidden = !model.positions;
    $(".undo").disabled = !kept.canUndo();
    $(".reset").disabled = kept.isEmpty();
    $(".readout").textContent = trace.attention
      ? "Maps: what the answer's token attends to. A muted head is left out of the mean over heads."
      : `Maps: Grad-CAM for ${trace.classes[best(trace.probabilities)]}, before and after.`;
  }

  // ---- the answer ----------------------------------------------------------------------------------------------
  function bars({ before, after }, classes) {
    const top = best(before);
    const order = before
      .map((p, i) => [Math.max(p, after[i]), i])
      .sort((a, b) => b[0] - a[0])
      .slice(0, SHOWN)
      .map(([, i]) => i);
    order.sort((a, b) => before[b] - before[a]);
    const head = ["", "", "before", "after", "points"].map((text) => make("span", "title", text));
    const cells = order.flatMap((i) => {
      const style = i === top ? "answer" : "";
      const both = make("div", "both");
      for (const [name, p] of [
        ["before", before[i]],
        ["after", after[i]],
      ]) {
        const bar = make("i", name);
        bar.style.width = `${100 * p}%`;
        both.append(bar);
      }
      const number = (text) => make("span", `vx-number ${style}`, text);
      return [
        make("span", style, classes[i]),
        both,
        number(format.probability(before[i])),
        number(format.probability(after[i])),
        number(format.signed(format.pointsBetween(before[i], after[i]), 1)),
      ];
    });
    $(".bars").replaceChildren(...head, ...cells);
  }

  function maps({ trace }) {
    const key = answer.maps.map(({ name }) => name).join();
    if ($(".maps").dataset.of !== key) buildMaps(key);
    if (!$(".seen").open) return; // painted once they are asked for
    answer.maps.forEach((map, index) => {
      const [before, after] = [decode(map.before).data, decode(map.after).data];
      const high = Math.max(...before, ...after);
      const figure = $(".maps").children[index];
      figure.querySelector(".high").textContent = format.small(high);
      const pixels = { before: trace.rgb.data, after: decode(answer.pixels).data };
      for (const [side, values] of [
        ["before", before],
        ["after", after],
      ]) {
        const view = views.find((one) => one.name === map.name && one.side === side);
        view.width = view.map.parentElement.clientWidth;
        overlays.overlay(view.map, view.width, pixels[side], trace.size, values, trace.grid, high);
        view.map.setAttribute("aria-label", `${map.title} ${side}, 0 to ${format.small(high)}`);
      }
    });
  }

  function buildMaps(key) {
    $(".maps").dataset.of = key;
    views = [];
    fill($(".maps"), answer.maps, ({ name, title }) => {
      const [figure, caption, pair] = [make("figure"), make("figcaption"), make("div", "pair")];
      caption.textContent = title;
      for (const side of ["before", "after"]) {
        const [cell, stack, map, marks] = [make("div"), make("div", "stack"), make("canvas"), make("canvas")];
        map.setAttribute("role", "img");
        marks.setAttribute("aria-label", `${title} ${side}: point at a patch to mark it everywhere`);
        patchInput(marks, () => (store.get("trace") || { grid: null }).grid);
        stack.append(map, marks);
        cell.append(stack, make("span", "", side));
        pair.append(cell);
        views.push({ name, side, map, marks, width: 0 });
      }
      const scale = make("div", "vx-scale");
      scale.append(make("span", "", "0"), make("i", "sequential"), make("span", "high"));
      figure.append(caption, pair, scale);
      return figure;
    });
  }

  function show(/** @type {import("../state").State} */ state) {
    const { trace } = state;
    root.classList.toggle("waiting", !fits(state));
    if (!near(state)) return;
    clearCanvas($(".scene"), SIDE, SIDE).drawImage(
      rgbImage(decode(answer.pixels).data, trace.size, trace.size),
      0,
      0,
      SIDE,
      SIDE,
    );
    const without = ablation.without(kept.now());
    $(".scene").setAttribute("aria-label", [trace.picture.title, without].filter(Boolean).join(". "));
    many.show(answer, kept.now());
    if (!fits(state)) return;
    many.note(answer, kept.now().erased);
    $(".outcome").textContent = headline(answer.before, answer.after, trace.classes, without);
    $(".changes").textContent =
      kept.now().erased.length === trace.grid[0] * trace.grid[1]
        ? emptied(LEFT[kept.now().baseline])
        : without
          ? rival(answer.before, answer.after, trace.classes)
          : "Erase a patch, mute a head or shuffle; or try each patch and each head alone.";
    bars(answer, trace.classes);
    maps(state);
  }

  // ---- the marked patch ----------------------------------------------------------------------------------------
  /** The grid, the erased patches, the marked one: all that moves under the pointer. */
  function mark(/** @type {import("../state").State} */ state) {
    const { trace, token } = state;
    if (!trace) return;
    const [rows, cols] = trace.grid;
    const [w, h] = [SIDE / cols, SIDE / rows];
    const context = clearCanvas($(".marks"), SIDE, SIDE);
    context.strokeStyle = "rgb(255 255 255 / 35%)";
    context.lineWidth = 1;
    context.beginPath();
    for (let col = 1; col < cols; col++) context.moveTo(col * w, 0), context.lineTo(col * w, SIDE);
    for (let row = 1; row < rows; row++) context.moveTo(0, row * h), context.lineTo(SIDE, row * h);
    context.stroke();
    for (const square of all.costliest(state)) overlays.outlineArea(context, SIDE, square, trace.grid);
    for (const patch of kept.now().erased) cross(context, (patch % cols) * w, Math.floor(patch / cols) * h, w, h);
    overlays.outlinePatch($(".marks"), SIDE, token, trace.grid, query, false);
    all.mark(state);
    if (fits(state))
      for (const { marks, width } of views.filter((one) => one.width))
        overlays.outlinePatch(marks, width, token, trace.grid, query);
  }

  function cross(context, x, y, w, h) {
    const edge = Math.min(w, h) * 0.36;
    for (const [ink, width] of [
      ["rgb(0 0 0 / 60%)", 3.5],
      ["#fff", 1.5],
    ]) {
      context.strokeStyle = ink;
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(x + edge, y + edge);
      context.lineTo(x + w - edge, y + h - edge);
      context.moveTo(x + w - edge, y + edge);
      context.lineTo(x + edge, y + h - edge);
      context.stroke();
    }
  }

  /** Choices are about patches and heads of one network, in a closed view too. */
  store.on("trace", ({ grid, attention }) => {
    const cut = `${grid} ${Boolean(store.state.model.positions)}`;
    kept.forget(!network || network.startsWith(`${cut} `));
    network = `${cut} ${attention?.shape}`;
  });

  function draw(/** @type {import("../state").State} */ state) {
    if (!overlays.ready(state)) return;
    const { trace } = state;
    const shape = trace.attention && trace.attention.shape;
    if (built !== network) buildHeads(shape);
    built = network;
    kept.keepInside(trace.grid[0] * trace.grid[1], shape);
    query = inkOf("--vx-query");
    $(".marks").setAttribute(
      "aria-label",
      `${trace.picture.title}, ${trace.grid[0]} by ${trace.grid[1]} patches: arrow keys move, Space erases or restores`,
    );
    showChoices(state);
    ask(state);
    show(state);
    all.draw(state);
    mark(state);
  }

  offer(root, server, ABLATION);
  return { topics: ["model", "trace", "explained", "scored"], draw, mark, predicts: true };
});
