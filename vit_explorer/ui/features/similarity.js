/* A patch, and which patches of this and of a second picture are like it after the chosen block; norms beside. */
import { decode } from "../core/arrays.js";
import { outline } from "../core/draw.js";
import { beforeFrame, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { cellAt } from "../core/pointer.js";
import { question } from "../core/question.js";
import { saveMenu } from "../core/save.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { moveToken, patchName } from "../core/tokens.js";
import * as views from "../core/views.js";
import { widget } from "../core/widget.js";
import * as data from "./data.js";
import { lowEnd } from "./places.js";
import { QUESTIONS } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const MIXED = 0.8; // how much of a map covers the grey picture
  let answer = null; // of the server, decoded: the similarities of one block
  let fine = null; // {token, grid, cell}: the very cell that was pointed at, where a cell of the page has several
  let read = null; // a patch of the second picture under the pointer
  let side = 0;

  const { ask, fits } = question(root, server, "similarity", {
    wanted,
    keep(told) {
      const [here, there] = [decode(told.here), decode(told.there)];
      answer = {
        ...told,
        here: here.data,
        there: there.data,
        step: here.scale,
        low: lowEnd(here.data, there.data) * here.scale,
      };
    },
    draw,
  });

  function wanted(state) {
    const features = data.shown(state);
    return { ...views.request(state), second: data.second(state).name, block: features ? data.blockOf(features) : 0 };
  }

  // ---- which token ---------------------------------------------------------------------------------------------
  /** The query's place in the sequence of the block's similarities; the middle patch where none is marked. */
  function query(state) {
    const { token, trace } = state;
    const { grid, n_prefix: nPrefix } = answer;
    const [rows, cols] = trace.grid;
    if (token !== null && token < 0 && -token <= nPrefix) return -token - 1;
    if (fine && fine.token === token && String(fine.grid) === String(grid)) return nPrefix + fine.cell;
    const known =
      token !== null && token >= 0
        ? Math.min(token, rows * cols - 1)
        : Math.floor(rows / 2) * cols + Math.floor(cols / 2);
    return nPrefix + data.cellBetween(known, trace.grid, grid);
  }

  /** Cosines of the query with the patches of a picture. */
  function cosines(matrix, at) {
    const n = answer.grid[0] * answer.grid[1];
    return Float32Array.from(matrix.subarray(at * n, (at + 1) * n), (value) => value * answer.step);
  }

  function best(values, without = -1) {
    let found = without === 0 ? 1 : 0;
    for (let k = 0; k < values.length; k++) if (k !== without && values[k] > values[found]) found = k;
    return found;
  }

  // ---- what follows the mark -----------------------------------------------------------------------------------
  function mark(state) {
    const features = data.shown(state);
    if (!features || !fits(state) || !answer) return;
    const { trace } = state;
    const { grid, low, n_prefix: nPrefix } = answer;
    const at = query(state);
    const cell = at - nPrefix;
    const [here, there] = [cosines(answer.here, at), cosines(answer.there, at)];
    const above = (values) => values.map((value) => value - low);
    views.overlay($(".here"), side, trace.rgb.data, trace.size, above(here), grid, 1 - low, MIXED);
    views.overlay($(".there"), side, features.pixels, trace.size, above(there), grid, 1 - low, MIXED);
    const [near, far] = [best(here, cell), best(there)];
    const [ink, key] = [inkOf("--vx-query"), inkOf("--vx-key")];
    views.outlinePatch($(".here-marks"), side, near, grid, key);
    views.outlinePatch($(".here-marks"), side, cell < 0 ? null : cell, grid, ink, false);
    views.outlinePatch($(".there-marks"), side, read === null ? far : read, grid, key);
    markNorms(features, state, cell < 0 ? null : data.cellBetween(cell, grid, features.maps[answer.block].grid));
    write(features, state, { at, here, there, near, far });
  }

  function markNorms(features, state, cell) {
    const map = features.maps[answer.block];
    views.outlinePatch($(".norms-marks"), side, cell, map.grid, inkOf("--vx-query"));
    const context = $(".norms-marks").getContext("2d");
    const [h, w] = [side / map.grid[0], side / map.grid[1]];
    for (const one of map.outliers) {
      outline(context, (one % map.grid[1]) * w, Math.floor(one / map.grid[1]) * h, w, h, inkOf("--vx-bad"), 1);
    }
  }

  const write = beforeFrame((features, state, { at, here, there, near, far }) => {
    const { grid, n_prefix: nPrefix } = answer;
    const map = features.maps[answer.block];
    const cell = at - nPrefix;
    const name = cell < 0 ? features.prefix_names[at] : patchName(cell);
    $(".finding").replaceChildren(
      `After ${data.nameOf(map)}, `,
      make("span", "query", name),
      " is most like ",
      make("span", "key", patchName(near)),
      ` here (${format.decimal(here[near])}), `,
      make("span", "key", patchName(far)),
      ` in the second (${format.decimal(there[far])})`,
    );
    $(".value").textContent =
      read === null ? "" : `${patchName(read, "Patch")} of ${features.second_title}: ${format.decimal(there[read])}.`;
    $(".here").setAttribute("aria-label", $(".finding").textContent);
    $(".norm-words").textContent = normWords(
      features,
      map,
      cell < 0 ? map.prefixNorms[at] : map.norms[data.cellBetween(cell, grid, map.grid)],
      name,
    );
  });

  // ---- norms ---------------------------------------------------------------------------------------------------
  const median = (values) => {
    const sorted = Float32Array.from(values).sort();
    return sorted[Math.floor((sorted.length - 1) / 2)];
  };

  function normWords(features, map, norm, name) {
    const middle = median(map.norms);
    return `Norm of ${name}: ${norm.toPrecision(3)}, ${format.times(norm / middle)} the median of the patches.`;
  }

  /** Whether single patches stick out, in any block. */
  function artefacts(features) {
    const { maps, outlier_norm: bound, kind } = features;
    const found = maps.filter(({ outliers }) => outliers.length);
    const ratios = maps.map(({ norms }) => Math.max(...norms) / median(norms));
    const most = ratios.indexOf(Math.max(...ratios));
    if (kind === "none") return "";
    if (!found.length) {
      return `No artefacts: no norm exceeds ${bound} × the median; the largest is ${format.times(ratios[most])}, after ${data.nameOf(maps[most])}.`;
    }
    const where = found.map(
      (one) => `${format.plural(one.outliers.length, "patch", "patches")} after ${data.nameOf(one)}`,
    );
    const listed =
      where.length > 3
        ? `in ${format.outOf(found.length, maps.length)} maps, up to ${format.times(ratios[most])}`
        : where.join(", ");
    return (
      `Artefacts: ${listed} above ${bound} × the median norm, outlined in red. Such patches hold facts of the whole picture in place of ` +
      "their own in large ViTs; register tokens take that over (Darcet et al. 2023)."
    );
  }

  function differs({ kind }) {
    if (kind === "global") return "";
    return `Each stage leaves a map of its own: ${kind === "windows" ? "Swin merges" : "a CNN pools"} to coarser squares with other features, and has no CLS.`;
  }

  // ---- everything ----------------------------------------------------------------------------------------------
  function listSeconds(state) {
    const gallery = (state.catalogue || { gallery: [] }).gallery;
    const current = data.second(state);
    const names = gallery.some(({ name }) => name === current.name) ? gallery : [current, ...gallery];
    const key = names.map(({ name }) => name).join();
    const select = $(".second");
    if (select.dataset.of !== key) {
      select.dataset.of = key;
      fill(select, names, ({ name, title, truth }) =>
        Object.assign(make("option", "", truth && truth !== title.toLowerCase() ? `${title}: ${truth}` : title), {
          value: name,
        }),
      );
    }
    select.value = current.name;
  }

  function draw(state) {
    if (!data.ready(state)) return;
    listSeconds(state);
    $(".first-name").textContent = state.trace.picture.title;
    const features = data.shown(state);
    if (features) ask(state);
    const fitting = Boolean(features) && fits(state);
    root.classList.toggle("waiting", !fitting);
    if (!fitting) return;
    const map = features.maps[answer.block];
    side = Math.floor($(".stack").clientWidth);
    const high = Math.max(...map.norms);
    views.overlay($(".norms"), side, state.trace.rgb.data, state.trace.size, map.norms, map.grid, high, MIXED);
    $(".norms").setAttribute("aria-label", `Norms after ${data.nameOf(map)}, from 0 to ${format.significant(high)}`);
    $(".there").setAttribute("aria-label", `${features.second_title}: similarity of every patch`);
    $(".low").textContent = `≤ ${format.decimal(answer.low)}`;
    $(".high").textContent = format.significant(high);
    $(".differs").textContent = [artefacts(features), differs(features)].filter(Boolean).join(" ");
    mark(state);
  }

  // ---- input ---------------------------------------------------------------------------------------------------
  /** Mark the page's token under the pointer, and remember the very cell. */
  function pointer(canvas, gridOf) {
    const tokenAt = (event) => {
      const state = store.state;
      if (!answer || !data.shown(state) || !fits(state)) return null;
      const [rows, cols] = gridOf();
      const cell = cellAt(event, canvas, rows, cols);
      if (!cell) return null;
      const own = data.cellBetween(cell[0] * cols + cell[1], [rows, cols], answer.grid);
      const token = data.cellBetween(own, answer.grid, state.trace.grid);
      const moved = !fine || fine.cell !== own || fine.token !== token;
      fine = { token, grid: answer.grid, cell: own };
      if (moved && store.get("token") === token) mark(state);
      return token;
    };
    canvas.addEventListener("pointermove", (event) => store.point(tokenAt(event)));
    canvas.addEventListener("pointerleave", () => store.point(null));
    canvas.addEventListener("click", (event) => {
      const token = tokenAt(event);
      if (token !== null) store.pin(token);
    });
  }
  pointer($(".here-marks"), () => answer.grid);
  pointer($(".norms-marks"), () => store.get("features").maps[answer.block].grid);
  $(".here-marks").addEventListener("keydown", (event) => {
    const { trace } = store.state;
    if (trace && moveToken(event.key, trace.grid)) event.preventDefault();
  });

  function readOff(cell) {
    if (read === cell) return;
    read = cell;
    mark(store.state);
  }
  const there = $(".there-marks");
  for (const kind of ["pointermove", "click"]) {
    there.addEventListener(kind, (event) => {
      const cell = answer && cellAt(event, there, ...answer.grid);
      readOff(cell ? cell[0] * answer.grid[1] + cell[1] : null);
    });
  }
  there.addEventListener("pointerleave", () => readOff(null));

  $(".second").addEventListener("change", (event) => {
    const option = event.target.selectedOptions[0];
    data.choose({ second: { name: option.value, title: option.textContent } });
  });
  $(".hold").addEventListener("click", () => {
    const { trace } = store.state;
    if (trace) data.choose({ second: { name: trace.picture.name, title: trace.picture.title } });
  });
  function saved() {
    const state = store.state;
    const features = data.shown(state);
    if (!features || !answer || !fits(state)) return null;
    return { ...data.wanted(state), block: data.blockOf(features), query: query(state) };
  }
  saveMenu($(".vx-panel"), server, saved, {
    npz: "colours and norms of every map, all similarities of the chosen one",
  });

  offer(root, server, QUESTIONS);
  return { topics: ["model", "trace", "catalogue", "featuresChosen", "features"], draw, mark };
});
