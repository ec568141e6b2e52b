/* The maps of one prediction side by side, each with how far to believe it. */
import { decode } from "../core/arrays.js";
import { patchInput } from "../core/draw.js";
import { beforeFrame, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { saveMenu } from "../core/save.js";
import { among } from "../core/names.js";
import { latest } from "../core/server.js";
import { oneOf, setting, words } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { tokenName } from "../core/tokens.js";
import * as views from "../core/views.js";
import { watched } from "../core/watch.js";
import { widget } from "../core/widget.js";
import { baselineButtons, ERASED, LEFT } from "./baselines.js";
import { explainCurves } from "./explain-curves.js";
import { photo } from "./explain-photo.js";
import * as wording from "./explain-words.js";
import { EXPLAIN } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const PATIENCE = 150; // ms before the scores are asked for: who leafs through pictures does not wait for them
  const MEASURES = ["deletion", "insertion"];
  const RANDOM = {
    name: "random",
    title: "Random",
    words: "A map that knows nothing, one of several: the yardstick.",
    for_class: false,
  };
  const chosen = { of: "", target: null, baseline: "blurred" };
  let linked = null; // the name of the class of a link
  let asked = "";
  const askMaps = latest(server, "maps");
  const scoring = watched(root, server, { work: "scores", progress: "progress", leave: "leave" }, working);
  let answer = null; // {question, methods, ...}; with `fractions` once it is measured
  let tiles = []; // {name, element, map, marks, ranks}
  let built = ""; // the methods that the tiles are for
  let timer = 0;
  let stopped = false; // by the person, who may let them be measured after all
  const curves = explainCurves(root, light);

  // ---- asking --------------------------------------------------------------------------------------------------
  const wanted = (/** @type {import("../state").State} */ state) => ({
    ...views.request(state),
    target: chosen.target,
    baseline: chosen.baseline,
  });
  const fits = (/** @type {import("../state").State} */ state) =>
    answer !== null && answer.question === JSON.stringify(wanted(state));

  async function ask(/** @type {import("../state").State} */ state) {
    const request = wanted(state);
    const question = JSON.stringify(request);
    if (question === asked) return;
    asked = question;
    clearTimeout(timer);
    scoring.leave();
    stopped = false;
    root.classList.add("measuring");
    const { baseline: _, ...place } = request;
    const maps = await askMaps(place);
    if (!maps) return failed();
    answer = { ...maps, question };
    show(store.state);
    timer = setTimeout(() => measure(request, question), PATIENCE);
  }

  async function measure(request, question) {
    const scores = await scoring.begin(request);
    if (question !== asked) return; // another one is under way, whose maps have not come yet
    if (!scores) return failed();
    answer = { ...scores, question };
    show(store.state);
  }

  function working({ share, patches, n_patches: all }) {
    $(".work progress").hidden = share === null;
    $(".work progress").value = share || 0;
    $(".outcome").textContent =
      share === null
        ? "Waiting for the server to begin with the scores …"
        : `Scores: ${format.count(patches)} of ${format.count(all)} patches erased …`;
  }

  $(".halt").addEventListener("click", () => {
    if (!answer || !fits(store.state)) return;
    clearTimeout(timer); // it may not have begun yet
    stopped = !stopped;
    if (stopped) scoring.leave();
    else measure(wanted(store.state), answer.question);
    show(store.state);
  });

  function failed() {
    asked = ""; // the next choice or redraw asks again
    $(".work progress").hidden = $(".halt").hidden = true;
    root.classList.remove("measuring", "waiting");
    root.classList.toggle("empty", !fits(store.state)); // what is on screen belongs to another question
  }

  function takeLinked(trace) {
    const target = trace.classes.indexOf(linked);
    if (target >= 0) chosen.target = target === best(trace) ? null : target;
    linked = null;
  }

  inLink(
    root,
    {
      class: setting(
        words(),
        () => (chosen.target === null ? null : store.state.trace.classes[chosen.target]),
        (name) => ([chosen.target, linked] = [null, name]),
      ),
      baseline: setting(
        oneOf("blurred", "mean"),
        () => chosen.baseline,
        (baseline) => (chosen.baseline = baseline || "blurred"),
        "blurred",
      ),
    },
    () => draw(store.state),
  );
  $(".class").addEventListener("change", (event) => {
    chosen.target = event.target.value === "" ? null : Number(event.target.value);
    draw(store.state);
  });
  const showBaseline = baselineButtons($(".baselines"), (baseline) => {
    chosen.baseline = baseline;
    draw(store.state);
  });
  saveMenu($(".vx-panel"), server, () => (views.ready(store.state) ? wanted(store.state) : null), {
    npz: "every map and every curve, those of the random maps too",
  });

  // ---- the class -----------------------------------------------------------------------------------------------
  function listClasses({ trace }) {
    const truth = trace.classes.indexOf(among(trace.classes, trace.picture.labels));
    const of = `${trace.model} ${trace.picture.name} ${trace.fit} ${truth}`;
    if (of === chosen.of) return takeLinked(trace);
    Object.assign(chosen, { of, target: null });
    takeLinked(trace);
    const order = trace.probabilities.map((p, i) => [p, i]).sort((a, b) => b[0] - a[0]);
    order.sort((a, b) => Number(b[1] === truth) - Number(a[1] === truth) || b[0] - a[0]);
    order.sort((a, b) => Number(b[1] === best(trace)) - Number(a[1] === best(trace))); // the prediction, the label, the others
    fill($(".class"), order, ([p, i], rank) => {
      const note = rank === 0 ? " (predicted)" : i === truth ? " (its label)" : "";
      const option = make("option", "", `${trace.classes[i]} · ${format.probability(p)}${note}`);
      option.value = rank === 0 ? "" : String(i);
      return option;
    });
  }

  const best = ({ probabilities }) => probabilities.indexOf(Math.max(...probabilities));

  // ---- tiles ---------------------------------------------------------------------------------------------------
  const INKS = ["--vx-run-0", "--vx-run-1", "--vx-run-2", "--vx-run-3", "--vx-key"];
  const ink = (name, index) => inkOf(name === "random" ? "--vx-soft" : INKS[index]);

  function build(methods) {
    const key = methods.map(({ name }) => name).join();
    if (key === built) return;
    built = key;
    tiles = [...methods, RANDOM].map(({ name, title, words }) => {
      const [element, stack] = [make("figure", "tile"), make("div", "stack")];
      element.dataset.name = name;
      const label = make("button", "name");
      label.type = "button";
      label.append(make("i"), make("span", "", title));
      if (name === "random") label.title = words;
      else {
        label.title = `${words} Press it to erase in its order in Test it.`;
        label.addEventListener("click", () => store.set("explained", name));
      }
      const [map, marks] = [make("canvas", "map"), make("canvas", "marks")];
      map.setAttribute("role", "img");
      marks.setAttribute("aria-label", `${title}: point at a patch to mark it everywhere`);
      stack.append(map, marks);
      const scale = make("div", "vx-scale");
      scale.append(make("span", "", "0"), make("i", "sequential"), make("span", "high"));
      element.append(label, stack, scale, make("div", "scores"));
      patchInput(marks, () => (store.get("trace") || { grid: null }).grid);
      for (const [on, off] of [
        ["pointerenter", "pointerleave"],
        ["focusin", "focusout"],
      ]) {
        element.addEventListener(on, () => light(name));
        element.addEventListener(off, () => light(null));
      }
      return { name, title, words, element, map, marks, scale };
    });
    for (const old of root.querySelectorAll(".tile")) old.remove();
    $(".tiles").append(...tiles.map(({ element }) => element));
  }

  const picture = photo(root);

  function light(name) {
    curves.light(name);
    const method = answer && [...answer.methods, RANDOM].find((one) => one.name === name);
    if (!method) return;
    const follows = method.for_class ? " Another class, another map." : " The same map for every class.";
    const chosen = store.get("explained") === name ? " Test it erases in its order." : "";
    tell(`${method.title}: ${method.words}${name === "random" ? "" : follows}${chosen}`);
  }

  const tell = beforeFrame((words) => ($(".readout").textContent = words));

  function show(/** @type {import("../state").State} */ state) {
    const { trace } = state;
    const fitting = fits(state);
    root.classList.toggle("waiting", !fitting);
    if (!fitting) return;
    root.classList.remove("empty");
    const measured = Boolean(answer.fractions);
    root.classList.toggle("measuring", !measured);
    build(answer.methods);
    const className = trace.classes[answer.target];
    const because = measured
      ? wording.because({
          className,
          answered: answer.target === best(trace),
          methods: answer.methods,
          fractions: answer.fractions,
          grid: trace.grid,
          erased: ERASED[chosen.baseline],
        })
      : null;
    picture.show(trace, because);
    const shown = [...answer.methods, { ...RANDOM, map: answer.random, order: answer.random_order }];
    tiles.forEach((tile, index) => {
      const values = decode(shown[index].map).data;
      const high = Math.max(...values);
      tile.order = shown[index].order;
      tile.rank = [];
      tile.order.forEach((patch, rank) => (tile.rank[patch] = rank + 1));
      tile.side = tile.element.querySelector(".stack").clientWidth;
      views.overlay(tile.map, tile.side, trace.rgb.data, trace.size, values, trace.grid, high);
      if (because?.name === tile.name)
        views.outlineArea(tile.map.getContext("2d"), tile.side, because.patches, trace.grid);
      tile.map.setAttribute("aria-label", `${tile.title} for ${className}, from 0 to ${format.small(high)}`);
      tile.scale.querySelector(".high").textContent = format.small(high);
      if (tile.name !== "random")
        tile.element.querySelector(".name").setAttribute("aria-pressed", String(state.explained === tile.name));
      tile.element.querySelector(".name i").style.background = ink(tile.name, index);
      if (measured) scores(tile, shown[index]);
      if (measured && tile.name === "random")
        tile.element.querySelector(".name span").textContent = `${answer.yardstick.deletion.n} random maps`;
    });
    $(".halt").hidden = measured;
    $(".halt").textContent = stopped ? "Measure" : "Stop";
    if (measured || stopped) $(".work progress").hidden = true;
    if (measured) {
      $(".outcome").textContent = because.says;
      $(".basis").textContent = wording.outcome(className, answer.methods, because.patches.length);
      if (chosen.target === null && store.get("scored")?.of !== trace)
        store.set("scored", { of: trace, name: because.name });
      curves.draw({
        step: because.step,
        trace,
        answer,
        className,
        baseline: decode(answer.baseline_pixels).data,
        erased: ERASED[chosen.baseline],
        left: LEFT[chosen.baseline],
        series: tiles.map(({ name, title, order }, index) => {
          const scored = name === "random" ? yardstick() : shown[index];
          return {
            name,
            title,
            order,
            ink: ink(name, index),
            scores: scored,
            deletion: scored.deletion.probabilities,
            insertion: scored.insertion.probabilities,
          };
        }),
      });
    } else {
      $(".basis").textContent = "";
      $(".outcome").textContent = stopped
        ? "Stopped: how faithful these maps are is not known."
        : `For ${className}: erasing and restoring ${trace.grid[0] * trace.grid[1]} patches in the order of each map …`;
    }
    $(".meaning").textContent =
      `The scores are the areas under the curves: of ${className}'s probability while a map's first patches are erased, and while they are put back. ` +
      "They compare within this picture only. Each map has its own scale, for the methods' units differ: compare patterns, not colours.";
    mark(state);
  }

  const yardstick = () =>
    Object.fromEntries(
      MEASURES.map((measure) => [measure, { ...answer.yardstick[measure], area: answer.yardstick[measure].mean }]),
    );

  function scores({ name, element }, method) {
    const cells = MEASURES.flatMap((measure) => {
      const label = make("span", "", wording.NAMES[measure].name);
      label.title = wording.NAMES[measure].title;
      const random = answer.yardstick[measure];
      const [area, { style, text, title }] =
        name === "random"
          ? [random.mean, wording.range(random)]
          : [method[measure].area, wording.verdict(method[measure])];
      const word = make("b", style, text);
      word.title = title;
      return [label, make("span", "vx-number", area.toFixed(3)), word];
    });
    element.querySelector(".scores").replaceChildren(...cells);
  }

  // ---- the marked patch ----------------------------------------------------------------------------------------
  let query = "";

  function mark(/** @type {import("../state").State} */ state) {
    if (!state.trace || !fits(state)) return;
    const { token, trace } = state;
    for (const { marks, side } of tiles) views.outlinePatch(marks, side, token, trace.grid, query);
    picture.mark(trace, token, query);
    if (token === null || token < 0 || token >= trace.grid[0] * trace.grid[1]) return;
    const ranks = tiles.filter(({ name }) => name !== "random").map(({ title, rank }) => `${title} ${rank[token]}`);
    tell(
      `${tokenName(token, trace.grid).replace("patch", "Patch")}, its rank of ${tiles[0].rank.length}: ${ranks.join(" · ")}`,
    );
  }

  function draw(/** @type {import("../state").State} */ state) {
    if (!views.ready(state)) return;
    listClasses(state);
    $(".class").value = chosen.target === null ? "" : String(chosen.target);
    showBaseline(chosen.baseline);
    query = inkOf("--vx-query");
    ask(state);
    show(state);
  }

  offer(root, server, EXPLAIN);
  return { topics: ["model", "trace", "explained"], draw, mark, predicts: true };
});
