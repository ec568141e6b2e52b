/* The stage: the page for a room. One view, large, with its finding below; keys of a presenter's clicker; scenes. */
import { address, inLink, restore, touch } from "../core/link.js";
import { placeInWindow } from "../core/pointer.js";
import { inform } from "../core/say.js";
import { number, oneOf, setting, words } from "../core/setting.js";
import { ofBrowser } from "../core/storage.js";
import * as store from "../core/store.js";
import * as tabs from "../core/tabs.js";
import { choose } from "../core/theme.js";
import { moveToken } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import { notes } from "./notes.js";
import { brief, KEPT, moved, OWN, read, scaleOf, sceneOf, whoOpens, written } from "./scenes.js";

const LENS = 3; // times as large
const LONGEST = 20_000; // letters of all scenes in a link
const ORDER = "home patches positions attention features windows train recipe classify compare roots exercises".split(
  " ",
);
const LONGEST_TITLE = 52; // letters
const SMALLEST = 0.75; // times the letters that the room needs
const LARGEST = 2;
const FINDINGS = [
  ".vx-windows-masks .answers:has([data-mask=off][aria-pressed=true]) .answer", // both answers
  ".vx-patches .numbers caption", // another cut against the trained one
  ".vx-patches .note",
  ".headline",
  ".vx-features-similarity .finding", // it follows the pointer, the one of the colours does not
  ".finding",
  ".outcome",
  "p.pair",
  ".forms",
  ".says",
  ".verdict:not(.findings *)",
  "h2",
];

export default widget((root) => {
  const $ = (selector) => root.querySelector(selector);
  let on = false;
  let own = 1; // times as large as the room needs
  let scenes = read(ofBrowser.get(KEPT) ?? "");
  let at = -1; // the scene on screen
  const speaker = notes();
  let moving = false; // a scene is being shown: what its link does not name stays

  // ---- entering and leaving ----------------------------------------------------------------------------------------
  function enter() {
    if (on) return;
    on = true;
    document.body.classList.add("vx-present");
    if (document.fullscreenEnabled) document.documentElement.requestFullscreen().catch(() => {}); // not after a reload
    arrange();
    store.set("stage", true);
    touch();
  }

  function leave() {
    if (!on) return;
    on = false;
    document.body.classList.remove("vx-present");
    said([]);
    document.documentElement.style.removeProperty("--vx-stage");
    curtain("");
    reduce();
    help(false);
    if (document.fullscreenElement) document.exitFullscreen();
    store.set("stage", false);
    touch();
  }

  document.addEventListener("fullscreenchange", () => !document.fullscreenElement && leave());
  window.addEventListener("resize", () => on && arrange());

  function arrange() {
    const { innerWidth: width, innerHeight: height } = window;
    document.documentElement.style.setProperty("--vx-stage", String(scaleOf(width, height, own)));
    document.documentElement.style.setProperty("--vx-room", String(Math.min(width / 1920, height / 1080) * own));
    describe();
  }

  /** The title above, the number of the scene, and the finding of the view below. */
  function describe() {
    if (!on) return;
    const { tab = "", sub } = tabs.place();
    document.body.dataset.vxTab = tab;
    const place = [tab, sub].filter(Boolean).map(tabs.nameOf).join(" · ");
    const number = scenes.length && at >= 0 ? `${at + 1} / ${scenes.length}` : "";
    const first = (/** @type {string[]} */ selectors) => {
      const all = selectors.flatMap((selector) => [...document.querySelectorAll(`#tabs ${selector}`)]);
      const there = (/** @type {HTMLElement} */ one) =>
        tabs.visible(one.matches(".vx-backstage, [data-on-stage]") ? one.parentElement : one);
      return /** @type {HTMLElement[]} */ (all).find((one) => there(one) && one.textContent.trim());
    };
    // The heading stands above the view, not in it; a long one is a finding and stands below. Home has a headline of its own.
    const heading = tab === "home" ? undefined : first(["h2"]);
    const short = heading && heading.textContent.trim().length <= LONGEST_TITLE ? heading.textContent.trim() : "";
    $(".view").textContent = short || place;
    $(".number").textContent = [short && place, number].filter(Boolean).join("   ");
    const finding = first(FINDINGS);
    const sentence = tab === "home" || !finding ? "" : brief(finding.textContent);
    const below = sentence === short ? "" : sentence;
    said([heading, below && finding]);
    if ($(".sentence").textContent !== below) $(".sentence").textContent = below;
    speaker.tell({
      title: place,
      sentence: finding ? brief(finding.textContent) : "",
      next: nextTitle(),
    });
  }
  setInterval(() => on && describe(), 300); // findings follow the pointer and the server

  /** Take what the stage says from the view, where it would be said again. */
  function said(elements) {
    for (const one of document.querySelectorAll("#tabs [data-on-stage]"))
      if (!elements.includes(one)) one.removeAttribute("data-on-stage");
    for (const one of elements) if (one) one.setAttribute("data-on-stage", "");
  }

  /** What comes after this scene, or after this tab. */
  function nextTitle() {
    const all = scenes.length ? scenes : ORDER.map((tab) => `tab=${tab}`);
    const here = scenes.length ? at : ORDER.indexOf(tabs.place().tab);
    const next = moved(here, 1, all.length);
    if (next === null) return "";
    const { tab, sub } = Object.fromEntries(new URLSearchParams(all[next]));
    return [tab, sub].filter(Boolean).map(tabs.nameOf).join(" · ");
  }

  function curtain(colour) {
    const [element, same] = [$(".curtain"), $(".curtain").dataset.colour === colour];
    element.dataset.colour = same ? "" : colour;
    element.hidden = !element.dataset.colour;
  }

  // ---- scenes --------------------------------------------------------------------------------------------------------
  function keep(next) {
    scenes = next;
    ofBrowser.set(KEPT, written(scenes));
    describe();
    touch();
  }

  function add() {
    keep([...scenes.slice(0, at + 1), sceneOf(new URL(address()).hash), ...scenes.slice(at + 1)]);
    at++;
    describe();
    inform(`Kept as scene ${at + 1} of ${scenes.length}.`);
  }

  function forget() {
    if (at < 0) return;
    keep(scenes.filter((_, k) => k !== at));
    at = Math.min(at, scenes.length - 1);
    describe();
    inform(`Forgotten; ${scenes.length} ${scenes.length === 1 ? "scene is" : "scenes are"} left.`);
  }

  async function step(by) {
    if (!scenes.length) {
      const next = moved(ORDER.indexOf(tabs.place().tab), by, ORDER.length);
      if (next !== null) tabs.openTab(ORDER[next]);
      return;
    }
    const next = moved(at, by, scenes.length);
    if (next === null) return;
    at = next;
    moving = true;
    try {
      await restore(scenes[at]);
    } finally {
      moving = false;
    }
    describe();
  }

  /** The address of the first scene with all that follow; of what is on screen if none is kept. */
  function fromTheFirst() {
    if (!scenes.length) return address();
    const link = new URL(address());
    const own = new URLSearchParams(link.hash.slice(1));
    const first = new URLSearchParams(scenes[0]);
    for (const key of OWN) if (own.has(key)) first.set(key, own.get(key));
    link.hash = first.toString();
    return link.href;
  }

  async function copy() {
    const link = fromTheFirst();
    const who = whoOpens(link, store.state.catalogue.kept_minutes);
    try {
      await navigator.clipboard.writeText(link);
      inform(`A link with ${scenes.length} ${scenes.length === 1 ? "scene" : "scenes"} is copied. ${who}`.trim());
    } catch {
      inform("This browser does not let the page copy: the page's address holds the scenes.");
    }
  }

  // ---- keys ----------------------------------------------------------------------------------------------------------
  /** Another layer or head, where the network has them. */
  function turn(layers, heads) {
    const { attention } = store.state.trace || {};
    if (!attention) return;
    const [nLayers, nHeads] = attention.shape;
    const { layer = nLayers - 1, head = 0, ...others } = store.state.attentionChosen || {};
    const inside = (value, n) => Math.max(0, Math.min(n - 1, value));
    const next = { layer: inside(layer + layers, nLayers), head: inside(head + heads, nHeads) };
    store.set("attentionChosen", { ...others, ...next });
  }

  function play() {
    const buttons = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#tabs .play")]);
    const button = buttons.find((one) => tabs.visible(one));
    if (button) button.click();
  }

  function help(shown) {
    $(".help").hidden = !shown;
    $(".keys").setAttribute("aria-expanded", String(shown));
  }
  $(".keys").addEventListener("click", () => help($(".help").hidden));
  $(".leave").addEventListener("click", leave);

  function larger(times) {
    own = Math.max(SMALLEST, Math.min(LARGEST, own * times));
    arrange();
    touch();
  }

  // ---- the lens: the view three times as large around the pointer, while Z is held ----------------------------------
  const view = () => /** @type {HTMLElement} */ (document.querySelector("#stage"));
  const pointer = { x: 0, y: 0 };
  let lens = null; // where the view lay before it was enlarged

  document.addEventListener("pointermove", (event) => {
    [pointer.x, pointer.y] = placeInWindow(event);
    if (lens) enlarge();
  });

  function enlarge() {
    lens = lens || view().getBoundingClientRect();
    const [x, y] = [(pointer.x - lens.left) / lens.width, (pointer.y - lens.top) / lens.height];
    view().style.transformOrigin = `${100 * x}% ${100 * y}%`;
    view().style.transform = `scale(${LENS})`;
  }

  function reduce() {
    lens = null;
    view().style.transform = "";
  }

  document.addEventListener("keyup", (event) => event.key === "z" && lens && reduce());

  const KEYS = {
    ArrowRight: () => step(1),
    PageDown: () => step(1),
    ArrowLeft: () => step(-1),
    PageUp: () => step(-1),
    " ": play,
    "[": () => turn(-1, 0),
    "]": () => turn(1, 0),
    "{": () => turn(0, -1),
    "}": () => turn(0, 1),
    k: add,
    K: forget,
    c: copy,
    b: () => curtain("#000"),
    w: () => curtain("#fff"),
    l: () => choose(store.get("theme") === "dark" ? "light" : "dark"),
    "+": () => larger(1.125),
    "-": () => larger(1 / 1.125),
    z: enlarge,
    n: () => speaker.open() || inform("This browser allows no second window for this page."),
    "?": () => help($(".help").hidden),
    p: leave,
    Escape: () => ($(".help").hidden ? leave() : help(false)),
    ...Object.fromEntries(ORDER.slice(0, 10).map((tab, k) => [String(k), () => tabs.openTab(tab)])),
  };

  document.addEventListener(
    "keydown",
    (event) => {
      const typing = /** @type {Element} */ (event.target).closest?.("input:not([type=range]), textarea, select");
      if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      if (!on) {
        if (event.key === "p") enter();
        return;
      }
      const grid = store.state.trace && store.state.trace.grid;
      const moves = event.shiftKey && event.key.startsWith("Arrow");
      if (moves && grid) moveToken(event.key, grid);
      else if (event.key in KEYS) KEYS[event.key]();
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );

  inLink(root, {
    present: setting(
      oneOf("1"),
      () => (on ? "1" : null),
      (value) => moving || (value ? enter() : leave()),
    ),
    letters: setting(
      number(SMALLEST, LARGEST),
      () => (on ? own : null),
      (value) => {
        if (moving || (value === null && !on)) return;
        own = value ?? 1;
        if (on) arrange();
      },
      1,
    ),
    deck: setting(
      words(LONGEST),
      () => (on && scenes.length ? written(scenes) : null),
      (text) => {
        if (moving || text === null) return;
        scenes = read(text);
        at = Math.max(0, scenes.indexOf(sceneOf(location.hash)));
      },
    ),
  });
  store.on("presenting", (wanted) => wanted && enter());
  return { topics: [], draw: describe };
});
