/* A point of one's own: what is chosen, the race that runs it, and the list of those that were run here. */
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { isUnderWay } from "../core/race-states.js";
import * as calls from "./calls.js";
import * as races from "./data.js";
import * as hungerPlot from "./hunger-plot.js";
import * as words from "./words.js";

/**
 * @param {HTMLElement} root of the widget
 * @returns {{take: (payload: object) => void, follow: () => void}} `take` what the server described, `follow` the race
 */
export function ownRuns(root) {
  const $ = (selector) => root.querySelector(selector);
  const PRESET = "hunger";
  const RESUMES = new Set(["paused"]);
  const FIRST = { kind: "vit", size: 500 };
  let payload = null;
  let asking = false; // a start or a command is on its way

  // ---- the choice ------------------------------------------------------------------------------------------------
  function options(select, items, wanted) {
    const before = select.value || String(wanted);
    fill(select, items, ({ value, text }) => {
      const option = make("option", "", text);
      option.value = value;
      return option;
    });
    if (items.some(({ value }) => String(value) === before)) select.value = before;
  }

  const dataset = () => payload.choice.data.find(({ name }) => name === $(".data").value);

  function sizes() {
    options(
      $(".size"),
      dataset() ? dataset().sizes.map((size) => ({ value: size, text: format.count(size) })) : [],
      FIRST.size,
    );
  }

  /** The seed that is typed, or null if it is none. */
  function seed() {
    const text = $(".seed").value.trim();
    const [low, high] = payload.choice.seeds;
    return /^\d{1,10}$/.test(text) && Number(text) >= low && Number(text) <= high ? Number(text) : null;
  }

  /** What pressing the button would do, or what is wrong. */
  function promise() {
    const wrong = seed() === null;
    const size = Number($(".size").value);
    const { updates, batch, seeds } = payload.choice;
    $(".seed").setAttribute("aria-invalid", String(wrong));
    $(".promise").classList.toggle("bad", wrong);
    const curve = payload.curves.find(({ kind }) => kind === $(".kind").value);
    const there = curve && curve.points.find((point) => point.size === size);
    const passes = (updates * batch) / size;
    const took = there ? ` In the sweep that took ${format.duration(there.seconds)} on its machine.` : "";
    const apart =
      !payload.curves.length || payload.data === $(".data").value
        ? ""
        : " It is listed below, but not drawn: the curves are of other pictures.";
    $(".promise").textContent = wrong
      ? `The seed must be a whole number from ${seeds[0]} to ${format.count(seeds[1])}.`
      : `${format.count(updates)} updates: each picture is seen ${passes === 1 ? "once" : `${format.count(passes)} times`}.${apart || took}`;
  }

  $(".choice").addEventListener("input", (event) => {
    if (!payload) return;
    if (event.target === $(".data")) sizes();
    promise();
  });
  $(".choice").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (asking || !payload || seed() === null) return;
    asking = true;
    follow();
    const choice = { kind: $(".kind").value, data: $(".data").value, size: Number($(".size").value), seed: seed() };
    const answer = await calls.order("run_point", choice);
    if (answer) await races.open(answer.race);
    asking = false;
    follow();
  });

  // ---- the race on its way ---------------------------------------------------------------------------------------
  $(".stop").addEventListener("click", async () => {
    const race = races.race;
    if (asking || !race) return;
    asking = true;
    await races.command(RESUMES.has(race.state) ? "play" : "stop");
    asking = false;
    follow();
  });

  function write(selector, text) {
    if ($(selector).textContent !== text) $(selector).textContent = text;
  }

  /** The race that the tab follows, where it is a point that has not come to its end. */
  function follow() {
    const race = races.race;
    const onWay = race && race.preset === PRESET && race.state !== "finished";
    const goes = Boolean(onWay && isUnderWay(race));
    $(".run").disabled = asking || goes || !payload || !payload.choice.data.length;
    $(".way").hidden = !onWay;
    if (!onWay) return;
    const [contender] = race.contenders;
    const done = contender && contender.info ? races.share(contender, races.standing(contender).step) : 0;
    const left =
      contender && contender.now && race.state === "training"
        ? ` · ${words.remaining(contender, race.contenders)}`
        : "";
    $(".way progress").value = done;
    write(".way .title", race.title);
    write(".way .state", `${words.state(race)}${done ? ` · ${format.percent(done, 0)} done` : ""}${left}`);
    $(".stop").hidden = !race.mine || !(goes || RESUMES.has(race.state));
    write(".stop", RESUMES.has(race.state) ? "Go on" : "Stop");
  }

  // ---- what was run here -------------------------------------------------------------------------------------------
  function line({ race, kind, drawn, accuracy, words }) {
    const item = make("li", drawn ? "" : "apart");
    const ring = make("i");
    ring.style.setProperty("--ink", `var(${hungerPlot.INKS[kind]})`);
    item.append(ring, make("span", "", words));
    if (accuracy === null) {
      const button = make("button", "vx-button", "Follow");
      button.type = "button";
      button.addEventListener("click", () => races.open(race));
      item.append(button);
    }
    return item;
  }

  function take(next) {
    const first = payload === null;
    payload = next;
    const { choice, own } = payload;
    options(
      $(".kind"),
      choice.kinds.map(({ kind, label }) => ({ value: kind, text: label })),
      FIRST.kind,
    );
    options(
      $(".data"),
      choice.data.map(({ name, words }) => ({ value: name, text: words })),
      "",
    );
    sizes();
    if (first) $(".seed").value = choice.seed;
    promise();
    fill($(".list"), own, line);
    write(".without", choice.without);
    follow();
  }

  return { take, follow };
}
