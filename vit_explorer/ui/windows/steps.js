/* Shifted windows in eight steps, on the picture at hand: the tokens travel, the marked one says whom it can reach. */
import { clearCanvas } from "../core/draw.js";
import { beforeFrame, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink, touch } from "../core/link.js";
import { at } from "../core/pointer.js";
import { saveScreen } from "../core/screen.js";
import { index, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { calm, inkOf } from "../core/theme.js";
import { middleToken } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import * as windows from "./data.js";
import { maskSwitch } from "./mask-switch.js";
import * as painting from "./paint.js";
import { STEPS } from "./questions.js";
import * as reach from "./reach.js";
import * as scenery from "./scene.js";
import * as words from "./words.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const MASK = 5; // the step with the mask
  const ABOUT_MASK = [4, MASK]; // the steps about it
  const PACE = 1600; // ms a step while they are played
  const ORIGINS = { wide: 118, narrow: 104 }; // px, the side of the small picture
  const CAME = [" stays", " from left", " from top", " from top and left"];
  const WHENCE = [
    "In the picture",
    "Its window",
    "Its window",
    "Its new window",
    "Its new window",
    "Its new window",
    "Its second window",
    "In the picture",
  ];
  let step = 0; // kept when the picture or the model changes
  let scene = null; // see scene.js
  let strip = null; // see reach.js
  let places = null; // where all cells are drawn now
  let travel = null; // {legs, time, began, from, to} while they move
  let marked = null; // {token, within} of the marked token in this step
  let timer = 0; // while the steps are played
  let led = null; // the trace on which the page has marked the corner token by itself

  const mask = maskSwitch(root, server, redraw);

  const block = () => (step < 3 ? scene.plain : (scene.bare ?? scene.shifted));

  const limit = () => windows.limit(block(), scene.seen.head); // where its colours end

  // ---- the scene -------------------------------------------------------------------------------------------------
  /** @param {number} share of the travel's time that is over; 1 at rest */
  function paint(share) {
    const context = clearCanvas($(".scene"), scene.side, scene.side);
    const look = travel ? painting.blend(travel.from, travel.to, share) : painting.lookOf(scenery.STEPS[step]);
    const last = step === scenery.STEPS.length - 1 ? Math.max(0, 2 * share - 1) : 0; // what comes in with the last step
    context.globalAlpha = last;
    if (last && scene.pair.after === "merge") painting.sheets(context, scene, places);
    if (last && scene.pair.after === "head")
      painting.head(context, scene, places.ys[scene.n - 1] + places.sizes[scene.n - 1]);
    context.globalAlpha = 1;
    painting.tokens(context, scene, places, look);
    paintMarks();
  }

  function paintMarks() {
    const context = clearCanvas($(".marks"), scene.side, scene.side);
    const { token, within } = marked;
    const { attend, open, kind } = scenery.STEPS[step];
    if (travel) return painting.outlineToken(context, places, token, scene.query);
    if (attend) painting.attention(context, scene, places, block(), within, limit());
    if (open) painting.frame(context, scene, places, block(), within.window);
    if (kind === "closed") painting.arrow(context, scenery.unrolled(scene), places, token);
    if (attend)
      painting.outlineToken(
        context,
        places,
        within.tokens[within.shares.indexOf(Math.max(...within.shares))],
        inkOf("--vx-key"),
      );
    painting.outlineToken(context, places, token, scene.query);
    if (step === MASK && scene.mixed) painting.lettered(context, scene, places, within.window); // as its sentence calls them
  }

  function tick(time) {
    if (!travel) return;
    const share = Math.max(0, Math.min(1, (time - travel.began) / travel.time));
    if (share < 1 && root.offsetParent !== null) {
      places = scenery.between(travel, share);
      paint(share);
      requestAnimationFrame(tick);
    } else rest();
  }

  function rest() {
    travel = null;
    places = scenery.layout(scene, step);
    paint(1);
  }

  // ---- steps -----------------------------------------------------------------------------------------------------
  function go(next) {
    const before = step;
    step = Math.max(0, Math.min(scenery.STEPS.length - 1, next));
    if (!scene || step === before) return;
    const from = painting.lookOf(scenery.STEPS[before]);
    const moving = travel !== null;
    travel = {
      ...scenery.path(scene, places, before, step),
      began: performance.now(),
      from,
      to: painting.lookOf(scenery.STEPS[step]),
    };
    tell();
    lead(store.state);
    mark(store.state);
    if (calm()) rest();
    else if (!moving) requestAnimationFrame(tick);
  }

  function stop() {
    clearTimeout(timer);
    timer = 0;
    $(".play").setAttribute("aria-pressed", "false");
    $(".play").textContent = store.state.stage ? "Next" : "Play";
  }

  function advance() {
    if (root.offsetParent === null || step === scenery.STEPS.length - 1) return stop();
    go(step + 1);
    touch();
    timer = setTimeout(advance, PACE);
  }

  function play() {
    if (!scene) return;
    if (store.state.stage) return choose((step + 1) % scenery.STEPS.length); // who speaks sets the pace
    if (timer) return stop();
    $(".play").setAttribute("aria-pressed", "true");
    $(".play").textContent = "Pause";
    if (step < scenery.STEPS.length - 1) return advance();
    go(0);
    timer = setTimeout(advance, PACE);
  }

  function choose(next) {
    stop();
    go(next);
  }

  inLink(
    root,
    {
      step: setting(
        index,
        () => step,
        (value) => (step = Math.min(value ?? 0, scenery.STEPS.length - 1)),
        0,
      ),
      mask: mask.setting,
    },
    () => {
      stop();
      redraw();
    },
  );
  $(".play").addEventListener("click", play);
  $(".back").addEventListener("click", () => choose(step - 1));
  $(".forward").addEventListener("click", () => choose(step + 1));
  $(".control").addEventListener("keydown", (event) => {
    const next = { ArrowLeft: step - 1, ArrowRight: step + 1, Home: 0, End: scenery.STEPS.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
    if ($(".stepper").contains(document.activeElement)) $(".stepper").children[step].focus();
  });
  fill($(".stepper"), scenery.STEPS, (_, k) => {
    const button = make("button", "vx-button");
    button.type = "button";
    button.addEventListener("click", () => choose(k));
    return button;
  });

  /** What belongs to the step, whatever token is marked. */
  function tell() {
    scene.bare = step === MASK ? mask.bare(store.state, scene.shifted) : null; // the block with the mask off
    mask.draw(store.state, step === MASK && scene.mixed > 0);
    const { title, what, look } = words.step(scene, step);
    $(".title").textContent = `${step + 1}. ${title}`;
    $(".vx-what").textContent = what;
    $(".vx-look").textContent = look;
    const names = words.names(scene.pair);
    [...$(".stepper").children].forEach((button, k) => {
      button.textContent = `${k + 1} ${names[k]}`;
      button.classList.toggle("done", k < step);
      if (k === step) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    $(".back").disabled = step === 0;
    $(".forward").disabled = step === scenery.STEPS.length - 1;
    const { attend, tint } = scenery.STEPS[step];
    $(".shares").hidden = !attend;
    $(".letters").hidden = tint === "none";
    $(".of").textContent = `Share, head ${scene.seen.head + 1}:`;
    $(".high").textContent = format.probability(limit());
    $(".crossed").hidden = step < 3 || !block().masked;
    $("figcaption").textContent = WHENCE[step];
  }

  function listLetters() {
    const present = [...new Set(scene.regions)].filter((region) => region >= 0).sort();
    const items = [...present, ...(scene.count > scene.n ? [-1] : [])];
    fill($(".letters"), items, (region) => {
      const item = make("span");
      const swatch = make("i", region < 0 ? "hatched" : "");
      if (region > 0) swatch.style.background = painting.tint(region);
      item.append(
        ...(region === 0 ? [] : [swatch]),
        ...(region < 0 ? ["padding"] : [make("strong", "", painting.LETTERS[region]), CAME[region]]),
      );
      return item;
    });
  }

  // ---- the marked token --------------------------------------------------------------------------------------------
  /** The last token of the last region: where a map is rolled, its window holds all of them. */
  const corner = () => scene.regions.lastIndexOf(Math.max(...scene.regions));

  /**
   * The mask cuts no window in the middle of the picture, which the page marks by itself: in the steps about it mark a token that it
   * cuts, and before and after them the middle again, whose reach grows with the shift.
   */
  function lead(/** @type {import("../state").State} */ state) {
    const own = led === state.trace && windows.isPinned(corner(), scene.plain.grid);
    if (ABOUT_MASK.includes(step) && scene.mixed) {
      if (own || !windows.unchosen(state)) return;
      led = state.trace;
      windows.pin(corner(), scene.plain.grid);
    } else {
      led = null;
      if (own) store.pin(middleToken(state.trace.grid));
    }
  }

  $(".corner").addEventListener("click", () => {
    led = null; // it was asked for
    windows.pin(corner(), scene.plain.grid);
  });

  const write = beforeFrame((who, says, shares, crossed, plainWindow) => {
    $(".who").textContent = who;
    $(".corner").hidden = !plainWindow;
    $(".says").textContent = says;
    $(".marks").setAttribute(
      "aria-label",
      `${$(".title").textContent}. ${who} ${says} ${crossed} Point at a token to mark it, or use the arrow keys.`,
    );
    $(".strip").setAttribute(
      "aria-label",
      `Reach: ${shares.map(({ name, share }) => `${name} ${format.percent(share)}`).join(", ")}`,
    );
  });

  function mark(/** @type {import("../state").State} */ state) {
    if (!scene) return;
    const token = windows.token(state, scene.plain.grid);
    const within = windows.within(block(), scene.seen.head, token);
    marked = { token, within };
    if (!travel) paintMarks();
    reach.origins($(".origins"), scene.small, scene, step, token, within);
    const shares = reach.draw(strip, (grid) => windows.token(state, grid));
    const forbidden = windows.forbidden(within);
    const crossed =
      scenery.STEPS[step].attend && forbidden.length
        ? `Crossed out: tokens ${forbidden.map((one) => one + 1).join(", ")}.`
        : "";
    const whole = !windows.forbidden(windows.within(scene.shifted, scene.seen.head, token)).length;
    const offered = step >= 3 && step <= 5 && scene.mixed > 0 && whole;
    const [who, says] = words.marked(scene, step, token, within);
    const opening = step === 0 && state.stage ? `${words.OPENING} ` : ""; // the bar, which says it, is not on the stage
    const own = ABOUT_MASK.includes(step) && led === state.trace && token === corner() ? ` ${words.LED}` : "";
    write(who, opening + says + own, shares, crossed, offered);
  }

  // ---- everything ------------------------------------------------------------------------------------------------
  function redraw() {
    draw(store.state);
    mark(store.state);
  }

  function draw(/** @type {import("../state").State} */ state) {
    const seen = windows.view(state);
    $(".vx-panel").classList.toggle("empty", !seen);
    if (!seen) {
      scene = null;
      return stop();
    }
    scene = scenery.make(seen, Math.floor($(".stack").clientWidth));
    const query = inkOf("--vx-query");
    const small = root.clientWidth <= 760 ? ORIGINS.narrow : ORIGINS.wide; // as in windows.css
    Object.assign(scene, { query, small, mixed: words.mixed(scene.shifted) }); // mixed: so many windows
    strip = reach.prepare($(".strip"), seen, Math.floor($(".right").clientWidth), scene.pair.blocks);
    strip.query = query;
    travel = null;
    if (!timer || state.stage) stop();
    listLetters();
    tell();
    marked = { token: windows.token(state, scene.plain.grid) };
    marked.within = windows.within(block(), seen.head, marked.token);
    rest();
    lead(state);
    $(".scene").setAttribute("aria-label", "The tokens of the map, each drawn as its piece of the picture");
    $(".origins").setAttribute("aria-label", "Where the tokens of the window lie in the picture");
  }

  windows.input(
    $(".marks"),
    () => scene && scene.plain.grid,
    (event) => scenery.tokenAt(scene, places, ...at(event, $(".marks"))),
  );
  saveScreen($(".vx-panel"), "window steps");

  offer(root, server, STEPS);
  return { topics: ["windows", "trace"], draw, mark };
});
