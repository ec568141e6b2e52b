/* The relative position bias of a block: a map for each head, and the window of the marked token beside it. */

import { diverging } from "../core/colours.js";
import { clearCanvas, matrixImage, outline } from "../core/draw.js";
import { beforeFrame, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { byHand } from "../core/hand.js";
import { inLink } from "../core/link.js";
import { ARROWS, at, cellAt } from "../core/pointer.js";
import { saveScreen } from "../core/screen.js";
import { oneOf, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { moveToken } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import * as biasTable from "./bias-table.js";
import * as windows from "./data.js";
import * as matrix from "./matrix.js";
import * as paint from "./paint.js";
import * as pairs from "./pairs.js";

export default widget((root) => {
  const $ = (selector) => root.querySelector(selector);
  const [TOKENS, LARGE] = [104, 208]; // px of the window, on the page and on a stage
  let which = 1; // of the pair's blocks: 0 plain, 1 shifted
  let entry = null; // {head, down, along}: pointed at in a map; down and along from the key to the query, as in the table
  let drawn = null;
  let side = TOKENS; // of the window as it is drawn

  // ---- what is pointed at ------------------------------------------------------------------------------------------
  /** What is pointed at: the entry, or the one of the pair that is pointed at elsewhere; and the place of its key. */
  function pointed(/** @type {import("../state").State} */ state, seen, block, at) {
    const token = pairs.keyOf(state, block.grid);
    if (entry) {
      const key = biasTable.keyPlace(block, at.place, entry);
      if (token === null || (key !== null && pairs.tokenOf(block, at.window, key) === token)) return { entry, key };
      entry = null; // another pair is pointed at by now
    }
    const other = token === null ? null : pairs.placeOf(block, token);
    if (other === null || other.window !== at.window) return { entry: null, key: null };
    return { entry: biasTable.entryOf(block, seen.head, at.place, other.place), key: other.place };
  }

  // ---- words -----------------------------------------------------------------------------------------------------
  const write = beforeFrame((seen, block, at, now) => {
    if (!now.entry) {
      $(".entry").textContent = byHand("Point at an entry of a map, or at a token of the query's window.");
      return;
    }
    const added = biasTable.value(block, now.entry);
    const strong = (text) => make("strong", "", text);
    $(".entry").replaceChildren(
      `Head ${now.entry.head + 1}, key ${biasTable.direction(now.entry)}: `,
      strong(format.signed(added)),
      " is added to the score, ",
      strong(`×${Math.exp(added).toFixed(2)}`),
      " before normalising. ",
      ...here(block, at, now.key),
    );
  });

  function here(block, { window, place: query }, key) {
    const token = key === null ? -1 : pairs.tokenOf(block, window, key);
    if (token < 0) return ["No token of this window lies there."];
    const name = make("span", "key", pairs.where(token, block.grid));
    return pairs.meet(block, window, query, key) ? ["Here: ", name, "."] : ["Here: ", name, ", masked."];
  }

  // ---- pictures --------------------------------------------------------------------------------------------------
  function mark(/** @type {import("../state").State} */ state) {
    const seen = windows.view(state);
    if (!seen || !drawn || drawn.seen !== seen) return;
    const { block, maps } = drawn;
    const query = windows.token(state, block.grid);
    const at = pairs.placeOf(block, query);
    const now = pointed(state, seen, block, at);
    const context = clearCanvas($(".maps-marks"), maps.width, maps.height);
    const box = (head, { down, along }, size) => {
      const [x, y] = maps.corner(head);
      return [
        x + (block.window - 1 - along) * maps.cell,
        y + (block.window - 1 - down) * maps.cell,
        size * maps.cell,
        size * maps.cell,
      ];
    };
    const first = biasTable.entryOf(block, 0, at.place, 0); // of the window's first place: its entries begin there
    for (let head = 0; head < block.heads; head++) {
      context.strokeStyle = drawn.text;
      context.lineWidth = 1.5;
      context.strokeRect(...box(head, first, block.window));
      outline(context, ...box(head, { down: 0, along: 0 }, 1), drawn.query, 1.5);
      if (now.entry) outline(context, ...box(head, now.entry, 1), drawn.key, head === now.entry.head ? 3 : 1.5);
    }
    markTokens(seen, block, at, now.key);
    write(seen, block, at, now);
  }

  function markTokens(seen, block, { window, place: query }, key) {
    const context = clearCanvas($(".tokens-marks"), side, side);
    const size = side / block.window;
    const corner = (place) => [(place % block.window) * size, Math.floor(place / block.window) * size];
    for (let place = 0; place < block.n; place++) {
      const token = pairs.tokenOf(block, window, place);
      const [x, y] = corner(place);
      if (token >= 0) matrix.tile(context, seen.image, block.grid, token, x, y, size, size);
      else {
        context.fillStyle = pairs.strokes(context, 6);
        context.fillRect(x, y, size, size);
      }
      if (token >= 0 && !pairs.meet(block, window, query, place)) paint.cross(context, x, y, size);
    }
    context.strokeStyle = drawn.line;
    context.lineWidth = 1;
    context.strokeRect(0.5, 0.5, side - 1, side - 1);
    outline(context, ...corner(query), size, size, drawn.query, 2);
    if (key !== null && key !== query) outline(context, ...corner(key), size, size, drawn.key, 2);
  }

  function draw(/** @type {import("../state").State} */ state) {
    const seen = windows.view(state);
    $(".vx-panel").style.visibility = seen ? "" : "hidden"; // its height stays
    if (!seen) return;
    const pair = seen.pairs[seen.pair].blocks;
    const block = seen.blocks[pair[which]];
    const room = $(".vx-panel").clientWidth > 760 ? biasTable.ROOM : $(".every").clientWidth;
    const maps = state.stage ? biasTable.onStage(block) : biasTable.place(block, room);
    side = state.stage ? LARGE : TOKENS;
    if (entry && (entry.head >= block.heads || Math.max(Math.abs(entry.down), Math.abs(entry.along)) >= block.window))
      entry = null;
    drawn = {
      seen,
      block,
      maps,
      query: inkOf("--vx-query"),
      key: inkOf("--vx-key"),
      text: inkOf("--vx-text"),
      line: inkOf("--vx-line"),
    };
    const high = Math.max(
      1e-6,
      ...pair.map((index) => seen.blocks[index].bias.reduce((most, one) => Math.max(most, Math.abs(one)), 0)),
    );
    drawMaps(block, maps, high);
    clearCanvas($(".tokens"), side, side);
    $(".title").textContent = `Position bias, block ${block.index + 1}`;
    $(".low").textContent = format.signed(-high);
    $(".high").textContent = format.signed(high);
    $(".vx-segments").hidden = pair[0] === pair[1];
    $(".maps").setAttribute(
      "aria-label",
      `Position bias of ${block.heads} heads from ${format.signed(-high)} to ${format.signed(high)}, one scale for both blocks of the pair`,
    );
    $(".maps-marks").setAttribute(
      "aria-label",
      "Entries of the position bias: arrow keys move from entry to entry and on to the next head, Escape lets go",
    );
    for (const button of root.querySelectorAll("[data-which]"))
      button.setAttribute("aria-pressed", String(Number(button.dataset.which) === which));
  }

  function drawMaps(block, maps, high) {
    const context = clearCanvas($(".maps"), maps.width, maps.height);
    const n = maps.entries ** 2;
    context.font = "13px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (let head = 0; head < block.heads; head++) {
      const [x, y] = maps.corner(head);
      const seen = block.bias.slice(head * n, (head + 1) * n).reverse(); // as the query sees it: entries count from the key
      context.fillStyle = inkOf("--vx-soft");
      context.fillText(`head ${head + 1}`, x, y - biasTable.LABEL / 2, maps.map);
      context.drawImage(
        matrixImage(seen, maps.entries, maps.entries, diverging, -high, high),
        x,
        y,
        maps.map,
        maps.map,
      );
      context.strokeStyle = inkOf("--vx-line");
      context.strokeRect(x - 0.5, y - 0.5, maps.map + 1, maps.map + 1);
    }
  }

  // ---- input -----------------------------------------------------------------------------------------------------
  const live = () => Boolean(drawn) && windows.view(store.state) === drawn.seen;
  const marked = () => windows.token(store.state, drawn.block.grid);

  function choose(next, keep) {
    const { block } = drawn;
    const { window, place: query } = pairs.placeOf(block, marked());
    entry = next;
    const key = biasTable.keyPlace(block, query, next);
    const token = key === null ? -1 : pairs.tokenOf(block, window, key);
    pairs.point(marked(), token < 0 ? null : token, block.grid, keep);
  }

  const leave = () => {
    entry = null;
    if (live()) pairs.leave();
  };

  const maps = $(".maps-marks");
  function entryAt(event) {
    return live() ? drawn.maps.at(...at(event, maps)) : null;
  }
  maps.addEventListener("pointermove", (event) => {
    const next = entryAt(event);
    if (next) choose(next, false);
    else leave();
  });
  maps.addEventListener("pointerleave", leave);
  maps.addEventListener("click", (event) => {
    const next = entryAt(event);
    if (next) choose(next, true);
  });
  maps.addEventListener("keydown", (event) => {
    if (!live() || !(event.key in ARROWS || event.key === "Escape")) return;
    event.preventDefault();
    entry = event.key === "Escape" ? null : entry;
    if (event.key === "Escape") return pairs.letGo();
    const { block } = drawn;
    const far = block.window - 1;
    const [row, col] = ARROWS[event.key];
    const from = entry || { head: drawn.seen.head, down: 0, along: 0 };
    const head = from.head + (Math.abs(from.along - col) > far ? col : 0);
    if (head < 0 || head >= block.heads) return;
    choose(
      {
        head,
        down: Math.max(-far, Math.min(far, from.down - row)),
        along: head === from.head ? from.along - col : col * far,
      },
      false,
    );
  });

  const tokens = $(".tokens-marks");
  function chooseKey(key, keep) {
    const { block } = drawn;
    entry = null;
    const token = pairs.tokenOf(block, pairs.placeOf(block, marked()).window, key);
    if (token >= 0) pairs.point(marked(), token, block.grid, keep);
  }
  const placeAt = (event) => {
    const cell = live() && cellAt(event, tokens, drawn.block.window, drawn.block.window);
    return cell ? cell[0] * drawn.block.window + cell[1] : null;
  };
  tokens.addEventListener("pointermove", (event) => placeAt(event) !== null && chooseKey(placeAt(event), false));
  tokens.addEventListener("pointerleave", leave);
  tokens.addEventListener("click", (event) => placeAt(event) !== null && chooseKey(placeAt(event), true));
  tokens.addEventListener("keydown", (event) => {
    if (!live()) return;
    const { block } = drawn;
    const key = pairs.keyOf(store.state, block.grid);
    const from = pairs.placeOf(block, key === null ? marked() : key).place;
    const step = (place) => (place === null ? pairs.letGo() : chooseKey(place, true));
    if (moveToken(event.key, [block.window, block.window], from, step)) event.preventDefault();
  });

  const redraw = () => {
    draw(store.state);
    mark(store.state);
  };
  inLink(
    root,
    {
      bias: setting(
        oneOf("plain", "shifted"),
        () => ["plain", "shifted"][which],
        (value) => (which = value === "plain" ? 0 : 1),
        "shifted",
      ),
    },
    redraw,
  );
  for (const button of root.querySelectorAll("[data-which]")) {
    button.addEventListener("click", () => {
      which = Number(button.dataset.which);
      redraw();
    });
  }
  pairs.follow(() => mark(store.state));

  saveScreen($(".vx-panel"), "position bias");
  return { topics: ["windows"], draw, mark };
});
