/* The rollout as a stack that builds up layer by layer, beside the attention of each layer alone. */
import { clearCanvas } from "../core/draw.js";
import { beforeFrame, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink, touch } from "../core/link.js";
import { question } from "../core/question.js";
import { saveMenu } from "../core/save.js";
import { index, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { calm, inkOf } from "../core/theme.js";
import { moveToken, prefixName, tokenName } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import * as attention from "./data.js";
import * as maps from "./maps.js";
import * as rollout from "./rollout-data.js";
import { ROLLOUT } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const STEP_TIME = 600; // ms a layer while it is played
  const [TOP, BOTTOM] = [18, 18]; // px for words above and below a small map
  const MOST = 94; // px, the side of a small map
  let stack = null; // the newest answer, see rolloutData.unpacked
  let step = null; // the layer shown, counted from the first of the stack; null: the last
  let drawn = null; // places and inks as they were when everything was drawn
  let pointed = null; // the token pointed at on the large map
  let timer = 0;

  // ---- asking ----------------------------------------------------------------------------------------------------
  const { ask, fits } = question(root, server, "rollout_stack", {
    wanted: rollout.request,
    keep: (answer) => (stack = rollout.unpacked(answer)),
    draw: () => refresh(),
  });
  const shownStep = () => Math.min(step === null ? Infinity : step, stack.count - 1);

  // ---- drawing ---------------------------------------------------------------------------------------------------
  function mark(/** @type {import("../state").State} */ state) {
    const seen = attention.view(state);
    if (!seen || !drawn || drawn.seen !== seen) return;
    ask(state);
    $(".vx-panel").classList.toggle("waiting", !fits(state));
    if (!fits(state)) return;
    const whose = rollout.whose(state);
    const { scale, start } = rollout.options(state);
    const [product, alone] = rollout.rows(state, seen, stack);
    const limits = [rollout.limit(seen, product, whose), rollout.limit(seen, alone, whose)];
    const now = shownStep();
    const end = (limit) => (values) => (scale === "shared" ? limit : maps.ownEnd(seen, values, whose));
    drawRow("product", seen, product, start, now, end(limits[0]), whose);
    drawRow("alone", seen, alone, start, now, end(limits[1]), whose);
    const values = product[now];
    const other = keyToken(state, seen, values, whose);
    maps.large($(".large"), seen, state.trace, values, end(limits[0])(values), drawn.large.width, maps.mix(state));
    maps.largeMarks($(".large-marks"), seen, drawn.large, [
      [other, drawn.key],
      [whose, drawn.query],
    ]);
    write(state, seen, { product, alone, limits, other, now });
  }

  /** What is read off: the token pointed at here or anywhere else, or else the patch with the largest share. */
  function keyToken(/** @type {import("../state").State} */ state, seen, values, whose) {
    if (pointed !== null) return pointed;
    if (state.token !== store.pinned && rollout.options(state).row === "answer") return attention.query(state);
    const others = Float32Array.from(values);
    for (let i = 0; i < seen.nPrefix; i++) others[i] = -1;
    if (whose !== null) others[seen.indexOf(whose)] = -1;
    return attention.strongest(seen, others);
  }

  function drawRow(name, seen, list, start, now, end, whose) {
    const where = drawn.maps;
    const context = clearCanvas($(`.${name} .maps`), drawn.width, where.height + BOTTOM);
    const reached = (s) => name === "alone" || s <= now;
    maps.small(context, seen, 1, list.length, where, (_, s) => (reached(s) ? list[s] : null), end);
    context.textAlign = "left";
    context.textBaseline = "middle";
    list.forEach((values, s) => {
      const [x, y] = where.corner(0, s);
      const left = where.strip ? x - where.strip - 2 : x;
      context.font = `${s === now ? 650 : 400} 12px system-ui, sans-serif`;
      context.fillStyle = s === now ? drawn.text : drawn.soft;
      context.fillText(where.map > 60 ? `layer ${start + s + 1}` : String(start + s + 1), left, TOP / 2 - 1);
      if (seen.nPrefix && reached(s)) {
        const given = format.attention(values[0]);
        context.fillText(
          where.map > 80 ? `${prefixName(0, true)} ${given}` : given,
          left,
          y + where.mapHeight + 10,
          where.map + x - left,
        );
      }
      if (whose !== null && reached(s)) maps.smallMark(context, seen, where, 0, s, whose, drawn.query);
      if (s !== now) return;
      context.strokeStyle = drawn.text;
      context.lineWidth = 2;
      context.strokeRect(left - 2, y - 2, where.map + x - left + 4, where.mapHeight + 4);
    });
  }

  // ---- words -----------------------------------------------------------------------------------------------------
  const FUSED = { mean: "their mean", max: "the largest of them", min: "the smallest of them" };

  const write = beforeFrame((state, seen, { product, alone, limits, other, now }) => {
    const { start, scale, fusion, discard, residual } = rollout.options(state);
    const whose = rollout.whose(state);
    const layer = start + now + 1;
    const span = start ? `From layer ${start + 1} to ${layer}` : `After layer ${layer}`;
    const discarded = Math.floor(discard * (seen.n - seen.nPrefix)); // as explain.rollout rounds
    const subject = make("span", "query", whose === null ? "the answer" : tokenName(whose, seen.grid));
    const of = (list) => format.attention(list[now][seen.indexOf(other)]);
    $(".pair").replaceChildren(
      `${span}, `,
      make("strong", "", of(product)),
      " of ",
      subject,
      " comes from ",
      make("span", "key", tokenName(other, seen.grid)),
      "; in layer ",
      String(layer),
      " alone ",
      make("strong", "", of(alone)),
      ".",
    );
    $(".about").textContent =
      `Heads in the product: ${FUSED[fusion]}; a layer alone: their mean. Skip connection ${residual ? "on: each token also keeps itself" : "off: a token keeps nothing of itself but what it attends to"}. ` +
      `Discard: in each row the ${discarded} smallest of ${seen.n - seen.nPrefix} patches are set to 0.`;
    $(".which").textContent = `${start ? span : `Up to layer ${layer}`}, over the picture`;
    $(".large").setAttribute("aria-label", $(".pair").textContent);
    for (const [name, limit] of [
      ["product", limits[0]],
      ["alone", limits[1]],
    ]) {
      $(`.${name} .high`).textContent = scale === "shared" ? `${format.attention(limit)}, clipped` : "largest of each";
    }
    for (const name of ["product", "alone"]) {
      $(`.${name} .maps`).setAttribute(
        "aria-label",
        `${product.length} maps, ${name === "product" ? "rollout up to each layer" : "each layer alone"}`,
      );
    }
    $(".slider").max = String(product.length - 1);
    $(".slider").value = String(now);
    $(".slider").setAttribute("aria-valuetext", `layer ${layer}`);
    $(".step").textContent = `layer ${layer} of ${seen.layers}`;
  });

  function press(key, value) {
    for (const button of root.querySelectorAll(`[data-${key}]`))
      button.setAttribute("aria-pressed", String(button.dataset[key] === value));
  }

  // ---- everything ------------------------------------------------------------------------------------------------
  function draw(/** @type {import("../state").State} */ state) {
    const seen = attention.view(state);
    $(".vx-panel").hidden = !seen;
    if (!seen) return stop();
    const chosen = rollout.options(state);
    const width = Math.floor($(".product").clientWidth);
    const count = seen.layers - chosen.start;
    pointed = null;
    drawn = {
      seen,
      width,
      large: maps.largePlace(Math.floor($(".one").clientWidth), seen),
      maps: maps.place(width, seen, 1, count, { top: TOP, left: 3, most: MOST }),
      query: inkOf("--vx-query"),
      key: inkOf("--vx-key"),
      text: inkOf("--vx-text"),
      soft: inkOf("--vx-soft"),
    };
    $(".answer").textContent = seen.reading[0] > 0.999 ? "CLS, the answer" : "The answer";
    for (const key of ["row", "fusion", "scale"]) press(key, chosen[key]);
    $(".discard input").value = String(chosen.discard);
    $(".discard output").textContent = `${Math.round(100 * chosen.discard)} %`;
    $(".residual").setAttribute("aria-pressed", String(chosen.residual));
    if ($(".start select").length !== seen.layers) {
      fill($(".start select"), Array.from({ length: seen.layers }), (_, i) => new Option(String(i + 1), String(i)));
    }
    $(".start select").value = String(chosen.start);
    $(".play").textContent = calm() ? "Next layer" : timer ? "Stop" : "Play";
    $(".large-marks").setAttribute(
      "aria-label",
      "The rollout over the picture: point at a token to read its share; Enter or a click makes it the query",
    );
  }

  /** Marks alone, while the widget is on screen. */
  function refresh() {
    if (root.offsetParent !== null) mark(store.state);
  }

  // ---- input -----------------------------------------------------------------------------------------------------
  function show(next) {
    step = next;
    refresh();
  }

  function stop() {
    clearTimeout(timer);
    timer = 0;
    $(".play").setAttribute("aria-pressed", "false");
    if (!calm()) $(".play").textContent = "Play";
  }

  function play(next) {
    if (!stack || root.offsetParent === null) return stop();
    show(next);
    touch();
    if (next + 1 >= stack.count) return stop();
    timer = setTimeout(() => play(next + 1), STEP_TIME);
  }

  $(".play").addEventListener("click", () => {
    if (!stack) return;
    if (calm())
      show((shownStep() + 1) % stack.count); // no motion of its own: one layer for a press
    else if (timer) stop();
    else {
      $(".play").setAttribute("aria-pressed", "true");
      $(".play").textContent = "Stop";
      play(0);
    }
  });
  $(".slider").addEventListener("input", (event) => {
    stop();
    show(Number(event.target.value));
  });
  for (const name of ["product", "alone"]) {
    const maps = $(`.${name} .maps`);
    maps.addEventListener("click", (event) => {
      const cell = drawn && drawn.maps.at(event, maps);
      if (cell) show(cell[1]);
    });
  }

  inLink(
    root,
    {
      ...rollout.linked,
      step: setting(
        index,
        () => (step === null || !stack || step >= stack.count - 1 ? null : step),
        (value) => (step = value),
      ),
    },
    refresh,
  );
  const choose = (next) => {
    if ("start" in next) step = null; // another number of steps: show the last
    store.set("attentionRollout", { ...rollout.options(store.state), ...next });
  };
  for (const key of ["row", "fusion", "scale"]) {
    for (const button of root.querySelectorAll(`[data-${key}]`)) {
      button.addEventListener("click", () => choose({ [key]: button.dataset[key] }));
    }
  }
  $(".discard input").addEventListener("input", (event) => choose({ discard: Number(event.target.value) }));
  $(".start select").addEventListener("change", (event) => choose({ start: Number(event.target.value) }));
  $(".residual").addEventListener("click", () => choose({ residual: !rollout.options(store.state).residual }));

  const large = $(".large-marks");
  function pointAt(token) {
    if (token === pointed) return;
    pointed = token;
    refresh();
  }
  function askFor(token) {
    if (token === null) return;
    if (rollout.options(store.state).row !== "query") choose({ row: "query" });
    store.pin(token);
  }
  large.addEventListener(
    "pointermove",
    (event) => drawn && pointAt(maps.largeToken(event, large, drawn.seen, drawn.large)),
  );
  large.addEventListener("pointerleave", () => pointAt(null));
  large.addEventListener("click", () => askFor(pointed));
  large.addEventListener("keydown", (event) => {
    const seen = attention.view(store.state);
    if (!seen) return;
    if (event.key === "Enter") askFor(pointed);
    else if (!moveToken(event.key, seen.grid, pointed, pointAt)) return;
    event.preventDefault();
  });

  function saved() {
    return attention.view(store.state) ? rollout.saved(store.state) : null;
  }
  saveMenu($(".vx-panel"), server, saved, {
    npz: "rollout (steps, N, N), its options, attention",
    gif: "one frame a layer, over the picture",
  });

  offer(root, server, ROLLOUT);
  return { topics: ["model", "trace", "attentionRollout", "attentionMix"], draw, mark };
});
