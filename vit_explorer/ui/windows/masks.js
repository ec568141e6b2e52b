/* The mask of a shifted block: a matrix for each window of the rolled map, one of them large, and its tokens in the picture. */

import { clearCanvas, outline } from "../core/draw.js";
import { barCells, beforeFrame, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { ARROWS, at } from "../core/pointer.js";
import { saveScreen } from "../core/screen.js";
import { oneOf, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { widget } from "../core/widget.js";
import * as windows from "./data.js";
import { maskSwitch } from "./mask-switch.js";
import * as masking from "./masks-words.js";
import * as matrix from "./matrix.js";
import * as pairs from "./pairs.js";
import { MASKS } from "./questions.js";
import * as wording from "./unmasked.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  // px of all windows together at most, of the large matrix and of the picture; on a high screen there is room for more
  const [LOW, HIGH] = [
    { every: 206, large: 212, scene: 206 },
    { every: 262, large: 308, scene: 262 },
  ];
  const PHONE = { every: 300, large: 340, scene: 300 };
  const LOOK = $(".vx-look").textContent; // of a block that is shifted
  const WIDE = 700; // px: from here on all of it stands side by side
  let shown = "mask"; // or "attention"
  let drawn = null; // what is on screen, with sizes in px
  let led = false; // once: from the token that the page marks by itself to one whose window is cut
  const mask = maskSwitch(root, server, redraw);

  const block = (seen) => seen.blocks[seen.pairs[seen.pair].blocks[1]];
  const number = (seen) => block(seen).index + 1;

  // ---- words -----------------------------------------------------------------------------------------------------
  /** Whether what is on screen keeps pairs apart: the attention does so until that without the mask has come. */
  const apart = () => mask.masked() || (shown === "attention" && !drawn.bare);
  const name = (token, style) => make("span", style, pairs.where(token, drawn.block.grid));

  /** The marked query and, where one is pointed at, its key. */
  function judge(seen, query, key) {
    const { block: now, window, place, padding } = drawn;
    const from = { block: now, window, place, apart: apart() };
    if (key === null) return masking.ofQuery(from, padding);
    const other = pairs.placeOf(now, key);
    const { shares } = windows.within(drawn.bare ?? now, seen.head, query);
    const known = mask.masked() || drawn.bare;
    return masking.ofPair(from, other, { head: seen.head, share: known ? shares[other.place] : null });
  }

  const write = beforeFrame((seen, query, key) => {
    const { style, verdict, reason, share } = judge(seen, query, key);
    $(".pair").replaceChildren(
      "Query ",
      name(query, "query"),
      ...(key === null ? [] : [", key ", name(key, "key")]),
      " ",
    );
    $(".verdict").className = `verdict ${style}`;
    $(".verdict").textContent = verdict;
    $(".reason").textContent = reason;
    $(".share").textContent = share;
    $(".one-name").textContent = `Window ${drawn.window + 1}, row = query`;
    $(".large").setAttribute(
      "aria-label",
      `Matrix of window ${drawn.window + 1}, ${drawn.block.n} by ${drawn.block.n}. ${$(".finding").textContent}. ${reason}`,
    );
  });

  // ---- pictures --------------------------------------------------------------------------------------------------
  function mark(/** @type {import("../state").State} */ state) {
    const seen = windows.view(state);
    if (!seen || !drawn || drawn.seen !== seen) return;
    const now = drawn.block;
    const query = windows.token(state, now.grid);
    const key = pairs.keyOf(state, now.grid);
    const { window, place } = pairs.placeOf(now, query);
    if (drawn.window !== window) {
      drawn.window = window;
      matrix.large(
        clearCanvas($(".large"), drawn.large, drawn.large),
        now,
        window,
        drawn.shown,
        seen.image,
        drawn.large,
      );
    }
    drawn.place = place;
    const [x, y] = drawn.every.corner(window);
    outline(
      clearCanvas($(".windows-marks"), drawn.every.width, drawn.every.height),
      x,
      y,
      drawn.every.side,
      drawn.every.side,
      inkOf("--vx-query"),
      2,
    );
    const other = key === null ? null : pairs.placeOf(now, key);
    matrix.largeMarks(
      clearCanvas($(".large-marks"), drawn.large, drawn.large),
      now,
      place,
      other && other.window === window ? other.place : null,
      drawn.large,
    );
    matrix.scene(clearCanvas($(".scene-marks"), drawn.scene, drawn.scene), now, query, key, drawn.scene, apart());
    write(seen, query, key);
  }

  function sizes(now) {
    const width = $(".vx-panel").clientWidth - 28;
    const most = width < WIDE ? PHONE : width > 1060 && window.innerHeight > 840 ? HIGH : LOW;
    const [every, large, scene] = [most.every, most.large, most.scene].map((side) => Math.min(side, width));
    return { every: matrix.place(now, every), large, scene };
  }

  function draw(/** @type {import("../state").State} */ state) {
    const seen = windows.view(state);
    $(".vx-panel").style.visibility = seen ? "" : "hidden"; // its height stays
    if (!seen) return;
    const now = block(seen);
    const bare = mask.bare(state, now);
    const high = windows.limit(bare ?? now, seen.head);
    drawn = {
      seen,
      block: now,
      bare,
      window: null,
      place: null,
      padding: false,
      ...sizes(now),
    };
    const { weights } = bare ?? now;
    drawn.shown = { kind: shown, head: seen.head, high, weights, images: new Map(), masked: apart() };
    const context = clearCanvas($(".windows"), drawn.every.width, drawn.every.height);
    const n = now.windows[0] * now.windows[1];
    for (let window = 0; window < n; window++)
      matrix.fill(context, now, window, drawn.shown, ...drawn.every.corner(window), drawn.every.side);
    clearCanvas($(".scene"), drawn.scene, drawn.scene).drawImage(seen.image, 0, 0, drawn.scene, drawn.scene);
    $(".scene").setAttribute("aria-label", "The picture that the model saw");
    words(seen, now, n, high);
    mask.draw(state);
    bars(mask.masked() ? null : mask.known(state));
    lead(seen, now, state);
  }

  /** A bar with the mask and one without for each class that leads. */
  function bars(both) {
    $(".both").hidden = !both;
    if (!both) return;
    const pair = (i) => [
      ...barCells(`${both.classes[i]}, mask on`, both.with_mask[i]),
      ...barCells(`${both.classes[i]}, mask off`, both.without[i], "first"),
    ];
    $(".both").replaceChildren(...wording.leaders(both).flatMap(pair));
  }

  /** The page marks the middle of the picture by itself, where no window is cut: look at a corner instead. */
  function lead(seen, now, state) {
    if (led || !now.masked || !state.trace) return;
    led = true;
    if (!windows.unchosen(state)) return;
    const { window } = pairs.placeOf(now, windows.token(store.state, now.grid));
    const regions = now.regions.subarray(window * now.n, (window + 1) * now.n);
    if (new Set(regions).size === 1) windows.pin(windows.cornerOf(now.grid), now.grid);
  }

  function words(seen, now, n, high) {
    const { kinds, open } = pairs.kinds(now);
    $(".title").textContent = `The mask of block ${number(seen)}`;
    $(".what").textContent = masking.what(now);
    $(".vx-look").textContent = now.shift.some(Boolean)
      ? LOOK
      : "a shift, or a map of several windows, chosen above: then there is a mask.";
    $(".every-name").textContent = `${format.plural(n, "window")}, ${format.plural(kinds, "kind")}`;
    $(".kinds").textContent = masking.open(n, open, apart());
    $(".windows").setAttribute("aria-label", `${$(".every-name").textContent} of mask. ${$(".kinds").textContent}`);
    $(".high").textContent = format.probability(high);
    $(".foot .vx-scale").hidden = shown === "mask";
    const met = [...new Set(now.regions)].sort();
    const chips = met
      .filter((region) => region >= 0 && shown === "mask")
      .map((region) => chip(pairs.NAMES[region], "", pairs.tint(region)));
    if (now.masked && apart()) chips.push(chip("may not meet", "apart"));
    if (met.includes(-1)) chips.push(chip("padding", "padding"));
    $(".legend").replaceChildren(...chips);
    for (const button of root.querySelectorAll("[data-show]")) {
      button.setAttribute("aria-pressed", String(button.dataset.show === shown));
      if (button.dataset.show === "attention") button.textContent = `Attention of head ${seen.head + 1}`;
    }
  }

  function chip(words, kind, tint = "") {
    const made = make("span", "", words);
    const swatch = make("i", kind, kind === "apart" ? "×" : "");
    swatch.style.background = tint;
    made.prepend(swatch);
    return made;
  }

  // ---- input -----------------------------------------------------------------------------------------------------
  const grid = () => (drawn && windows.view(store.state) === drawn.seen ? drawn.block.grid : null);

  windows.input($(".scene-marks"), grid);
  windows.input($(".windows-marks"), grid, (event) => {
    const found = drawn.every.at(...at(event, $(".windows-marks")));
    const token = found && pairs.tokenOf(drawn.block, found.window, found.query);
    return token === null || token < 0 ? null : token;
  });

  const large = $(".large-marks");
  /** Point at the pair of two places of the large window; a place of padding is no token: then at the query alone. */
  function pointPlaces(places, keep) {
    const { block: now, window } = drawn;
    const [query, key] = places.map((place) => pairs.tokenOf(now, window, place));
    drawn.padding = query < 0 || key < 0;
    pairs.point(query < 0 ? windows.token(store.state, now.grid) : query, drawn.padding ? null : key, now.grid, keep);
  }
  const placesAt = (event) => grid() && matrix.largeAt(event, large, drawn.block, drawn.large);
  const leave = () => {
    if (grid()) drawn.padding = false;
    pairs.leave();
  };
  large.addEventListener("pointermove", (event) => {
    const places = placesAt(event);
    if (places) pointPlaces(places, false);
    else leave();
  });
  large.addEventListener("pointerleave", leave);
  large.addEventListener("click", (event) => {
    const places = placesAt(event);
    if (places) pointPlaces(places, true);
  });
  large.addEventListener("keydown", (event) => {
    if (!grid() || !(event.key in ARROWS || event.key === "Escape")) return;
    event.preventDefault();
    if (event.key === "Escape") return pairs.letGo();
    const { block: now, window, place } = drawn;
    const key = pairs.keyOf(store.state, now.grid);
    const other = key === null ? null : pairs.placeOf(now, key);
    const from = [place, other && other.window === window ? other.place : place];
    pointPlaces(
      from.map((at, axis) => Math.max(0, Math.min(now.n - 1, at + ARROWS[event.key][axis]))),
      true,
    );
  });

  function redraw() {
    draw(store.state);
    mark(store.state);
  }
  inLink(
    root,
    {
      show: setting(
        oneOf("mask", "attention"),
        () => shown,
        (value) => (shown = value || "mask"),
        "mask",
      ),
      key: pairs.linkedKey,
      mask: mask.setting,
    },
    redraw,
  );
  for (const button of root.querySelectorAll("[data-show]")) {
    button.addEventListener("click", () => {
      shown = button.dataset.show;
      redraw();
    });
  }
  pairs.follow(() => mark(store.state));
  saveScreen($(".vx-panel"), "window masks");

  offer(root, server, MASKS);
  return { topics: ["windows"], draw, mark };
});
