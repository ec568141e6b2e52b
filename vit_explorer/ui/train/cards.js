/* The contenders side by side at one moment of the training, and the scrubber that chooses the moment. */
import * as format from "../core/format.js";
import { isOpen } from "../core/race-states.js";
import { saveScreen } from "../core/screen.js";
import * as store from "../core/store.js";
import { calm } from "../core/theme.js";
import { widget } from "../core/widget.js";
import { build, numbers, show } from "./card.js";
import * as races from "./data.js";
import * as keep from "./keep.js";
import * as words from "./words.js";

export default widget((root) => {
  const $ = (selector) => root.querySelector(selector);
  const FRAME = 420; // ms for a snapshot while the training is played back
  const LIMITS = [0.2, 0.3, 0.4, 0.5, 0.7, 1]; // ends of the scale of the maps: few, so that it seldom changes
  const width = races.widthOf(root);
  let cards = [];
  let of = null; // the race whose cards these are
  let limit = LIMITS[0];
  let picture = null; // the probe, once it is loaded
  let timer = 0; // of the play-back
  let drawn = ""; // what the pictures on screen are of

  // ---- the moment --------------------------------------------------------------------------------------------------
  function stop() {
    clearTimeout(timer);
    timer = 0;
    $(".replay").setAttribute("aria-pressed", "false");
    label();
  }

  function play(index) {
    const moments = races.moments();
    if (width() === 0) return stop();
    const last = index + 1 >= moments.length;
    store.set("raceAt", last ? null : moments[index]);
    if (last) return stop();
    timer = setTimeout(() => play(index + 1), index ? FRAME : 2 * FRAME);
    return undefined;
  }

  $(".replay").addEventListener("click", () => {
    const moments = races.moments();
    if (!moments.length) return;
    const at = index(moments);
    const next = at + 1 >= moments.length ? 0 : at + 1;
    if (timer) stop();
    else if (calm())
      store.set("raceAt", moments[next]); // no motion of its own: one snapshot for a press
    else {
      $(".replay").setAttribute("aria-pressed", "true");
      play(next);
      label();
    }
  });
  $(".slider").addEventListener("input", (event) => {
    stop();
    const moments = races.moments();
    const chosen = Number(event.target.value);
    const live = isOpen(races.race);
    store.set("raceAt", live && chosen === moments.length - 1 ? null : moments[chosen]);
  });
  $(".latest").addEventListener("click", () => {
    stop();
    store.set("raceAt", null);
  });

  const label = () => ($(".replay").textContent = timer ? "Stop" : calm() ? "Next" : "Replay");

  /** Place of the moment that is shown among all there are. */
  function index(moments) {
    const at = store.get("raceAt");
    return at === null || at === undefined ? moments.length - 1 : moments.findLastIndex((one) => one <= at + 1e-6);
  }

  function scrubber(race) {
    const moments = races.moments();
    const at = store.get("raceAt");
    const newest = at === null || at === undefined;
    const slider = $(".slider");
    slider.max = String(Math.max(0, moments.length - 1));
    slider.value = String(Math.max(0, index(moments)));
    slider.disabled = $(".replay").disabled = moments.length < 2;
    const looks = race.contenders.flatMap((one) => {
      const seen = races.snapshotAt(one);
      return seen ? [{ label: one.label, epoch: seen.epoch }] : [];
    });
    const first = race.contenders.some(({ recipe }) => recipe.start) ? "at the start" : "untrained";
    const when = words.moment(looks, first) ?? (newest ? "newest" : `${format.percent(at, 0)} of training`);
    $(".when").textContent = when.charAt(0).toUpperCase() + when.slice(1);
    $(".when").classList.toggle("named", race.contenders.length === 2);
    slider.setAttribute("aria-valuetext", when);
    $(".latest").setAttribute("aria-pressed", String(newest));
    label();
  }

  // ---- the cards ---------------------------------------------------------------------------------------------------
  /** The scale that all maps of a race share; it only grows, in coarse steps. */
  function widen(race) {
    for (const { snapshots } of race.contenders) {
      for (const { positions } of snapshots) {
        if (positions) limit = LIMITS.find((one) => one >= Math.max(limit, positions.spread)) || 1;
      }
    }
    $(".low").textContent = `−${limit.toFixed(1)}`;
    $(".high").textContent = limit.toFixed(1);
  }

  function fetchProbe(race) {
    picture = null;
    $(".truth").hidden = !race.probe;
    if (!race.probe) return;
    $(".truth img").src = race.probe.image;
    $(".truth img").alt = `Probe picture: ${race.probe.label}`;
    $(".truth span").textContent = race.probe.label;
    const image = new Image();
    image.onload = () => {
      if (of !== race) return; // another race is on screen by now
      picture = image;
      draw();
    };
    image.src = race.probe.image;
  }

  function sides(n) {
    const room = width() - 30;
    const columns = room < 520 ? 1 : room < 860 ? Math.min(n, 2) : n;
    const each = (room - 10 * (columns - 1)) / columns - 20;
    const stacked = each < 400;
    const side = Math.floor(Math.min(168, stacked ? (each - 10) / 2 : (each - 202) / 2));
    return { columns, stacked, side };
  }

  function draw() {
    const race = races.race;
    $(".forming").hidden = !race;
    if (!race || !width()) return;
    if (of !== race) adopt(race);
    const at = store.get("raceAt") === undefined ? null : store.get("raceAt");
    const looks = race.contenders.map(({ snapshots }) => snapshots.length).join();
    const key = [race.name, race.state, at, looks, width(), screen(), picture !== null].join();
    if (key !== drawn) pictures(race);
    drawn = key;
    race.contenders.forEach((contender, i) => {
      numbers(cards[i], contender, race.contenders, races.snapshotAt(contender), at);
      keep.show(cards[i].keep, race, contender);
    });
  }

  function adopt(race) {
    stop();
    of = race;
    limit = LIMITS[0];
    fetchProbe(race);
    cards = race.contenders.map(build);
    $(".cards").replaceChildren(...cards.map(({ element }) => element));
  }

  /** What pictures are painted for, beside their size. */
  const screen = () => `${store.get("theme")} ${store.get("stage")}`;

  /** What changes only with a snapshot, the scrubber, the state or the page. */
  function pictures(race) {
    const { columns, stacked, side } = sides(cards.length);
    $(".cards").style.setProperty("--columns", columns);
    widen(race);
    scrubber(race);
    const look = {
      limit,
      picture,
      side,
      names: race.classes,
      truth: race.probe && race.probe.label,
      screen: screen(),
    };
    race.contenders.forEach((contender, i) => {
      cards[i].element.classList.toggle("stacked", stacked);
      show(cards[i], contender, races.snapshotAt(contender), look);
    });
  }

  /** What the cards show at this moment; accuracy as on the newest test of the snapshot. */
  function rows() {
    const { contenders, classes, probe } = races.race;
    const names = ["contender", "epoch", "seconds of training", "test accuracy", "2D score"];
    const lines = contenders.map((one) => {
      const seen = races.snapshotAt(one);
      if (!seen) return [one.label];
      const { epoch, seconds, test_accuracy: accuracy, positions, answer, probability } = seen;
      const score = positions?.plane?.two_d ?? "";
      return [
        one.label,
        epoch,
        seconds,
        accuracy ?? "",
        score,
        probe?.label ?? "",
        classes?.[answer] ?? answer,
        probability,
      ];
    });
    return [[...names, "probe picture", "answer", "probability of the answer"], ...lines];
  }
  saveScreen($(".vx-panel"), () => [races.race.title, $(".when").textContent], rows);

  return { topics: ["race", "raceNow", "raceAt", "model"], draw };
});
