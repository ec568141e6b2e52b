/* Inside a head: for the query pointed at, its scores with all keys, their softmax, the weighted sum of the values; and
 * what the block around the head adds to the residual stream. */
import { diverging } from "../core/colours.js";
import { clearCanvas, matrixImage, outline, patchInput } from "../core/draw.js";
import { beforeFrame, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { at, cellAt } from "../core/pointer.js";
import { saveMenu } from "../core/save.js";
import { latest } from "../core/server.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { tokenName } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import * as attention from "./data.js";
import { largest, mix, readHead, softmax } from "./inside-data.js";
import * as mapping from "./maps.js";
import { INSIDE } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const $$ = (selector) => [...root.querySelectorAll(selector)];
  const SCENE = 104; // px of the picture on which the query is pointed at
  const STRIP = 14; // px of the query and of the result, one cell a dimension
  const [LEFT, RIGHT] = [26, 24]; // px beside the columns: the query; the result
  const GAP = 22; // px between rows, for their names
  const [LEAST, EACH] = [64, 3]; // px of a key or value: at least; of one of its numbers at most
  const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
  const ask = latest(server, "inside");
  /** @type {import("./inside-data.js").HeadInside | null} */
  let head = null;
  let asked = ""; // the newest question
  let had = ""; // the one that `head` answers
  let images = null; // of keys and values
  let sheet = null; // places, px
  let pointed = null; // index of the token read off, null for the one with the largest weight
  let part = ""; // of the formula

  const keyOf = (state) => {
    const { layer, head } = attention.chosen(state);
    return [state.trace.picture.name, state.trace.fit, state.model.name, layer, head].join(" ");
  };

  async function fetchHead(/** @type {import("../state").State} */ state) {
    const wanted = keyOf(state);
    if (wanted === asked) return;
    asked = wanted;
    const { layer, head: index } = attention.chosen(state);
    root.classList.add("waiting");
    const answer = await ask({ ...attention.named(state), layer, head: index });
    root.classList.remove("waiting");
    if (!answer) {
      asked = "";
      return;
    }
    had = wanted;
    head = readHead(answer);
    const { n, d, key, value } = head;
    const [most, widest] = [largest(key.data, head.query.data), largest(value.data)];
    images = {
      most,
      widest,
      key: matrixImage(key.data, n, d, diverging, -most, most),
      value: matrixImage(value.data, n, d, diverging, -widest, widest),
    };
    draw(store.state);
    mark(store.state);
  }

  // ---- the sheet -------------------------------------------------------------------------------------------------
  function place(width) {
    const style = getComputedStyle(root); // what there is room for
    const rows = Math.max(LEAST, Math.min(Number.parseFloat(style.getPropertyValue("--rows")), EACH * head.d));
    const bars = Number.parseFloat(style.getPropertyValue("--bars"));
    const top = GAP;
    return {
      width,
      pitch: (width - LEFT - RIGHT) / head.n,
      rows,
      bars,
      key: top,
      scores: top + rows + GAP,
      weights: top + rows + bars + 2 * GAP,
      value: top + rows + 2 * bars + 3 * GAP,
      height: top + 2 * rows + 2 * bars + 3 * GAP + 2,
    };
  }

  /** (n, d) as d rows of n columns. */
  function turned(context, image, y) {
    context.save();
    context.translate(LEFT, y);
    context.transform(0, sheet.rows / head.d, sheet.pitch, 0, 0, 0); // x and y change places
    context.drawImage(image, 0, 0);
    context.restore();
  }

  function bars(context, values, y, low, high, strongest) {
    const scale = sheet.bars / (high - low || 1);
    const zero = y + high * scale;
    values.forEach((value, j) => {
      const end = y + (high - value) * scale;
      context.fillStyle = j === strongest ? inkOf("--vx-key") : inkOf("--vx-soft");
      context.fillRect(
        LEFT + j * sheet.pitch + sheet.pitch * 0.1,
        Math.min(zero, end),
        Math.max(1, sheet.pitch * 0.8),
        Math.max(1, Math.abs(end - zero)),
      );
    });
    context.fillStyle = inkOf("--vx-line");
    context.fillRect(LEFT, zero, sheet.pitch * head.n, 1);
  }

  function strip(context, values, x, y, limit) {
    context.drawImage(matrixImage(values, head.d, 1, diverging, -limit, limit), x, y, STRIP, sheet.rows);
  }

  /** Draw one row of the sheet, pale where another part of the formula is lit. */
  function lit(context, parts, paint) {
    context.globalAlpha = !part || parts.includes(part) ? 1 : 0.2;
    paint();
    context.globalAlpha = 1;
  }

  function name(context, text, x, y) {
    context.fillStyle = inkOf("--vx-text");
    context.fillText(text, x, y);
  }

  function mark(/** @type {import("../state").State} */ state) {
    const seen = attention.view(state);
    if (!seen || !head || had !== keyOf(state) || !sheet) return;
    const token = attention.query(state);
    const i = seen.indexOf(token);
    const scores = head.scores(i);
    const weights = softmax(scores);
    const mixed = mix(weights, head.value.data, head.d);
    const strongest = weights.indexOf(Math.max(...weights));
    const j = pointed ?? strongest;
    const context = clearCanvas($(".sheet"), sheet.width, sheet.height);
    context.font = "13px system-ui, sans-serif";
    context.textBaseline = "bottom";
    const query = head.query.data.subarray(i * head.d, (i + 1) * head.d);
    lit(context, ["query"], () => strip(context, query, LEFT - STRIP - 8, sheet.key, images.most));
    lit(context, ["key"], () => turned(context, images.key, sheet.key));
    const [low, high] = [Math.min(0, ...scores), Math.max(0, ...scores)];
    lit(context, ["scores"], () => bars(context, scores, sheet.scores, low, high, j));
    lit(context, ["weights"], () => bars(context, weights, sheet.weights, 0, Math.max(...weights), j));
    lit(context, ["value"], () => turned(context, images.value, sheet.value));
    lit(context, ["value", "out"], () => strip(context, mixed, sheet.width - STRIP, sheet.value, images.widest));
    name(context, "q", LEFT - STRIP - 8, sheet.key - 3);
    name(context, `k: the keys of ${head.n} tokens, ${head.d} numbers each`, LEFT, sheet.key - 3);
    name(context, `q·k / √${head.d}: ${format.decimal(low)} to ${format.decimal(high)}`, LEFT, sheet.scores - 3);
    name(context, `softmax: 0 to ${format.attention(Math.max(...weights))}, together 100 %`, LEFT, sheet.weights - 3);
    name(context, "v: the values, summed with these weights", LEFT, sheet.value - 3);
    context.textAlign = "right";
    name(context, "out", sheet.width, sheet.value - 3);
    context.textAlign = "left";
    marks(i, j);
    mapping.largeMarks($(".scene-marks"), seen, { left: 0, side: SCENE, height: SCENE, width: SCENE }, [
      [seen.tokenOf(j), inkOf("--vx-key")],
      [token, inkOf("--vx-query")],
    ]);
    write({ seen, i, j, strongest, scores, weights });
  }

  function marks(i, j) {
    const context = clearCanvas($(".marks"), sheet.width, sheet.height);
    for (const [y, height] of [
      [sheet.key, sheet.rows],
      [sheet.scores, sheet.bars],
      [sheet.weights, sheet.bars],
      [sheet.value, sheet.rows],
    ])
      outline(context, LEFT + j * sheet.pitch, y - 1, sheet.pitch, height + 2, inkOf("--vx-key"), 1.5);
    context.fillStyle = inkOf("--vx-query"); // the query's own column, below the keys
    context.fillRect(LEFT + i * sheet.pitch, sheet.key + sheet.rows + 1, Math.max(2, sheet.pitch), 3);
    outline(context, LEFT - STRIP - 8, sheet.key, STRIP, sheet.rows, inkOf("--vx-query"), 1.5);
  }

  // ---- words -----------------------------------------------------------------------------------------------------
  const write = beforeFrame(({ seen, i, j, strongest, scores, weights }) => {
    const called = (index) => tokenName(seen.tokenOf(index), seen.grid);
    $(".finding").replaceChildren(
      make("span", "query", format.capital(called(i))),
      " gives ",
      make("strong", "", format.attention(weights[j])),
      j === i ? " to itself" : " to ",
      j === i ? "" : make("span", "key", called(j)),
      j === strongest ? ", more than to any other token." : ".",
    );
    $(".pair-name").textContent = format.capital(`${called(i)} and ${called(j)}`);
    const dot = head.dot(i, j);
    $(".dot").textContent = format.decimal(dot);
    $(".score").textContent = format.decimal(scores[j]);
    $(".weight").textContent = format.attention(weights[j]);
    const [entering, attended, transformed, leaving] = [0, 1, 2, 3].map((row) => head.lengths.at(row, i));
    const most = Math.max(entering, attended, transformed, leaving);
    const line = (title, length, style = "") => {
      const row = make("div", style);
      const bar = make("i");
      bar.style.width = `${(100 * length) / most}%`;
      const value = make("dd");
      value.append(bar, make("span", "vx-number", format.significant(length)));
      row.append(make("dt", "", title), value);
      return row;
    };
    $(".block").replaceChildren(
      line("enters with length", entering),
      line("attention, all heads", attended, "added"),
      line(`head ${head.head + 1} alone`, head.added[i], "part"),
      line("MLP", transformed, "added"),
      line("leaves with length", leaving),
    );
    const k = head.units.shape[1];
    const widest = Array.from(
      { length: k },
      (_, c) => `unit ${head.units.at(i, c) + 1}: ${format.decimal(head.activations.at(i, c))}`,
    );
    $(".units").textContent =
      `The MLP has ${format.count(head.dFf)} hidden units. The largest for this token: ${widest.join("; ")}.`;
    $(".sheet").setAttribute(
      "aria-label",
      `Keys, scores, weights and values of ${head.n} tokens. ${$(".finding").textContent}`,
    );
  });

  // ---- everything ------------------------------------------------------------------------------------------------
  function choices(select, n, chosen) {
    if (select.options.length !== n)
      fill(select, Array.from({ length: n }), (_, k) => new Option(String(k + 1), String(k)));
    select.value = String(chosen);
  }

  function draw(/** @type {import("../state").State} */ state) {
    const seen = attention.view(state);
    $(".vx-panel").hidden = !seen;
    if (!seen) return;
    const { layer, head: index } = attention.chosen(state);
    choices($(".layer"), seen.layers, layer);
    choices($(".which"), seen.heads, index);
    clearCanvas($(".scene"), SCENE, SCENE).drawImage(mapping.picture(state.trace), 0, 0, SCENE, SCENE);
    $(".scene").setAttribute("aria-label", state.trace.picture.title);
    fetchHead(state);
    if (!head || had !== keyOf(state)) return;
    if (pointed !== null && pointed >= head.n) pointed = null;
    sheet = place(Math.floor($(".columns").clientWidth));
    $(".columns").style.height = `${sheet.height}px`;
    for (const place of $$(".d")) place.textContent = String(head.d);
    $(".block-name").textContent = `Layer ${layer + 1}`;
    $(".low").textContent = format.decimal(-images.most);
    $(".high").textContent = format.decimal(images.most);
  }

  // ---- input -----------------------------------------------------------------------------------------------------
  patchInput($(".scene-marks"), () => (attention.view(store.state) || { grid: null }).grid);
  $(".layer").addEventListener("change", () => attention.choose({ layer: Number($(".layer").value) }));
  $(".which").addEventListener("change", () => attention.choose({ head: Number($(".which").value) }));

  function light(next) {
    part = next;
    for (const one of $$("[data-part]")) one.classList.toggle("lit", one.dataset.part === part);
    mark(store.state);
  }
  for (const one of $$("[data-part]")) {
    one.addEventListener("pointerenter", () => light(one.dataset.part));
    one.addEventListener("pointerleave", () => light(""));
    one.addEventListener("focus", () => light(one.dataset.part));
    one.addEventListener("blur", () => light(""));
  }

  function point(index) {
    if (index === pointed) return;
    pointed = index;
    mark(store.state);
  }
  const field = $(".marks");
  field.addEventListener("pointermove", (event) => {
    if (!sheet) return;
    const cell = cellAt(event, field, 1, 1);
    const index = Math.floor((at(event, field)[0] - LEFT) / sheet.pitch);
    point(cell && index >= 0 && index < head.n ? index : null);
  });
  field.addEventListener("pointerleave", () => point(null));
  const pin = () => {
    const seen = attention.view(store.state);
    if (seen && pointed !== null) store.pin(seen.tokenOf(pointed));
  };
  field.addEventListener("click", pin);
  field.addEventListener("keydown", (event) => {
    if (!head) return;
    if (event.key === "Enter") pin();
    else if (event.key === "Escape") point(null);
    else if (event.key in STEPS) point(Math.max(0, Math.min(head.n - 1, (pointed ?? -1) + STEPS[event.key])));
    else return;
    event.preventDefault();
  });

  function saved() {
    const state = store.state;
    if (!attention.view(state)) return null;
    const { layer, head: index } = attention.chosen(state);
    return { ...attention.named(state), layer, head: index, token: attention.query(state) };
  }
  saveMenu($(".vx-panel"), server, saved, {
    npz: "query, key, value, scores, weights, and what the layer adds",
  });

  inLink(root, { layer: attention.linked.layer, head: attention.linked.head });
  offer(root, server, INSIDE);
  return { topics: ["model", "trace", "attentionChosen"], draw, mark };
});
