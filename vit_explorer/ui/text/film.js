/* A film of steps: its controls in the .film of a view, and the keys of these and other places.
 *
 * first, last(): the numbers of its ends, last() null while there is nothing to play. show(): paints `film.step`.
 */
import { make } from "../core/elements.js";
import { touch } from "../core/link.js";
import { integer, setting } from "../core/setting.js";

export function makeFilm(root, { pace, first, last, keyed = [], show }) {
  const $ = (selector) => root.querySelector(selector);
  const film = { step: Infinity, go, stop, rewind };
  let timer = 0;
  let linked = null; // the step of a link, also for a sequence that is on its way

  const steps = make("div", "vx-segments");
  steps.setAttribute("role", "group");
  steps.setAttribute("aria-label", $(".film").dataset.label);
  for (const [name, words, label] of [
    ["back", "◀", "One step back"],
    ["play", "Play", ""],
    ["forward", "▶", "One step on"],
  ]) {
    const button = make("button", `vx-button ${name}`, words);
    button.type = "button";
    if (label) Object.assign(button, { title: label, ariaLabel: label });
    steps.append(button);
  }
  const slider = Object.assign(make("input", "slider"), { type: "range", min: String(first), step: "1" });
  slider.setAttribute("aria-label", "Step of the decoding");
  $(".film").append(steps, slider, make("output", "step"));
  $(".play").classList.add("primary");
  stop();

  function go(next) {
    const end = last();
    if (end === null) return;
    film.step = Math.max(first, Math.min(end, next));
    $(".slider").max = String(end);
    $(".slider").value = String(film.step);
    $(".step").textContent = film.step ? `step ${film.step} of ${end}` : `start, 0 of ${end} steps`;
    for (const [button, off] of [
      [$(".back"), film.step === first],
      [$(".forward"), film.step === end],
    ]) {
      if (off && document.activeElement === button) $(".play").focus(); // a disabled button hears no keys
      button.disabled = off;
    }
    show();
  }

  function stop() {
    clearTimeout(timer);
    timer = 0;
    $(".play").setAttribute("aria-pressed", "false");
    $(".play").textContent = "Play";
  }

  /** To the end, for a new sequence; nothing is shown yet. */
  function rewind() {
    stop();
    [film.step, linked] = [linked ?? Infinity, null];
  }

  /** The step in a link. */
  const linkedStep = setting(
    integer(first),
    () => (last() === null || film.step >= last() ? null : film.step),
    (value) => {
      stop();
      [film.step, linked] = [value ?? Infinity, value];
    },
  );

  function advance() {
    if (root.offsetParent === null || last() === null || film.step >= last()) return stop();
    go(film.step + 1);
    touch();
    timer = setTimeout(advance, pace);
  }

  function choose(next) {
    linked = null;
    stop();
    go(next);
  }

  $(".play").addEventListener("click", () => {
    if (timer) return stop();
    if (last() === null) return;
    $(".play").setAttribute("aria-pressed", "true");
    $(".play").textContent = "Pause";
    if (film.step >= last()) go(first);
    timer = setTimeout(advance, pace);
  });
  $(".back").addEventListener("click", () => choose(film.step - 1));
  $(".forward").addEventListener("click", () => choose(film.step + 1));
  $(".slider").addEventListener("input", () => choose(Number($(".slider").value)));
  for (const place of [steps, ...keyed.map($)]) {
    place.addEventListener("keydown", (event) => {
      const next = { ArrowLeft: film.step - 1, ArrowRight: film.step + 1, Home: first, End: Infinity }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      choose(next);
    });
  }
  return Object.assign(film, { linkedStep });
}
