/* The bar that stays in sight: play, steps, stop, the learning rate, how far the race is, and a new race. */
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { isOpen, isUnderWay } from "../core/race-states.js";
import { setting, words } from "../core/setting.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import * as races from "./data.js";
import * as wording from "./words.js";
import { RACE } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const ICONS = {
    play: "M7 4.5v15l13-7.5z",
    pause: "M6 4.5h4.5v15H6zM13.5 4.5H18v15h-4.5z",
    again: "M12 5V1.5L6.5 6.5 12 11.5V8a5 5 0 1 1-5 5H4a8 8 0 1 0 8-8z",
  };
  const SLIM = 760; // px below which the bar takes two lines
  const RATE_WAIT = 250; // ms after the last move of the slider
  const RESUMES = new Set(["paused"]);
  const OVER = new Set(["finished", "failed"]); // or nobody would ever play it on
  const BAD = new Set(["failed", "unreadable"]);
  const width = races.widthOf(root);
  let sliding = 0; // timer of the slider
  let touched = -Infinity; // when the slider was moved last
  let busy = false; // a command is on its way

  // ---- commands ----------------------------------------------------------------------------------------------------
  async function command(what, values) {
    if (busy) return;
    busy = true;
    await races.command(what, values);
    busy = false;
  }

  $(".play").addEventListener("click", () => {
    const race = races.race;
    if (race && isUnderWay(race)) command("pause");
    else if (race && RESUMES.has(race.state)) command("play");
    else if (race && OVER.has(race.state)) store.set("setup", { open: true, from: race, sought: true });
  });
  $(".steps").addEventListener("click", (event) => {
    const button = event.target.closest("[data-step]");
    if (button) command("step", { what: button.dataset.step });
  });
  $(".stop").addEventListener("click", () => command("stop"));
  $(".new").addEventListener("click", () => {
    const now = store.get("setup");
    const { top } = document.querySelector("#train-setup").getBoundingClientRect();
    const seen = now?.open && top >= 0 && top < window.innerHeight; // out of sight it would close unnoticed
    store.set("setup", seen ? { open: false } : { ...now, open: true, sought: true });
  });
  $(".rate input").addEventListener("input", () => {
    touched = performance.now();
    showFactor();
    clearTimeout(sliding);
    sliding = setTimeout(() => races.command("lr", { factor: factor() }), RATE_WAIT);
  });
  $(".rate").addEventListener("dblclick", () => {
    $(".rate input").value = 0;
    $(".rate input").dispatchEvent(new Event("input"));
  });

  /** The slider is logarithmic, from a hundredth to a hundred times; two digits are enough. */
  const factor = () => Number((10 ** Number($(".rate input").value)).toPrecision(2));
  const showFactor = () => ($(".rate output").textContent = `× ${factor()}`);

  // ---- words -------------------------------------------------------------------------------------------------------
  function stateLine(race) {
    if (!["training", "paused"].includes(race.state)) return wording.state(race);
    const left = race.contenders.filter((one) => one.now && !one.finished && !one.failed);
    const parts = [wording.state(race)];
    const testing = race.state === "training" && wording.testing(race.contenders);
    const distance = wording.distance(race.contenders);
    if (distance && !testing) parts.push(distance);
    if (race.state === "training" && left.length && !testing) {
      const seconds = left.reduce((sum, one) => sum + one.now.seconds_left, 0);
      parts.push(`about ${format.duration(seconds)} left, tests and snapshots included`);
    }
    return parts.join(" · ");
  }

  function write(selector, text) {
    if ($(selector).textContent !== text) $(selector).textContent = text;
  }

  function draw() {
    const race = races.race;
    $(".bar").hidden = !race;
    if (!race) return;
    root.classList.toggle("slim", width() < SLIM);
    write(".title", race.title);
    write(".settings", wording.settings(race.contenders.map((one) => one.recipe)));
    const open = isOpen(race);
    write(".state", [stateLine(race), wording.whose(race, open)].filter(Boolean).join(" · "));
    $(".state").classList.toggle("bad", BAD.has(race.state) || (race.state === "paused" && race.reason !== null));

    const goes = isUnderWay(race);
    const [icon, words, able] = OVER.has(race.state)
      ? ["again", "Set up the same race again", true]
      : goes
        ? ["pause", "Pause", race.mine]
        : ["play", "Go on", race.mine && RESUMES.has(race.state)];
    const play = $(".play");
    play.disabled = !able;
    play.setAttribute("aria-label", words);
    play.title = able ? words : "Only who started a race can command it";
    play.querySelector("path").setAttribute("d", ICONS[icon]);
    $(".own").hidden = !race.mine || !(goes || race.state === "paused");
    for (const button of root.querySelectorAll("[data-step]"))
      button.disabled = race.state !== "paused" && race.state !== "training";
    $(".stop").disabled = !goes;
    $(".rate input").disabled = !["training", "paused"].includes(race.state);
    const settled = performance.now() - touched > 2000;
    const factors = race.contenders.map((one) => (one.lr_changes.length ? one.lr_changes.at(-1)[1] : 1));
    if (settled && factors.length) {
      $(".rate input").value = String(Math.log10(factors[0]));
      showFactor();
    }
    const setup = store.get("setup");
    $(".new").setAttribute("aria-pressed", String(Boolean(setup && setup.open)));
    tracks(race);
  }

  /** One line a contender at the lower edge: how much of its training is done. */
  function tracks(race) {
    const box = $(".tracks");
    if (box.children.length !== race.contenders.length) {
      fill(box, race.contenders, () => {
        const track = make("i");
        track.append(make("b"));
        return track;
      });
    }
    race.contenders.forEach((contender, i) => {
      const done = box.children[i].firstChild;
      const width = `${(100 * races.share(contender, races.standing(contender).step)).toFixed(1)}%`;
      done.style.background = `var(--vx-run-${contender.index % 4})`;
      if (done.style.width !== width) done.style.width = width;
    });
  }

  races.watch(() => width() > 0);
  inLink(root, {
    run: setting(
      words(),
      () => races.race && races.race.name,
      (name) => name !== null && store.set("run", name),
    ),
    ...races.links,
  });
  races.connect(server);
  offer(root, server, RACE);
  return { topics: ["race", "raceNow", "setup"], draw };
});
