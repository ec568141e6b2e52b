/* The tour: a card that asks for one act after the other on the real page, and goes on by itself when it is done. */
import { fill, make } from "../core/elements.js";
import { current, go, inLink, touch } from "../core/link.js";
import { ask } from "../core/server.js";
import { integer, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { calm } from "../core/theme.js";
import { widget } from "../core/widget.js";
import { watch } from "./acts.js";
import { filled } from "./numbers.js";
import { corner } from "./place.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const PADDING = 8; // px around what is lit
  const NARROW = 640; // px of the window, below which the card is a sheet at the lower edge
  const [card, spot] = [$(".card"), $(".spot")];
  let steps = [];
  let number = 0; // of the step on screen, from 1; 0 while there is no tour
  let saved = ""; // what was on screen before
  /** @type {HTMLElement | null} */
  let opener = null; // what had the focus before
  let unwatch = () => {};
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  let turn = 0; // counts steps that were asked for: an older one's end is not waited for

  // ---- steps -------------------------------------------------------------------------------------------------
  /** Begin a step; `fresh` if the tour starts with it on a page that shows something. */
  async function show(wanted) {
    const mine = ++turn;
    if (!steps.length) steps = (await ask(server, "tour"))?.steps || [];
    if (mine !== turn || !steps.length) return;
    if (!number) {
      saved = store.get("settled") ? new URLSearchParams({ ...current(), tour: "" }).toString() : "";
      opener = /** @type {HTMLElement} */ (document.activeElement);
    }
    leave();
    const next = Math.max(1, Math.min(steps.length, wanted));
    const shown = go(`${steps[next - 1].link}&tour=${next}`, true); // writes first what the entry before is about
    number = next;
    write();
    card.hidden = false;
    card.focus({ preventScroll: true });
    await shown;
    if (mine !== turn) return;
    target()?.scrollIntoView({
      block: window.innerWidth < NARROW ? "start" : "center",
      behavior: calm() ? "auto" : "smooth",
    });
    place();
    unwatch = watch(steps[number - 1].done, current, well);
  }

  /** What was asked for is done. */
  function well() {
    const { wait } = steps[number - 1];
    $(".well").textContent = number < steps.length ? "✓ Done. The next step comes by itself." : "✓ Done.";
    timer = setTimeout(() => (number < steps.length ? show(number + 1) : end()), 1000 * wait);
  }

  function leave() {
    unwatch();
    clearTimeout(timer);
    $(".well").textContent = "";
  }

  /** Leave the page as it was before; `restore` false where somebody has gone elsewhere already. */
  async function end(restore = true) {
    if (!number) return;
    turn++;
    leave();
    const at = number;
    number = 0;
    card.hidden = spot.hidden = true;
    if (restore && saved && at) await go(saved, true);
    if (opener?.isConnected) opener.focus({ preventScroll: true });
    touch();
  }

  // ---- the card ----------------------------------------------------------------------------------------------
  const target = () => /** @type {HTMLElement | null} */ (document.querySelector(steps[number - 1].spot));

  function write() {
    const { title, act } = steps[number - 1];
    fill($(".threads"), steps, (_, k) => make("i", k + 1 < number ? "done" : k + 1 === number ? "now" : ""));
    $(".count").textContent = `Step ${number} of ${steps.length}`;
    $("#vx-tour-title").textContent = title;
    $(".act").textContent = act;
    $(".back").disabled = number === 1;
    $(".next").textContent = number === steps.length ? "Finish" : "Next";
    say();
  }

  function say() {
    if (!number) return;
    const words = filled(steps[number - 1].say, store.state, current());
    if ($(".say").textContent !== words) $(".say").textContent = words;
  }

  /** Light what the step is about, and stand beside it. */
  function place() {
    if (!number) return;
    const box = target()?.getBoundingClientRect();
    const lit =
      box && box.width > 0
        ? { left: box.left - PADDING, top: box.top - PADDING, right: box.right + PADDING, bottom: box.bottom + PADDING }
        : null;
    spot.hidden = !lit;
    if (lit)
      Object.assign(spot.style, {
        left: `${lit.left}px`,
        top: `${lit.top}px`,
        width: `${lit.right - lit.left}px`,
        height: `${lit.bottom - lit.top}px`,
      });
    const [left, top] = corner(
      lit,
      { width: card.offsetWidth, height: card.offsetHeight },
      { width: window.innerWidth, height: window.innerHeight },
    );
    Object.assign(card.style, { left: `${left}px`, top: `${top}px` });
  }

  // ---- input -------------------------------------------------------------------------------------------------
  $(".next").addEventListener("click", () => (number < steps.length ? show(number + 1) : end()));
  $(".back").addEventListener("click", () => show(number - 1));
  $(".end").addEventListener("click", () => end());
  card.addEventListener("keydown", (event) => {
    const to = { ArrowRight: number + 1, ArrowLeft: number - 1 }[event.key];
    if (to === undefined || to < 1 || to > steps.length) return;
    event.preventDefault();
    show(to);
  });
  document.addEventListener("keydown", (event) => {
    if (number && event.key === "Escape" && !event.defaultPrevented) end();
  });
  for (const kind of ["scroll", "resize"]) window.addEventListener(kind, place, { capture: true, passive: true });
  new ResizeObserver(place).observe(document.body);
  store.follow(() => {
    if (!number) return;
    say();
    place();
  });
  setInterval(() => number && (say(), place()), 400); // what moves or changes without telling the state

  inLink(root, {
    tour: setting(
      integer(1, 99),
      () => number || null,
      (wanted) => {
        if (wanted === null) end(false);
        else if (wanted !== number) show(wanted);
      },
    ),
  });
});
