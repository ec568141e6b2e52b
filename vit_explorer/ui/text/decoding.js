/* Decoding as a film: the probabilities of the next token, and the beam as a tree. */
import { fill, make } from "../core/elements.js";
import { attention, probability } from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { at } from "../core/pointer.js";
import { saveScreen } from "../core/screen.js";
import { latest } from "../core/server.js";
import { oneOf, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import * as roots from "./data.js";
import { makeFilm } from "./film.js";
import { beams } from "./questions.js";
import * as tree from "./tree.js";
import * as words from "./words.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const PACE = 1100; // ms a step
  const [NARROWEST, WIDEST] = [46, 100]; // px a step
  let seen = null;
  let look = null;
  let search = null; // see tree.js
  let question = ""; // what the search answers
  const askSearch = latest(server, "search_beam");
  const askDifference = latest(server, "find_difference");
  let places = null;
  let width = 0;
  let marked = null; // number of the node that is pointed at
  const usualWidth = $(".widths").value;
  let found = null; // {text, epoch, tried} of the newest sequence on which both differ

  // ---- asking ---------------------------------------------------------------------------------------------------
  async function ask() {
    const { task, text, epochs } = seen;
    const request = { task, text, epoch: epochs[look.epoch], width: Number($(".widths").value) };
    const mine = JSON.stringify(request);
    if (mine === question) return search && film.go(film.step);
    question = mine;
    search = null;
    root.classList.add("waiting");
    const answer = await askSearch(request);
    root.classList.remove("waiting");
    if (!answer) {
      question = "";
      return;
    }
    search = tree.read(answer, seen.names);
    film.go(film.step);
  }

  $(".find").addEventListener("click", async () => {
    film.stop();
    $(".find").disabled = true;
    $(".found").textContent = "Trying random sequences ...";
    const wide = Math.max(2, Number($(".widths").value));
    const { task } = seen;
    const answer = await askDifference({
      task,
      width: wide,
      seed: Math.floor(Math.random() * 2 ** 30),
    });
    $(".find").disabled = false;
    $(".found").textContent = "";
    if (!answer) return;
    found = answer;
    $(".widths").value = String(wide);
    store.set("textWish", { task, text: found.text, epoch: found.epoch });
  });
  $(".widths").addEventListener("change", () => seen && ask());
  $(".epochs").addEventListener("change", () => roots.choose({ epoch: Number($(".epochs").value) }));

  const film = makeFilm(root, {
    pace: PACE,
    first: 0,
    last: () => search && search.steps,
    keyed: [".scroll"],
    show() {
      marked = null;
      show();
    },
  });

  inLink(
    root,
    {
      beams: setting(
        oneOf(...[...$(".widths").options].map(({ value }) => value)),
        () => $(".widths").value,
        (value) => ($(".widths").value = value || usualWidth),
        usualWidth,
      ),
      step: film.linkedStep,
    },
    () => seen && ask(),
  );

  // ---- the tree -------------------------------------------------------------------------------------------------
  $(".tree").addEventListener("pointermove", (event) => {
    if (!search) return;
    const number = tree.nodeAt(search, places, film.step, at(event, $(".tree")));
    if (number === marked) return;
    marked = number;
    mark();
  });
  $(".tree").addEventListener("pointerleave", () => {
    marked = null;
    if (search) mark();
  });

  /** The hypothesis whose next token is shown: the one that is pointed at, else greedy's at this step, else the most likely. */
  function parent() {
    if (marked !== null)
      return search.nodes[marked].finished || !search.nodes[marked].kept ? search.nodes[marked].parent : marked;
    for (let s = Math.min(film.step, search.steps - 1); s > 0; s--) {
      const open = search.shown[s - 1].filter(({ kept, finished }) => kept && !finished);
      const greedy = open.find(({ number }) => search.greedySet.has(number));
      if (open.length) return (greedy || open[0]).number;
    }
    return -1;
  }

  /** The letters of a hypothesis, the end marked. */
  const tokens = (number) =>
    search
      .path(number)
      .map((one) => words.face(search.nodes[one].token))
      .join("");

  function mark() {
    tree.draw($(".tree"), search, places, film.step, marked);
    let from = parent();
    let children = search.nodes.filter((node) => node.parent === from && (from >= 0 || node.step === 1));
    if (!children.length && from >= 0) {
      from = search.nodes[from].parent;
      children = search.nodes.filter((node) => node.parent === from && (from >= 0 || node.step === 1));
    }
    const kept = children.filter((node) => node.kept && node.step <= film.step + 1);
    $(".whose").textContent = `${from < 0 ? "The first token" : `Next after ${tokens(from)}`}, in %`;
    const most = Math.max(...children.map(({ own }) => own));
    const sorted = [...children].sort((a, b) => seen.names.indexOf(a.token) - seen.names.indexOf(b.token));
    fill($(".bars"), sorted, (node) => {
      const bar = make("span", `one ${node.own === most ? "greedy" : ""} ${kept.includes(node) ? "kept" : ""}`);
      const p = Math.exp(node.own);
      const length = make("i");
      length.style.height = `${100 * p}%`;
      const column = make("span", "column");
      column.append(make("small", "", p >= 0.05 ? String(Math.round(100 * p)) : ""), length);
      bar.append(column, make("b", "", words.face(node.token)));
      bar.title = `${words.name(node.token)}: ${attention(p)}, log ${tree.logarithm(node.own)}`;
      return bar;
    });
    const top = [...children].sort((a, b) => b.own - a.own)[0];
    const own = top
      ? `Greedy takes ${words.name(top.token)}, ${probability(Math.exp(top.own))} (log ${tree.logarithm(top.own)}). `
      : "";
    const beams =
      kept.length > 1
        ? `The beam goes on with ${kept.map(({ token }) => words.name(token)).join(" and ")}.`
        : kept.length && kept[0] !== top
          ? `The beam goes on with ${words.name(kept[0].token)} alone.`
          : "";
    $(".why").textContent = own + beams;
    $(".bars").setAttribute(
      "aria-label",
      `Probabilities in percent: ${[...children]
        .sort((a, b) => b.own - a.own)
        .slice(0, 5)
        .map((node) => `${words.name(node.token)} ${probability(Math.exp(node.own))}`)
        .join(", ")}`,
    );
  }

  // ---- telling --------------------------------------------------------------------------------------------------
  const foundAfter = ({ tried }) =>
    `Found after ${tried === 1 ? "one sequence" : `${tried} sequences`}, at an early epoch: the trained network is too sure.`;

  function show() {
    width = Math.floor(Math.max(NARROWEST * search.steps, Math.min(WIDEST * search.steps, $(".scroll").clientWidth)));
    places = tree.layout(search, width);
    const greedy = words.word(seen.output[look.epoch][roots.WAYS.free]);
    const best = search.outputs[0];
    $(".finding").textContent = words.outcome({
      greedy,
      best,
      right: seen.answer,
      width: search.width,
      likelier: search.scores[0] > seen.greedyScore(look),
    });
    $(".found").textContent =
      found && found.text === search.text && found.epoch === search.epoch ? foundAfter(found) : "";
    $(".outcome").textContent = `Log-probability of each output. Right is ${seen.answer}.`;
    $(".outcome").hidden = $(".outputs").hidden = film.step < search.steps;
    fill($(".outputs"), search.outputs, (output, k) => {
      const item = make("li");
      item.append(
        make("span", "word", output || "(empty)"),
        make("span", "vx-number", tree.logarithm(search.scores[k], 3)),
      );
      if (output === greedy) item.append(make("span", "tag", "greedy's"));
      if (output === seen.answer) item.append(make("span", "tag good", "right"));
      return item;
    });
    $(".tree").setAttribute(
      "aria-label",
      `Tree of the beam search, ${film.step} of ${search.steps} steps. Best so far: ${bestSoFar()}`,
    );
    mark();
    $(".scroll").scrollLeft = (film.step / search.steps) * width - $(".scroll").clientWidth; // what led to this step
  }

  function bestSoFar() {
    const kept = search.nodes.filter((node) => node.step === film.step && node.kept);
    return kept.length ? `${tokens(kept[0].number)}, log-probability ${tree.logarithm(kept[0].sum)}` : "nothing yet";
  }

  function draw(/** @type {import("../state").State} */ state) {
    const before = seen;
    seen = roots.view(state);
    look = state.textLook;
    root.classList.toggle("empty", !seen);
    roots.fit(root);
    if (!seen) return;
    if (before !== seen) film.rewind();
    fill($(".epochs"), seen.epochs, (epoch, k) =>
      Object.assign(make("option", "", k === seen.last ? `trained, epoch ${epoch}` : words.epochName(epoch)), {
        value: String(k),
      }),
    );
    $(".epochs").value = String(look.epoch);
    ask();
  }
  const rows = () => [
    ["step", "token", "log-probability", "of the whole beginning", "kept"],
    ...(search?.nodes ?? []).map(({ step, token, own, sum, kept }) => [step, token, own, sum, kept ? 1 : 0]),
  ];
  saveScreen($(".vx-panel"), () => ["beam search", seen.text], rows);

  offer(
    root,
    server,
    beams(() => Number($(".widths").value)),
  );

  return { topics: ["text", "textLook"], draw };
});
