/* The sequence of the Roots tab, for all its views, and what is to be done with it: typed or rolled, read by the server once. */
import { short } from "../core/format.js";
import { inLink } from "../core/link.js";
import { latest } from "../core/server.js";
import { index, number, oneOf, setting, words } from "../core/setting.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import * as roots from "./data.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const FIRST = "BLACKBOARD";
  const USUAL = $(".task").value;
  const ask = latest(server, "read_sequence");
  let asked = false;
  let linked = {}; // {task, text, epoch, way, layer, head} of a link, until the sequence is read

  /** Ask the server for a sequence; what was chosen stays chosen where the network has it. */
  async function read(text, epoch = null) {
    root.classList.add("waiting");
    if (linked.task !== undefined) $(".task").value = linked.task || USUAL;
    delete linked.task; // once: after a refusal the next choice is the visitor's
    const answer = await ask({ text, task: $(".task").value });
    root.classList.remove("waiting");
    if (!answer) return $(".text").setAttribute("aria-invalid", "true");
    const [before, look] = [store.get("text"), { ...store.get("textLook") }];
    if (epoch === null && linked.epoch !== undefined) epoch = linked.epoch ?? Infinity;
    if (linked.way !== undefined) look.way = roots.WAYS[linked.way || "free"];
    const chosen = Number.isInteger(linked.layer) || Number.isInteger(linked.head);
    for (const key of ["layer", "head"]) {
      if (Number.isInteger(linked[key])) look[key] = linked[key];
      else if (linked[key] === null) delete look[key];
    }
    linked = {};
    const wanted = epoch !== null ? epoch : before ? before.epochs[look.epoch] : Infinity;
    const index = wanted === Infinity ? answer.epochs.length - 1 : roots.nearestEpoch(answer.epochs, wanted);
    const best = sharpest(answer.copied.at(-1)[roots.WAYS.free]);
    const another = before && before.task !== answer.task; // another network, with other heads
    const { layer, head } = another && !chosen ? best : { ...best, ...look };
    const there = answer.copied[0][0][layer]?.[head] !== undefined;
    const place = there ? { layer, head } : best;
    store.update({ text: answer, textLook: { way: roots.WAYS.free, ...look, ...place, epoch: index } });
  }

  /** The head that looks most at the letters that it copies. */
  function sharpest(layers) {
    const all = layers.flatMap((heads, layer) => heads.map((weight, head) => ({ layer, head, weight })));
    const { layer, head } = all.reduce((best, one) => (one.weight > best.weight ? one : best));
    return { layer, head };
  }

  const one = (kind, key, get, usual) =>
    setting(
      kind,
      () => (store.get("text") ? get(store.get("textLook"), store.get("text")) : null),
      (value) => (linked[key] = value),
      usual,
    );
  const usualHead = () => sharpest(store.get("text").copied.at(-1)[roots.WAYS.free]);
  inLink(
    root,
    {
      task: one(oneOf(...[...$(".task").options].map(({ value }) => value)), "task", (_, { task }) => task, USUAL),
      text: one(words(), "text", (_, { text }) => text, FIRST),
      epoch: one(
        number(0, 1e6),
        "epoch",
        (look, { epochs }) => epochs[look.epoch],
        () => store.get("text").epochs.at(-1),
      ),
      way: one(oneOf("forced", "free"), "way", ({ way }) => ["forced", "free"][way], "free"),
      layer: one(
        index,
        "layer",
        ({ layer }) => layer,
        () => usualHead().layer,
      ),
      head: one(
        index,
        "head",
        ({ head }) => head,
        () => usualHead().head,
      ),
    },
    () => read(linked.text === null ? FIRST : linked.text || store.get("text")?.text || FIRST),
  );
  $(".bar").addEventListener("submit", (event) => {
    event.preventDefault();
    read($(".text").value);
  });
  $(".task").addEventListener("change", () => read($(".text").value));
  $(".text").addEventListener("input", () => $(".text").removeAttribute("aria-invalid"));
  $(".roll").addEventListener("click", () => {
    const { symbols, text, task } = store.get("text") || { symbols: "ABCDEFGHIJKLMNOPQR" };
    const letters = task === $(".task").value ? text : FIRST; // so many; every network knows that length
    read(Array.from(letters, () => symbols[Math.floor(Math.random() * symbols.length)]).join(""));
  });
  store.on("textWish", (wish) => {
    if (!wish) return;
    $(".task").value = wish.task;
    read(wish.text, wish.epoch);
  });

  function draw(/** @type {import("../state").State} */ state) {
    if (!asked) {
      asked = true;
      read(linked.text || FIRST);
    }
    const seen = roots.view(state);
    if (!seen) return;
    $(".text").value = seen.text;
    $(".text").removeAttribute("aria-invalid");
    $(".task").value = seen.task;
    $("#text-limits").textContent = `${span(seen.limits)} letters, A to ${seen.symbols.at(-1)}.`;
    $(".size").textContent =
      `Network of ${short(seen.parameters)} weights, trained on ${span([seen.min_length, seen.max_length])} letters.`;
  }

  const span = ([low, high]) => (low === high ? String(low) : `${low} to ${high}`);

  return { topics: ["text"], draw };
});
