/* The ladder from the plain ViT to the DeiT: what came out on every rung, and what one is when it is chosen.
 *
 * Topic "rung": the name of the chosen one, or null; then the one with the largest gain is. Asks the server once.
 */
import { colour, diverging } from "../core/colours.js";
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { saveMenu } from "../core/save.js";
import { ask as send } from "../core/server.js";
import { setting, words } from "../core/setting.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import * as ladder from "./ladder-words.js";
import { LADDER } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  let told = null;
  let asking = false;

  async function ask() {
    if (asking || told) return;
    asking = true;
    told = await send(server, "ladder");
    asking = false;
    if (told) draw(store.state);
    else {
      $(".missing").textContent = "The results could not be read. Open another tab and this one again to retry.";
      $(".missing").hidden = false;
    }
  }

  // ---- choosing ------------------------------------------------------------------------------------------------
  inLink(root, {
    rung: setting(
      words(),
      () => (told && rows().some(({ name }) => name === store.get("rung")) ? store.get("rung") : null),
      (name) => store.set("rung", name),
    ),
  });
  /** All that stands on screen from above: the teacher, then the rungs downwards. */
  const rows = () => [...(told.teacher ? [told.teacher] : []), ...[...told.rungs].reverse()];
  const done = () => told.rungs.filter((rung) => rung.result);
  function chosen() {
    const found = rows().find((row) => row.name === store.get("rung"));
    return found || done().reduce((best, rung) => ((rung.result.gain ?? -1) > (best.result.gain ?? -1) ? rung : best));
  }
  const MOVES = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, Home: -99, End: 99 };
  $(".rungs").addEventListener("keydown", (event) => {
    if (!told || !(event.key in MOVES)) return;
    event.preventDefault();
    const all = rows();
    const next = Math.max(0, Math.min(all.length - 1, all.indexOf(chosen()) + MOVES[event.key]));
    store.set("rung", all[next].name);
    $(`[data-rung="${all[next].name}"]`).focus();
  });

  // ---- drawing -------------------------------------------------------------------------------------------------
  let scale = null;
  const left = (element, share) => {
    element.style.left = `${scale.place(share)}%`;
    return element;
  };

  function lane(row, below) {
    const drawn = make("span", "lane");
    if (!row.result) return drawn;
    const { mean, gain, tests } = row.result;
    if (gain !== null) {
      const bar = make("i", "bar");
      left(bar, Math.min(mean, mean - gain)).style.width = `${scale.place(Math.abs(gain) + scale.low)}%`;
      bar.style.background = colour(diverging, gain, -told.limit, told.limit);
      if (below) drawn.append(left(make("i", "rail"), mean - gain));
      drawn.append(bar);
    }
    drawn.append(
      ...(tests.length > 1 ? tests.map((share) => left(make("i", "seed"), share)) : []),
      left(make("i", "mean"), mean),
    );
    return drawn;
  }

  function line(row) {
    const one = make("button", `rung line${row.number ? "" : " teacher"}`);
    one.type = "button";
    one.dataset.rung = row.name;
    one.setAttribute("role", "radio");
    one.setAttribute("aria-label", ladder.aloud(row));
    const cells = ladder.cells(row);
    const name = make("span", "name");
    name.append(make("span", "index", row.number ? String(row.number) : ""), ladder.name(row));
    one.append(name, lane(row, row.number > 1 && told.rungs[row.number - 2].result));
    for (const [kind, text] of Object.entries(cells)) one.append(make("span", `number ${kind}`, text));
    one.addEventListener("click", () => store.set("rung", row.name));
    return one;
  }

  function chart() {
    scale = ladder.scale(rows().filter((row) => row.result));
    fill($(".rungs"), rows(), line);
    const lines = scale.ticks.map((share) => left(make("i"), share));
    if (told.teacher) lines.push(left(make("i", "teacher"), told.teacher.result.mean));
    $(".grid").replaceChildren(...lines);
    fill($(".ticks"), scale.ticks, (share) => left(make("span", "", format.percentTick(share)), share));
    const several = rows().some((row) => row.result && row.result.tests.length > 1);
    $(".vx-look").hidden = !rows().some(ladder.unclear);
    $(".axis .what").textContent = several ? "test accuracy: ● seeds, ▮ mean" : "test accuracy";
    $(".steps .low").textContent = format.points(-told.limit);
    $(".steps .high").textContent = format.points(told.limit);
  }

  function detail(row) {
    const about = make("div");
    about.append(make("h3", "", ladder.heading(row)), make("p", "vx-small what", row.what));
    if (row.result) about.append(make("p", "vx-small found", ladder.found(row)));
    else about.append(make("p", "vx-small found", "Not trained yet."));
    if (row.expected) about.append(make("p", "vx-small vx-soft expected", row.expected));
    const ways = ladder.ways(row);
    if (ways.length) {
      const go = make("div", "vx-row go");
      go.append(
        ...ways.map(({ label, open }) => {
          const button = make("button", "vx-button", label);
          button.type = "button";
          button.addEventListener("click", open);
          return button;
        }),
      );
      about.append(go);
    }
    $(".detail").replaceChildren(...about.children);
    $(".own").replaceChildren(
      make("p", "vx-small recipe", `${ladder.name(row)}: ${row.recipe}`),
      ...row.commands.map(ladder.command),
    );
  }

  let drawn = false; // the chart, which changes with the theme alone

  function draw(/** @type {import("../state").State} */ state) {
    if (!told) return void ask();
    const some = told.rungs.length > 0;
    for (const part of [".chart", ".below", ".own", ".notes"]) $(part).hidden = !some;
    files.hidden = !some;
    $(".missing").textContent = told.missing;
    $(".missing").hidden = !told.missing;
    $(".missing").classList.toggle("nothing", !some);
    $(".sweep").hidden = false;
    if (!drawn) {
      $(".sweep").replaceChildren(ladder.command(told.sweep));
      if (some) chart();
      else $(".again").open = true;
      drawn = true;
    }
    if (!some) return undefined;
    const [finding, rest] = ladder.parted(told.says);
    $(".says").textContent = state.stage ? ladder.inBrief(told) : finding;
    $(".sum").textContent = told.whole;
    $(".rest").textContent = rest;
    $(".why").textContent = told.why;
    const [conditions, limits] = ladder.parted(told.caveat);
    $(".conditions").textContent = `${conditions}.`;
    $(".caveat").textContent = limits;
    $(".notes").textContent = `${told.training} ${told.made} All runs again:`;
    const row = chosen();
    for (const one of root.querySelectorAll(".rung")) {
      const now = one.dataset.rung === row.name;
      one.setAttribute("aria-checked", String(now));
      one.tabIndex = now ? 0 : -1;
    }
    return detail(row);
  }

  const files = saveMenu($(".vx-panel"), server, () => ({}), { csv: "every rung, one a row" });
  files.hidden = true;

  offer(root, server, LADDER);
  return { topics: ["rung"], draw };
});
