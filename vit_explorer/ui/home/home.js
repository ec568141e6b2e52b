/* Home: one pass of the picture on screen through the network, and a door to a tab in each of its parts. */
import { wireCamera } from "../core/camera.js";
import { clearCanvas, patchInput } from "../core/draw.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { go } from "../core/link.js";
import { at } from "../core/pointer.js";
import { say } from "../core/say.js";
import { saveScreen } from "../core/screen.js";
import * as store from "../core/store.js";
import { calm } from "../core/theme.js";
import { moveToken, tokenOfIndex } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import { blocksPassed, distance, phase, stops, TIMES } from "./arithmetic.js";
import * as building from "./building.js";
import { doors } from "./doors.js";
import { paint, paintMarks, prepare } from "./draw.js";
import * as layout from "./layout.js";
import { networkOf } from "./network.js";
import { arcs } from "./threads.js";
import * as words from "./words.js";
import { QUESTIONS } from "./questions.js";

const PASS = 7200; // ms of the first pass
const AGAIN = 2.5; // times as fast, once it has been seen
const NEAR = 6; // px from an arc that are on it

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const ratio = () => window.devicePixelRatio || 1;
  let network = null;
  let ready = null; // what is drawn, see draw.js
  let t = 0; // the moment of the pass
  let seen = null; // the trace whose pass has begun
  let passes = 0;
  let animation = 0;

  // ---- the pass --------------------------------------------------------------------------------------------------
  function play(from = 0) {
    cancelAnimationFrame(animation);
    if (calm()) return show(1);
    const length = passes++ ? PASS / AGAIN : PASS;
    const began = performance.now() - from * length;
    const step = (now) => {
      if (!root.offsetParent) {
        animation = 0; // its tab was closed
        return show(1);
      }
      const next = Math.min(1, (now - began) / length);
      animation = next < 1 ? requestAnimationFrame(step) : 0;
      show(next);
    };
    animation = requestAnimationFrame(step);
    show(from);
  }

  function stop() {
    cancelAnimationFrame(animation);
    animation = 0;
  }

  /** Show a moment of the pass. */
  function show(next) {
    t = next;
    if (!ready) return;
    const { width, height } = ready.scene;
    paint(clearCanvas($(".ink"), width, height), ready, t);
    mark(store.state);
    const { trace } = store.state;
    const sentence = words.headline(trace, network, t);
    const [headline, unbroken] = [$(".headline"), sentence.replaceAll(" %", "\u00a0%")];
    if (headline.textContent !== unbroken) headline.textContent = unbroken;
    const done = blocksPassed(t, network.blocks.length);
    for (const element of root.querySelectorAll("[data-block]"))
      element.classList.toggle("done", Number(element.dataset.block) < done);
    const grown = phase(t, TIMES.answer, TIMES.end);
    for (const element of root.querySelectorAll(".answer [data-p]")) {
      const p = Number(element.dataset.p);
      element.querySelector("i").style.width = `${100 * p * grown}%`;
      element.querySelector(".vx-number").textContent = grown === 0 ? "" : format.probability(p * grown);
    }
    $(".answer").classList.toggle("done", grown === 1);
    const moment = $(".moment");
    moment.value = String(t);
    moment.setAttribute("aria-valuetext", sentence);
    $(".play").textContent = animation ? "Pause" : t < 1 ? "Go on" : "Play again";
    if (t === 1) $(".told").textContent = sentence;
  }

  $(".play").addEventListener("click", () => {
    if (!animation) return play(t < 1 ? t : 0);
    stop();
    show(t);
  });
  $(".moment").addEventListener("input", (event) => {
    stop();
    show(Number(event.target.value));
  });
  $(".moment").addEventListener("keydown", (event) => {
    const forward = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!forward || !network) return;
    event.preventDefault();
    stop();
    const all = moments();
    const next = forward > 0 ? all.find(([at]) => at > t + 1e-6) : all.findLast(([at]) => at < t - 1e-6);
    if (next) show(next[0]);
  });
  const moments = () =>
    stops(network.blocks.length, network.unit, {
      patches: network.kind === "tokens",
      places: Boolean(network.places),
    });

  // ---- drawing ---------------------------------------------------------------------------------------------------
  function draw(/** @type {import("../state").State} */ state) {
    building.choices(root, state);
    const next = networkOf(state);
    if (!next) return;
    const fresh = state.trace !== seen;
    network = next;
    const below = window.innerHeight - (root.getBoundingClientRect().top + window.scrollY);
    const zoom = state.stage ? 1 : root.currentCSSZoom || 1; // a stage larger than its room is laid out as in it
    const room = below / zoom;
    const { size, scale } = layout.arrangement(root.clientWidth, room);
    root.style.setProperty("--u", String(scale));
    Object.assign(root.dataset, { size, kind: network.kind, tiles: building.hasTiles(network) ? "some" : "none" });
    building.build(root, state, network);
    measure(size, scale, state.trace);
    seen = state.trace;
    if (fresh) play();
    else show(t);
  }

  function measure(size, u, trace) {
    const scene = $(".scene");
    const box = (element) => layout.boxIn(element, scene);
    const shown = (selector) => ($(selector).offsetParent ? box($(selector)) : null);
    const vertical = size === "phone";
    const holes = [...root.querySelectorAll(".hole")].map(box);
    const width = holes[0].w;
    const heads = layout.headMaps(network.heads || 1, width, u, vertical ? 48 : undefined);
    building.arrange(root, network, heads, width);
    const column = network.kind === "tokens" ? shown(".column") : null;
    const beside = size === "wide" && column !== null;
    const layers = box($(".threads"));
    const loom = { ...layers, h: vertical ? layers.h : holes[0].h };
    if (!vertical) {
      const left = beside ? column.x + column.w + 6 : layers.x;
      Object.assign(loom, { x: left, w: layers.x + layers.w + 5 - left });
    }
    const first = $(".answer .bars button");
    ready = prepare(
      {
        width: scene.offsetWidth,
        height: scene.offsetHeight,
        u,
        vertical,
        pixels: box($(".pixels")),
        tiles: shown(".tiles"),
        column,
        beside,
        loom,
        holes: [...root.querySelectorAll(".hole")].map(box),
        maps: [...root.querySelectorAll(".maps")].map(box),
        answer: first && size === "wide" ? box(first) : null,
        heads,
      },
      network,
      trace,
      ratio(),
    );
  }

  function mark(/** @type {import("../state").State} */ state) {
    if (!ready || ready.trace !== state.trace) return;
    paintMarks(clearCanvas($(".marks"), ready.scene.width, ready.scene.height), ready, state.token, t);
  }

  // ---- pointing --------------------------------------------------------------------------------------------------
  const grid = () => (network && network.kind === "tokens" ? network.grid : null);
  for (const selector of [".pixels", ".tiles"]) patchInput($(selector), grid);

  /** The thread and the block under the pointer, and whether an arc is. */
  function under(event) {
    if (!ready || network.kind !== "tokens") return null;
    const { scene, lines } = ready;
    const [x, y] = at(event, $(".scene"));
    const place = scene.vertical ? [y, x] : [x, y];
    const inside = ({ x: left, y: top, w, h }) => x >= left && x < left + w && y >= top && y < top + h;
    const block = scene.holes.findIndex(inside);
    const index = lines.indexAt(place[1]);
    const on = block >= 0 && arcs(ready, block, queried()).some(({ points }) => distance(points, place) < NEAR);
    return { block, token: tokenOfIndex(index, network.nPrefix), arc: on };
  }

  /** The token whose attention is drawn where patches are read. */
  function queried() {
    const { token } = store.state;
    return token === null ? Math.floor((network.grid[0] * network.grid[1]) / 2) : token;
  }

  const surface = $(".threads");
  surface.addEventListener("pointermove", (event) => {
    const found = under(event);
    surface.classList.toggle("over", Boolean(found && found.arc));
    if (found) store.point(found.token);
  });
  surface.addEventListener("pointerleave", () => store.point(null));
  surface.addEventListener("click", (event) => {
    const found = under(event);
    if (!found) return;
    if (found.arc || (found.block >= 0 && network.readers.includes(-found.token - 1)))
      go(doors.heads(found.block, 0, network.readers.length > 0));
    else store.pin(found.token);
  });
  surface.addEventListener("keydown", (event) => {
    if (grid() && moveToken(event.key, grid())) event.preventDefault();
  });

  // ---- doors and pictures ------------------------------------------------------------------------------------------
  root.addEventListener("click", ({ target }) => {
    const pressed = /** @type {Element} */ (target);
    /** @type {HTMLElement} */
    const door = pressed.closest("[data-door], [data-link]");
    if (door) go(door.dataset.link || doors.tab(door.dataset.door));
    /** @type {HTMLElement} */
    const picture = pressed.closest(".gallery [data-name]");
    if (picture) store.set("wish", { picture: picture.dataset.name });
  });
  $(".model").addEventListener("change", (event) => store.set("wish", { model: event.target.value }));
  const take = (file) => store.set("wish", { file });
  $(".upload").addEventListener("click", () => $(".file").click());
  $(".file").addEventListener("change", (event) => {
    if (event.target.files.length) take(event.target.files[0]);
    event.target.value = "";
  });
  wireCamera(root, (shot) => take(new File([shot], "camera picture", { type: "image/png" })), say);
  const panel = $(".picture");
  for (const kind of ["dragover", "dragleave", "drop"])
    panel.addEventListener(kind, (event) => {
      event.preventDefault();
      panel.classList.toggle("dropping", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
    });

  $(".scrubber").append(saveScreen(root, "network"));

  offer(root, server, QUESTIONS);
  return { topics: ["model", "trace", "catalogue"], draw, mark };
});
