/* Which Swin the Windows tab looks at, how it is cut, and which blocks and head; it asks the server for all views. */
import { best } from "../core/arrays.js";
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { instead } from "../core/instead.js";
import { inLink } from "../core/link.js";
import { latest } from "../core/server.js";
import { index, integer, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import * as windows from "./data.js";
import { OPENING } from "./words.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const cut = { window: null, shift: null, side: null }; // null: the model's own
  const askWindows = latest(server, "windows");
  const askWeights = latest(server, "weights");
  $(".vx-what").textContent = OPENING;
  let asked = "";
  let linked = {}; // {pair, head} of a link, until an answer is here

  /** The Swin to look at: the frame's, or else the first of the same data, or any. */
  function swinOf({ model, catalogue }) {
    if (model.architecture === "swin") return model;
    const all = ((catalogue || {}).models || []).filter(({ architecture }) => architecture === "swin");
    return all.find(({ data }) => data === model.data) || all[0] || null;
  }

  async function ask(/** @type {import("../state").State} */ state, swin) {
    const request = { picture: state.trace.picture.name, model: swin.name, fit: state.trace.fit, ...cut };
    const question = JSON.stringify(request);
    if (question === asked) return;
    asked = question;
    root.classList.add("waiting");
    const answer = await askWindows(request);
    if (asked !== question) return;
    root.classList.remove("waiting");
    if (answer) {
      const { pair = null, head = null } = linked;
      linked = {};
      return choose({ answer, ...(pair !== null && { pair }), ...(head !== null && { head }) });
    }
    asked = ""; // it may be asked again; the controls go back to what is on screen
    const seen = windows.view(store.state);
    if (!seen && Object.values(cut).some((value) => value !== null)) {
      Object.assign(cut, { window: null, shift: null, side: null }); // a link's, which is not possible
      return draw(store.state);
    }
    if (seen)
      Object.assign(
        cut,
        changed(seen)
          ? { window: seen.window, shift: seen.shift, side: seen.side }
          : { window: null, shift: null, side: null },
      );
    if (seen) show(store.state, seen);
  }

  /** Show a choice once the attention weights of its blocks are here. */
  async function choose(change) {
    const next = { answer: null, pair: 0, head: 0, ...store.get("windows"), ...change };
    const blocks = next.answer ? windows.missing(next) : [];
    if (blocks.length) {
      const question = asked;
      root.classList.add("waiting");
      const told = await askWeights({ ...JSON.parse(question), blocks });
      if (asked !== question) return;
      root.classList.remove("waiting");
      if (!told) return;
      windows.supply(next, blocks, told.weights);
    }
    store.set("windows", next);
  }
  const changed = ({ own, window, shift, side }) => own.window !== window || own.shift !== shift || own.side !== side;

  function options(select, values, chosen, words) {
    const texts = values.map(words);
    if (select.dataset.of !== texts.join()) {
      select.dataset.of = texts.join();
      fill(select, values, (value, k) => Object.assign(make("option", "", texts[k]), { value }));
    }
    select.value = chosen;
  }

  function answerOf(seen) {
    if (!seen.classes.length) return `${seen.model} has no head: it names no class.`;
    const [top, mine] = [best(seen.probabilities), best(seen.ownProbabilities)];
    const says = `${seen.model} says ${seen.classes[top]}, ${format.probability(seen.probabilities[top])}`;
    return changed(seen)
      ? `Cut as it was not trained, ${says}; as trained, ${seen.classes[mine]}, ${format.probability(seen.ownProbabilities[mine])}.`
      : `${says}.`;
  }

  function show({ model }, seen) {
    const range = (n) => Array.from({ length: n }, (_, k) => k);
    options($(".window"), seen.choices.windows, seen.window, String);
    options($(".shift"), range(seen.window), seen.shift, String);
    options($(".side"), seen.choices.sides, seen.side, (value) => `${value} × ${value}`);
    options($(".pair"), range(seen.pairs.length), seen.pair, (k) => pairName(seen, k));
    options($(".head"), range(seen.stages[seen.pairs[seen.pair].stage].heads), seen.head, (k) => String(k + 1));
    const { window, shift, side } = seen.own;
    $(".own").disabled = !changed(seen);
    $(".own").title = `Windows of ${window}, shifted by ${shift}, on a map of ${side} × ${side}`;
    $(".says").textContent = answerOf(seen);
    $(".which").hidden = model.name !== seen.model;
    $(".which").textContent = seen.model;
    $(".choose").hidden = model.name === seen.model;
    $(".choose").textContent = `Choose ${seen.model}`;
    $(".why").textContent = model.name === seen.model ? "" : instead(model.name, "windows", seen.model);
  }

  function pairName(seen, k) {
    const { stage, blocks } = seen.pairs[k];
    const [plain, shifted] = blocks.map((block) => block + 1);
    return `${plain}${shifted === plain ? "" : ` and ${shifted}`}, stage ${stage + 1}`;
  }

  const own = (/** @type {"window" | "shift" | "side"} */ key) =>
    setting(
      integer(0, 999),
      () => cut[key],
      (value) => (cut[key] = value),
    );
  const chosen = (/** @type {"pair" | "head"} */ key) =>
    setting(
      index,
      () => (windows.view(store.state) || linked)[key],
      (value) => (linked[key] = value ?? 0),
      0,
    );
  inLink(
    root,
    {
      window: own("window"),
      shift: own("shift"),
      side: own("side"),
      pair: chosen("pair"),
      head: chosen("head"),
      cell: windows.linkedCell,
    },
    () => {
      if (store.get("windows") && store.get("windows").answer) choose(linked);
      draw(store.state);
    },
  );
  for (const name of ["window", "shift", "side"]) {
    $(`.${name}`).addEventListener("change", (event) => {
      const seen = windows.view(store.state);
      const waiting = root.classList.contains("waiting"); // what is on screen is not what was asked for last
      for (const key of Object.keys(cut)) cut[key] ??= waiting ? null : seen[key];
      cut[name] = Number(event.target.value);
      if (name === "window") cut.shift = null; // half a window, unless it is chosen
      draw(store.state);
    });
  }
  $(".own").addEventListener("click", () => {
    Object.assign(cut, { window: null, shift: null, side: null });
    draw(store.state);
  });
  $(".pair").addEventListener("change", (event) => choose({ pair: Number(event.target.value) }));
  $(".head").addEventListener("change", (event) => choose({ head: Number(event.target.value) }));
  $(".choose").addEventListener("click", () => store.set("wish", { model: windows.view(store.state).model }));

  function draw(/** @type {import("../state").State} */ state) {
    if (!state.model || !state.trace || state.trace.model !== state.model.name) return;
    const swin = swinOf(state);
    $(".controls").hidden = !swin;
    if (!swin) {
      $(".which").hidden = false;
      $(".which").textContent = "No Swin here";
      $(".says").textContent = "";
      $(".why").textContent =
        "None of the models in the frame has windows: train one in the Train tab (model swin) and keep it.";
      $(".choose").hidden = true;
      asked = "";
      if (store.get("windows")) store.set("windows", null);
      return;
    }
    ask(state, swin);
    const seen = windows.view(state);
    if (seen) show(state, seen);
  }

  return { topics: ["model", "trace", "catalogue", "windows"], draw };
});
