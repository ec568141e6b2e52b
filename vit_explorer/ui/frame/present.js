/* The stage: the page for a room. One view, large, with its finding below; keys of a presenter's clicker; scenes. */
import { make } from "../core/elements.js";
import { inLink, touch } from "../core/link.js";
import { hush, inform, sayIn } from "../core/say.js";
import { idle } from "../core/server.js";
import { index, oneOf, setting, words } from "../core/setting.js";
import * as store from "../core/store.js";
import * as tabs from "../core/tabs.js";
import { choose } from "../core/theme.js";
import { moveToken } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import { deckOf } from "./deck.js";
import { figures, roomBelow, show, shown } from "./figures.js";
import { lens } from "./lens.js";
import { keepUploads } from "./uploads.js";
import { notes } from "./notes.js";
import { watchRest } from "./resting.js";
import { brief } from "./scenes.js";
import { sizeOf } from "./size.js";
import { following, ORDER, openTabBeside, openViewBeside, turnOver } from "./walk.js";

const LONGEST = 20_000; // letters of all scenes in a link
const LONGEST_TITLE = 52; // letters
const COLOURS = ["b", ".", "w"]; // keys that change a black or white screen; any other brings the picture back
const FINDINGS = [
  ".answers:has([data-mask=off][aria-pressed=true]) .answer", // both answers
  ".vx-patches .numbers caption", // another cut against the trained one
  ".vx-patches .note",
  ".headline",
  ".vx-features-similarity .finding", // it follows the pointer, the one of the colours does not
  ".finding",
  ".outcome",
  "p.pair",
  ".forms",
  ".promise",
  ".says",
  ".verdict:not(.findings *)",
  ".mixing strong",
  ".vx-positions .readout",
  "h2",
];

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  let on = false;
  let figure = 0; // of the view, the one shown
  let seen = ""; // the tab and view that it is a figure of
  let arriving = 0; // figures that a link names and that wait until all is drawn
  const speaker = notes(press, release);
  const glass = lens();
  const size = sizeOf($(".onward"));
  const deck = deckOf($(".scenes"), { onStage: () => on, present: enter, changed: describe });

  // ---- entering and leaving ----------------------------------------------------------------------------------------
  function enter() {
    if (on) return;
    on = true;
    hush();
    figure = shown();
    document.body.classList.add("vx-present");
    sayIn($(".told-here"));
    grown.observe(document.querySelector("#tabs"));
    if (document.fullscreenEnabled) document.documentElement.requestFullscreen().catch(() => {}); // not after a reload
    arrange();
    touch();
  }

  function leave() {
    if (!on) return;
    on = false;
    document.body.classList.remove("vx-present", "vx-more");
    sayIn(document.body);
    grown.disconnect();
    said([]);
    document.documentElement.style.removeProperty("--vx-stage");
    curtain("");
    glass.reduce();
    help(false);
    if (document.fullscreenElement) document.exitFullscreen();
    store.set("stage", 0);
    touch();
  }

  document.addEventListener("fullscreenchange", () => !document.fullscreenElement && leave());
  window.addEventListener("resize", () => on && arrange());

  function arrange() {
    const scale = size.apply(window.innerWidth, window.innerHeight);
    if (!arriving) show(figure);
    describe();
    store.set("stage", scale); // views draw anew: their letters may be as wide as before, their pixels are not
  }

  /** What stands above the figure may become higher, or lower, once it is drawn. */
  const grown = new ResizeObserver(() => on && !arriving && show(figure));

  /** Show the figure that a link names: what stands above it is drawn first. @param {number | null} index */
  async function showSoon(index) {
    arriving++;
    await idle();
    arriving--;
    if (on && !arriving) show((figure = index ?? 0));
  }

  /** Show another figure of the view; whether there is one. What grows from then on leaves it in place. @param {number} index */
  function turnTo(index) {
    if (!figures()[index]) return false;
    show((figure = index));
    touch();
    describe();
    return true;
  }

  /** The title above, the number of the scene, and the finding of the view below. */
  function describe() {
    if (!on) return;
    const { tab = "", sub } = tabs.place();
    document.body.dataset.vxTab = tab;
    const place = [tab, sub].filter(Boolean).map(tabs.nameOf).join(" · ");
    if (seen !== (seen = `${tab} ${sub}`) && !arriving) show(0);
    const all = figures();
    if (figure !== (figure = shown())) touch();
    const first = (/** @type {string[]} */ selectors) => {
      const found = selectors.flatMap((selector) => [...document.querySelectorAll(`#tabs ${selector}`)]);
      const there = (/** @type {HTMLElement} */ one) =>
        !one.closest("section.vx-backstage") &&
        tabs.visible(outOf(one)) &&
        [undefined, all[figure]].includes(all.find((panel) => panel.contains(one)));
      return /** @type {HTMLElement[]} */ (found).find((one) => there(one) && one.textContent.trim());
    };
    // The heading stands above the view, not in it; a long one is a finding and stands below. Home has a headline of its own.
    const heading = tab === "home" ? undefined : first(figure ? ["h2", "h3"] : ["h2"]);
    const short = heading ? titleOf(heading) : "";
    $(".view").textContent = short || place;
    const scene = deck.told();
    write(".number", scene.number);
    write(".scene-name", scene.called);
    list(tabs.views(), sub, short && tabs.nameOf(tab));
    $(".figure").hidden = all.length < 2;
    $(".figure").textContent = `Figure ${figure + 1} of ${all.length}`;
    const finding = first(FINDINGS);
    const sentence = tab === "home" || !finding ? "" : brief(finding.textContent);
    const below = sentence === short ? "" : sentence;
    said([heading, below && finding]);
    write(".sentence", below);
    const floor = `${Math.floor(roomBelow())}px`; // less with a sentence below
    if (document.documentElement.style.getPropertyValue("--vx-floor") !== floor) {
      document.documentElement.style.setProperty("--vx-floor", floor);
      if (!arriving) show(figure);
    }
    size.point();
    speaker.tell({
      title: scene.called || place,
      where: scene.where,
      sentence: finding ? brief(finding.textContent) : "",
      note: scene.note,
      next: deck.count() ? scene.next : following(),
      screen: $(".curtain").dataset.colour ?? "",
    });
  }
  setInterval(() => on && describe(), 300); // findings follow the pointer and the server
  const opened = new MutationObserver(() => on && describe());
  opened.observe(document.body, { subtree: true, attributeFilter: ["aria-selected"] });

  const write = (/** @type {string} */ selector, /** @type {string} */ text) =>
    $(selector).textContent !== text && $(selector).replaceChildren(text);

  /** The words of a heading, or those of its main part, that are no longer than a title; none of a finding's. @param {HTMLElement} heading */
  function titleOf(heading) {
    const main = [...heading.childNodes].filter((part) => !(part instanceof Element && part.matches(".vx-soft")));
    const texts = [heading.textContent, main.map((part) => part.textContent).join("")].map((text) => text.trim());
    return texts.find((text) => text && text.length <= LONGEST_TITLE) ?? "";
  }

  /** What shows around an element that the stage itself may hide. @param {HTMLElement} one @returns {HTMLElement} */
  function outOf(one) {
    const hidden = one.closest(".vx-backstage, [data-on-stage]");
    return hidden ? outOf(hidden.parentElement) : one;
  }

  /** Under the title: the tab, unless the title says it, and its views, each a way there. */
  function list(ids, open, name) {
    const row = $(".views");
    const shown = [name, ...ids].join(" ");
    if (row.dataset.shown !== shown) {
      row.dataset.shown = shown;
      const buttons = ids.map((id) => {
        const button = make("button", "", tabs.nameOf(id));
        button.dataset.view = id;
        button.addEventListener("click", () => tabs.openTab(id));
        return button;
      });
      row.replaceChildren(...(name ? [make("span", "", name)] : []), ...buttons);
    }
    for (const button of row.querySelectorAll("button"))
      if (button.dataset.view === open) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
  }

  /** Take what the stage says from the view, where it would be said again. */
  function said(elements) {
    for (const one of document.querySelectorAll("#tabs [data-on-stage]"))
      if (!elements.includes(one)) one.removeAttribute("data-on-stage");
    for (const one of elements) if (one) one.setAttribute("data-on-stage", "");
  }

  /** A screen of one colour; the same again, or "", takes it away. @param {"black" | "white" | ""} colour */
  function curtain(colour) {
    const [element, same] = [$(".curtain"), $(".curtain").dataset.colour === colour];
    element.dataset.colour = same ? "" : colour;
    element.hidden = !element.dataset.colour;
    describe();
  }
  $(".curtain").addEventListener("click", () => curtain(""));

  // ---- keys ----------------------------------------------------------------------------------------------------------
  /** Another layer or head, where the network has them. */
  function turn(layers, heads) {
    const { attention } = store.state.trace || {};
    if (!attention) return;
    const [nLayers, nHeads] = attention.shape;
    const { layer = nLayers - 1, head = 0, ...others } = store.state.attentionChosen || {};
    const inside = (value, n) => Math.max(0, Math.min(n - 1, value));
    const next = { layer: inside(layer + layers, nLayers), head: inside(head + heads, nHeads), mean: false };
    store.set("attentionChosen", { ...others, ...next });
  }

  function play() {
    const buttons = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#tabs .play")]);
    const button = buttons.find((one) => tabs.visible(one));
    if (button) button.click();
  }

  function help(shown) {
    if (shown) hush();
    $(".help").hidden = !shown;
    $(".keys").setAttribute("aria-expanded", String(shown));
  }
  $(".keys").addEventListener("click", () => help($(".help").hidden));
  $(".leave").addEventListener("click", leave);
  $(".number").addEventListener("click", deck.list);
  $(".figure").addEventListener("click", () => turnTo((shown() + 1) % figures().length));

  function larger(times) {
    size.set(size.get() * times);
    arrange();
    touch();
  }

  function release(/** @type {KeyboardEvent} */ event) {
    if (event.key === "z") glass.reduce();
  }

  const KEYS = {
    ArrowRight: () => (deck.count() ? deck.step(1) : openTabBeside(1)),
    ArrowLeft: () => (deck.count() ? deck.step(-1) : openTabBeside(-1)),
    Home: () => deck.end(0) || tabs.openTab(ORDER[0]),
    End: () => deck.end(-1) || tabs.openTab(ORDER.at(-1)),
    ArrowDown: () => turnTo(shown() + 1) || openViewBeside(1),
    ArrowUp: () => turnTo(shown() - 1) || openViewBeside(-1),
    PageDown: () => (deck.count() ? deck.step(1) : turnOver(1)),
    PageUp: () => (deck.count() ? deck.step(-1) : turnOver(-1)),
    " ": play,
    "[": () => turn(-1, 0),
    "]": () => turn(1, 0),
    "{": () => turn(0, -1),
    "}": () => turn(0, 1),
    k: () => deck.add(),
    K: deck.forget,
    s: deck.list,
    c: () => deck.copy(),
    b: () => curtain("black"),
    ".": () => curtain("black"), // a clicker's key for it
    w: () => curtain("white"),
    l: () => choose(store.get("theme") === "dark" ? "light" : "dark"),
    "+": () => larger(1.125),
    "-": () => larger(1 / 1.125),
    z: glass.enlarge,
    n: () => speaker.open() || inform("This browser allows no second window for this page."),
    "?": () => help($(".help").hidden),
    p: leave,
    Escape: () => ($(".help").hidden ? leave() : help(false)),
    ...Object.fromEntries(ORDER.slice(0, 10).map((tab, k) => [String(k), () => tabs.openTab(tab)])),
  };

  /** What a key does here, pressed on the page or in the window of the notes. @param {KeyboardEvent} event */
  function press(event) {
    const typing = /** @type {Element} */ (event.target).closest?.("input:not([type=range]), textarea, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (!on) {
      if (event.key === "p") enter();
      else if (event.key === "P") deck.begin();
      else if (event.key === "k") deck.add();
      else if (event.key === "s") deck.list();
      return;
    }
    document.body.classList.toggle("vx-tabbed", event.key === "Tab");
    const grid = store.state.trace && store.state.trace.grid;
    const moves = event.shiftKey && event.key.startsWith("Arrow");
    if (!moves && !(event.key in KEYS)) return;
    if ($(".curtain").dataset.colour && !COLOURS.includes(event.key)) curtain("");
    else if (!moves) KEYS[event.key]();
    else if (grid) moveToken(event.key, grid);
    event.preventDefault();
    event.stopPropagation();
  }
  document.addEventListener("keydown", press, true);
  document.addEventListener("keyup", release);

  inLink(root, {
    present: setting(
      oneOf("1"),
      () => (on ? "1" : null),
      (value) => deck.moving() || (value ? enter() : leave()),
    ),
    letters: setting(
      size.range,
      () => (on ? size.get() : null),
      (value) => {
        if (deck.moving() || (value === null && !on)) return;
        size.set(value ?? 1);
        if (on) arrange();
      },
      1,
    ),
    figure: setting(index, () => (on ? figure : null), showSoon, 0),
    deck: setting(
      words(LONGEST),
      () => (on && deck.count() ? deck.written() : null),
      (text) => text !== null && deck.read(text),
    ),
  });
  store.on("presenting", (wanted) => wanted && enter());
  store.on("keeping", (wanted) => wanted && deck.add());
  keepUploads(server, deck.uploads);
  watchRest();
  return { topics: [], draw: describe };
});
