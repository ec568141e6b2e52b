/* The tour: a card that asks for one act after the other on the real page, and goes on by itself when it is done. */
import { fill, make } from "../core/elements.js";
import { unfold } from "../core/fold.js";
import { current, giveBack, go, inLink, remember, touch } from "../core/link.js";
import { hush, inform } from "../core/say.js";
import { ask } from "../core/server.js";
import { integer, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import * as tabs from "../core/tabs.js";
import { calm } from "../core/theme.js";
import { widget } from "../core/widget.js";
import { goesOn, stepAt, watch } from "./acts.js";
import { filled } from "./numbers.js";
import { around, meet, scrollTo } from "./place.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const PADDING = 8; // px around what is lit
  const ARRIVAL = 5000; // ms in which the views of a step are there
  const [card, spot] = [$(".card"), $(".spot")];
  let steps = [];
  let number = 0; // of the step on screen, from 1; 0 while there is no tour
  /** @type {{memory: ReturnType<typeof remember>, top: number, race: string | undefined} | null} */
  let before = null; // what the visitor had, and how far the page was scrolled, px
  /** @type {HTMLElement | null} */
  let opener = null; // what had the focus before
  let unwatch = () => {};
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  let stood = false; // whether what the step lights has come
  let lay = [0, 0]; // where what is lit began and ended in the page, px, when it was scrolled to
  let arrived = false; // whether the views of the step have come
  let until = Infinity; // ms: so long views of a step that has begun may still come
  let turn = 0; // counts steps that were asked for: an older one's end is not waited for

  // ---- steps -------------------------------------------------------------------------------------------------
  /** Begin a step. @param {number} wanted */
  async function show(wanted) {
    const mine = ++turn;
    if (!steps.length) steps = (await ask(server, "tour"))?.steps || [];
    if (mine !== turn || !steps.length) return;
    if (!number) {
      hush();
      const { settled, race } = store.state;
      before = settled ? { memory: remember(), top: window.scrollY, race: race?.name } : null;
      opener = /** @type {HTMLElement} */ (document.activeElement);
    }
    leave();
    arrived = stood = false;
    until = Infinity;
    const next = Math.max(1, Math.min(steps.length, wanted));
    const shown = go(`${steps[next - 1].link}&tour=${next}`, true); // writes first what the entry before is about
    number = next;
    write();
    card.hidden = false;
    place();
    card.focus({ preventScroll: true });
    await shown;
    if (mine !== turn) return;
    arrived = true;
    until = performance.now() + ARRIVAL;
    stand();
    bring();
    place();
    unwatch = watch(steps[number - 1].done, current, () => store.state.race, well);
  }

  /** What was asked for is done. After the last step the visitor says what the page is to show. */
  function well() {
    const last = number === steps.length;
    $(".well").textContent = last ? "✓ Done." : "✓ Done. The next step comes by itself.";
    if (!last) timer = setTimeout(() => show(number + 1), 1000 * steps[number - 1].wait);
  }

  /** Go on from where somebody has gone by the page's own ways; say where the step is, if none is about that place. */
  function follow() {
    if (!arrived) return;
    const found = stepAt(steps, number, tabs.place());
    if (found && found !== number) show(found);
    const { act, link } = steps[number - 1];
    const away = `This step is in ${tabs.nameOf(new URLSearchParams(link).get("tab") ?? "")}: go back there, or press Next.`;
    if ($(".act").textContent !== (found ? act : away)) $(".act").textContent = found ? act : away;
  }

  function leave() {
    unwatch();
    clearTimeout(timer);
    $(".well").textContent = "";
  }

  /**
   * End the tour: "back" where the visitor was, with all as it was; "stay" with all as it is; "gone" where somebody has gone
   * elsewhere already, with the views of closed tabs as they were. A race goes on.
   * @param {"back" | "stay" | "gone"} how
   */
  async function end(how) {
    if (!number) return;
    turn++;
    leave();
    arrived = false;
    number = 0;
    card.hidden = spot.hidden = true;
    document.body.style.paddingBottom = "";
    const had = how === "stay" ? null : before;
    if (had) await giveBack(had.memory, how === "back");
    if (opener?.isConnected && how !== "gone") opener.focus({ preventScroll: true });
    touch();
    if (!had || how === "gone") return;
    window.scrollTo(0, had.top);
    const { race } = store.state;
    const begun = race && race.name !== had.race;
    inform(
      `All is as you had it before the tour.${begun ? ` The race ${goesOn(race) ? "goes on" : "is"} in Train.` : ""}`,
    );
  }

  // ---- the card ----------------------------------------------------------------------------------------------
  const boxOf = (/** @type {string} */ selector) =>
    around(
      [...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect()),
      PADDING,
    );

  /** What the step lights, and where that is higher than the free part of the window what it names for this. */
  function target() {
    const { spot: all, small } = steps[number - 1];
    const [high, low] = part();
    if (!boxOf(all)) return null;
    const boxes = [all, ...small].map(boxOf).filter(Boolean);
    return boxes.find(({ top, bottom }) => bottom - top <= low - high) ?? boxes.at(-1);
  }

  /** What the visitor is asked to press or to point at, or else what is lit. */
  function asked() {
    const { press, point } = steps[number - 1].done;
    return press || point ? boxOf(press ?? point) : target();
  }
  /** Whether the card lies on what the visitor is asked for. */
  const covers = () => Boolean(asked()) && meet(asked(), card.getBoundingClientRect());
  /** Whether that lies below the free part of the window. */
  const below = () => Boolean(asked()) && asked().bottom > part()[1];

  /** Upper and lower end of the part of the window that neither the card nor a bar that stays at the top covers. @returns {[number, number]} */
  function part() {
    return [stuck(), card.getBoundingClientRect().top];
  }

  /** How far down the bars reach that stay at the top while the page is scrolled, such as that of a race; px of the window. */
  function stuck() {
    const lit = [...document.querySelectorAll(steps[number - 1].spot)];
    const bars = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#rail, #tabs .block")]).filter(
      (one) =>
        tabs.visible(one) && !lit.some((part) => one.contains(part)) && getComputedStyle(one).position === "sticky",
    );
    const wide = bars.map((one) => ({
      box: one.getBoundingClientRect(),
      top: Number.parseFloat(getComputedStyle(one).top),
    }));
    return Math.max(
      0,
      ...wide.filter(({ box }) => box.width > window.innerWidth / 2).map(({ box, top }) => top + box.height),
    );
  }

  function write() {
    const { title, act } = steps[number - 1];
    fill($(".threads"), steps, (_, k) => make("i", k + 1 < number ? "done" : k + 1 === number ? "now" : ""));
    $(".count").textContent = `Step ${number} of ${steps.length}`;
    $("#vx-tour-title").textContent = title;
    $(".act").textContent = act;
    $(".back").disabled = number === 1;
    const last = number === steps.length;
    $(".end").hidden = last;
    $(".stay").hidden = !last || !before;
    $(".next").textContent = !last ? "Next" : before ? "Return to where I was" : "Finish";
    say();
  }

  function say() {
    if (!number) return;
    const words = filled(steps[number - 1].say, store.state, current());
    if ($(".say").textContent !== words) $(".say").textContent = words;
  }

  /** Open what the step lights, and end the page above the card, so that its last part can be lit too. */
  function stand() {
    const { spot: lit } = steps[number - 1];
    unfold(document.querySelector(lit));
    stood = Boolean(boxOf(lit));
    document.body.style.paddingBottom = `${card.getBoundingClientRect().height + 2 * PADDING}px`;
  }

  const inPage = (/** @type {import("./place.js").Box} */ { top, bottom }) => [
    top + window.scrollY,
    bottom + window.scrollY,
  ];

  /** Scroll to what the step lights. */
  function bring() {
    const lit = target();
    if (!lit) return;
    lay = inPage(lit);
    const atOnce = calm() || !arrived || covers();
    window.scrollBy({ top: scrollTo(lit, ...part()), behavior: atOnce ? "instant" : "smooth" });
  }

  /** Light what the step is about. @param {boolean} [grown] whether the page or the card has another size */
  function place(grown = false) {
    if (!number) return;
    const lit = target();
    const moved = lit && inPage(lit).some((end, k) => Math.abs(end - lay[k]) > 2 * PADDING);
    if (
      lit &&
      (!stood || (moved && performance.now() < until) || (moved && below()) || ((moved || grown) && covers()))
    ) {
      stand(); // what it is about has come, or what stands above it
      bring();
      return place();
    }
    spot.hidden = !lit;
    if (!lit) return;
    const zoom = root.currentCSSZoom ?? 1; // of a page on a large screen
    const size = { left: lit.left, top: lit.top, width: lit.right - lit.left, height: lit.bottom - lit.top };
    for (const [side, length] of Object.entries(size)) spot.style[side] = `${length / zoom}px`;
  }

  // ---- input -------------------------------------------------------------------------------------------------
  $(".next").addEventListener("click", () => (number < steps.length ? show(number + 1) : end("back")));
  $(".back").addEventListener("click", () => show(number - 1));
  $(".end").addEventListener("click", () => end("back"));
  $(".stay").addEventListener("click", () => end("stay"));
  card.addEventListener("keydown", (event) => {
    const to = { ArrowRight: number + 1, ArrowLeft: number - 1 }[event.key];
    if (to === undefined || to < 1 || to > steps.length) return;
    event.preventDefault();
    show(to);
  });
  document.addEventListener("keydown", (event) => {
    if (number && event.key === "Escape" && !event.defaultPrevented) end("back");
  });
  window.addEventListener("scroll", () => place(), { capture: true, passive: true });
  let wide = window.innerWidth; // px
  window.addEventListener("resize", () => {
    if (!number) return;
    const turned = wide !== window.innerWidth; // a phone's bars come and go while its page is scrolled: that moves nothing
    wide = window.innerWidth;
    stand();
    if (turned) bring();
    place();
  });
  const sizes = new ResizeObserver(() => place(true));
  for (const one of [document.body, card]) sizes.observe(one);
  store.follow(() => {
    if (!number) return;
    say();
    place();
  });
  setInterval(() => number && (follow(), say(), place()), 400); // what moves or changes without telling the state

  inLink(root, {
    tour: setting(
      integer(1, 99),
      () => number || null,
      (wanted) => {
        if (wanted === null) end("gone");
        else if (wanted !== number) show(wanted);
      },
    ),
  });
});
