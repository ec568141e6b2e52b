/* The logit lens, drawn from the trace, and the heads' distances. */

import { best } from "../core/arrays.js";
import { colour, inkOn, sequential } from "../core/colours.js";
import { clearCanvas, outline } from "../core/draw.js";
import { barCells } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { byHand } from "../core/hand.js";
import { headless } from "../core/headless.js";
import { inLink } from "../core/link.js";
import { at } from "../core/pointer.js";
import { saveMenu } from "../core/save.js";
import { integer, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import * as views from "../core/views.js";
import { widget } from "../core/widget.js";
import * as attention from "./data.js";
import * as reach from "./layers-reach.js";
import { LAYERS } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const CLASSES = 6; // in the chart and in the bars
  const ROW = 26; // px of the chart
  const NAMES = 84; // px for them
  let depth = null; // after which block; null: after the last
  let head = null; // {layer, head} that is pointed at

  const label = (at, last) => (at === 0 ? "embedding" : at === last ? `layer ${at}, the answer` : `layer ${at}`);
  const shownDepth = (lens) => (depth === null ? lens.length - 1 : Math.min(depth, lens.length - 1));

  /** The classes with the highest probability anywhere; the final answer first. */
  function ranked(lens) {
    const final = lens.at(-1);
    const peak = final.map((_, i) => Math.max(...lens.map((row) => row[i])));
    const kept = peak
      .map((_, i) => i)
      .sort((a, b) => peak[b] - peak[a])
      .slice(0, CLASSES);
    return kept.sort((a, b) => final[b] - final[a]);
  }

  const even = (seen) => reach.uniform(seen.grid, seen.patchSize);

  // ---- the lens ------------------------------------------------------------------------------------------------
  function drawHeat(lens, order, classes) {
    const width = $(".lens").clientWidth;
    const height = ROW * (order.length + 1);
    const cell = (width - NAMES) / lens.length;
    const context = clearCanvas($(".heat"), width, height);
    context.font = "13px system-ui, sans-serif";
    context.textBaseline = "middle";
    order.forEach((index, row) => {
      const y = ROW * (row + 0.5);
      context.textAlign = "left";
      context.fillStyle = inkOf("--vx-text");
      context.fillText(classes[index], 0, y, NAMES - 6);
      context.textAlign = "center";
      lens.forEach((shares, at) => {
        const x = NAMES + at * cell;
        context.fillStyle = colour(sequential, shares[index], 0, 1);
        context.fillRect(x + 1, y - ROW / 2 + 1, cell - 2, ROW - 2);
        context.fillStyle = inkOn(sequential, shares[index], 0, 1);
        if (cell > 26) context.fillText((100 * shares[index]).toFixed(cell > 46 ? 1 : 0), x + cell / 2, y, cell - 4);
      });
    });
    context.fillStyle = inkOf("--vx-soft");
    lens.forEach((_, at) =>
      context.fillText(
        at ? String(at) : cell > 70 ? "embedding" : "emb.",
        NAMES + (at + 0.5) * cell,
        ROW * (order.length + 0.5),
        cell,
      ),
    );
    context.textAlign = "left";
    context.fillText("after layer", 0, ROW * (order.length + 0.5), NAMES - 6);
    const at = shownDepth(lens);
    outline(context, NAMES + at * cell, 1, cell, ROW * order.length - 2, inkOf("--vx-accent"), 2);
    const said = lens.map(
      (shares, i) =>
        `${label(i, lens.length - 1)}: ${classes[best(shares)]} ${format.probability(Math.max(...shares))}`,
    );
    $(".heat").setAttribute("aria-label", `Probability of the top classes after each layer. ${said.join("; ")}`);
  }

  function drawBars(lens, order, classes) {
    const shares = lens[shownDepth(lens)];
    const bars = $(".vx-bars");
    const key = order.map((i) => classes[i]).join();
    if (bars.dataset.of !== key) {
      bars.dataset.of = key;
      bars.replaceChildren(...order.flatMap((i) => barCells(classes[i], 0)));
    }
    order.forEach((i, row) => {
      // the same elements, so that the bars move
      const [name, bar, number] = [0, 1, 2].map((cell) => bars.children[3 * row + cell]);
      bar.firstChild.style.width = `${100 * shares[i]}%`;
      number.textContent = format.probability(shares[i]);
      for (const cell of [name, number]) cell.style.fontWeight = i === best(shares) ? "650" : "";
    });
  }

  /** From which block on the head says what it says at the end. */
  function forms(lens, classes) {
    const final = best(lens.at(-1));
    let since = lens.length - 1;
    while (since > 0 && best(lens[since - 1]) === final) since--;
    const before =
      since > 0
        ? `; just before, ${classes[best(lens[since - 1])]} led (${format.probability(Math.max(...lens[since - 1]))})`
        : "";
    return `${format.capital(classes[final])} leads from ${since ? `layer ${since}` : "the embedding"} on (${format.probability(lens[since][final])} there, ${format.probability(lens.at(-1)[final])} at the end)${before}.`;
  }

  function step(at) {
    const seen = attention.view(store.state);
    if (!seen) return;
    depth = at === seen.lens.length - 1 ? null : at;
    drawLens(store.state, seen);
  }

  function drawLens({ trace }, { lens }) {
    if (headless($(".lens"), { trace })) return;
    const order = ranked(lens);
    $(".depth").max = lens.length - 1;
    $(".depth").value = shownDepth(lens);
    $(".where").textContent = label(shownDepth(lens), lens.length - 1);
    $(".depth").setAttribute("aria-valuetext", $(".where").textContent);
    drawHeat(lens, order, trace.classes);
    drawBars(lens, order, trace.classes);
    $(".forms").textContent = forms(lens, trace.classes);
  }

  inLink(
    root,
    {
      block: setting(
        integer(0, 999),
        () => depth,
        (value) => (depth = value),
        () => (attention.view(store.state) || { lens: [] }).lens.length - 1,
      ),
    },
    () => draw(store.state),
  );
  $(".depth").addEventListener("input", (event) => step(Number(event.target.value)));
  for (const kind of ["pointermove", "pointerdown"]) {
    $(".heat").addEventListener(kind, (event) => {
      const seen = attention.view(store.state);
      if (!seen) return;
      const width = $(".lens").clientWidth;
      const next = Math.floor(((at(event, $(".heat"))[0] - NAMES) / (width - NAMES)) * seen.lens.length);
      if (next >= 0 && next < seen.lens.length && next !== shownDepth(seen.lens)) step(next);
    });
  }

  // ---- distances -----------------------------------------------------------------------------------------------
  function drawReach(seen) {
    reach.draw($(".dots"), seen, even(seen), head);
    const one = head && reach.heads(seen).find(({ layer, head: h }) => layer === head.layer && h === head.head);
    $(".told").textContent = one
      ? `Layer ${one.layer + 1}, head ${one.head + 1}: ${format.pixels(one.pixels, 2)}, ${format.percent(one.pixels / even(seen), 0)} of uniform; entropy ${one.bits.toFixed(2)} of ${Math.log2(seen.n).toFixed(2)} bits.`
      : byHand("Point at a dot for its head; arrow keys go from head to head.");
  }

  function choose(next) {
    if ((next && next.layer) === (head && head.layer) && (next && next.head) === (head && head.head)) return;
    head = next;
    drawReach(attention.view(store.state));
  }

  for (const kind of ["pointermove", "pointerdown"]) {
    $(".dots").addEventListener(kind, (event) => {
      const seen = attention.view(store.state);
      if (seen) choose(reach.headAt($(".dots"), seen, even(seen), event));
    });
  }
  $(".dots").addEventListener("pointerleave", () => attention.view(store.state) && choose(null));
  $(".dots").addEventListener("keydown", (event) => {
    const seen = attention.view(store.state);
    const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -seen.heads, ArrowDown: seen.heads }[event.key];
    if (!seen || !move) return;
    event.preventDefault();
    const all = seen.layers * seen.heads;
    const from = head ? head.layer * seen.heads + head.head : move > 0 ? -1 : all;
    const to = Math.max(0, Math.min(all - 1, from + move));
    choose({ layer: Math.floor(to / seen.heads), head: to % seen.heads });
  });

  saveMenu($(".vx-panel"), server, () => (views.ready(store.state) ? views.request(store.state) : null), {
    npz: "lens, distance, entropy",
  });

  function draw(/** @type {import("../state").State} */ state) {
    if (!views.ready(state)) return;
    const seen = attention.view(state);
    $(".vx-panel").hidden = !seen;
    if (!seen) return;
    if (head && (head.layer >= seen.layers || head.head >= seen.heads)) head = null;
    drawLens(state, seen);
    drawReach(seen);
    $(".even span").textContent = `attention to all patches alike: ${format.pixels(even(seen), 2)}`;
    $(".verdict").textContent = reach.verdict(seen, even(seen));
    $(".dots").setAttribute("aria-label", `Mean attention distance of each head. ${$(".verdict").textContent}`);
  }

  offer(root, server, LAYERS);
  return { topics: ["model", "trace"], draw };
});
