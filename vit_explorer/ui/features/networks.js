/* One picture in two networks: colours and the similarities of the same patch after the same share of the blocks. */
import { decode } from "../core/arrays.js";
import { clearCanvas } from "../core/draw.js";
import { beforeFrame, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { inLink } from "../core/link.js";
import { cellAt } from "../core/pointer.js";
import { question } from "../core/question.js";
import { saveMenu } from "../core/save.js";
import { setting, words } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { middleToken, moveToken, patchName } from "../core/tokens.js";
import * as views from "../core/views.js";
import { widget } from "../core/widget.js";
import * as data from "./data.js";
import { cellThere, correlation, lowEnd, pairs } from "./places.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const MIXED = 0.8; // how much of a map covers the grey picture
  const sides = [$(".first"), $(".second")];
  let beside = null; // the network that was chosen as the second one
  let networks = null; // the newest answer, decoded: of each network
  let low = 0; // end of the scale of both maps
  let fine = null; // {which, cell, token}: the very cell that was pointed at

  const { ask, fits } = question(root, server, "two_networks", {
    wanted,
    keep(answer) {
      networks = answer.networks.map(({ pixels, colours, similarity, ...rest }) => ({
        ...rest,
        pixels: decode(pixels).data,
        colours: decode(colours).data,
        cosines: decode(similarity).data,
        step: similarity.scale,
      }));
      low = networks[0].step * lowEnd(...networks.map(({ cosines: matrix }) => matrix)); // both have the same step
      fine = null;
    },
    draw,
    refused() {
      beside = null;
    },
    ahead: true,
  });

  inLink(
    root,
    {
      block: data.linked.block,
      beside: setting(
        words(),
        () => beside,
        (name) => (beside = name),
      ),
    },
    () => draw(store.state),
  );

  // ---- which network ---------------------------------------------------------------------------------------------
  /** All others: those that are open, and those that are opened when they are chosen. */
  function others({ catalogue, model }) {
    const { models, pretrained } = catalogue;
    const all = [...models, ...pretrained.filter(({ name }) => !models.some((one) => one.name === name))];
    return all.filter(({ name }) => name !== model.name);
  }

  /** The second network: the chosen one, else one without a head beside one with a head, or one of another kind. */
  function second(state) {
    const all = others(state);
    if (all.some(({ name }) => name === beside)) return beside;
    const { model } = state;
    const opened = all.filter((one) => "architecture" in one);
    const other = opened.filter((one) => !one.n_classes !== !model.classes.length);
    const differs =
      other.find((one) => one.architecture === model.architecture) ||
      other[0] ||
      opened.find((one) => one.architecture !== model.architecture);
    return (differs || opened[0] || all[0] || { name: null }).name;
  }

  function wanted(state) {
    return { ...views.request(state), beside: second(state), block: data.chosen().block };
  }

  function listOthers(state) {
    const all = others(state);
    const select = $(".other");
    const key = all.map(({ name }) => name).join();
    if (select.dataset.of !== key) {
      select.dataset.of = key;
      fill(select, all, ({ name }) => make("option", "", name));
    }
    select.value = second(state);
  }

  // ---- which patch -----------------------------------------------------------------------------------------------
  /** Of each network the place in its sequence; null where it has no such token, or does not see the place. */
  function queries({ token, trace }) {
    const at = (which, cell) => (cell === null ? null : networks[which].n_prefix + cell);
    if (token !== null && token < 0) {
      const name = networks[0].prefix_names[-token - 1];
      const there = networks[1].prefix_names.indexOf(name);
      if (name) return [-token - 1, there < 0 ? null : there];
    }
    const found = [0, 0];
    if (fine && fine.token === token) {
      found[fine.which] = fine.cell;
      found[1 - fine.which] = cellThere(fine.cell, networks[fine.which], networks[1 - fine.which]);
    } else {
      const patches = trace.grid[0] * trace.grid[1];
      const known = token === null || token < 0 ? middleToken(trace.grid) : Math.min(token, patches - 1);
      found[0] = data.cellBetween(known, trace.grid, networks[0].grid);
      found[1] = cellThere(found[0], networks[0], networks[1]);
    }
    return found.map((cell, which) => at(which, cell));
  }

  /** Cosines of a token with the patches of its network. */
  function cosines({ cosines: matrix, step, grid }, at) {
    const n = grid[0] * grid[1];
    return Float32Array.from(matrix.subarray(at * n, (at + 1) * n), (value) => value * step);
  }

  function nearest(values, without) {
    let found = without === 0 ? 1 : 0;
    for (let k = 0; k < values.length; k++) if (k !== without && values[k] > values[found]) found = k;
    return found;
  }

  const nameOfQuery = (network, at) =>
    at < network.n_prefix ? network.prefix_names[at] : patchName(at - network.n_prefix);

  // ---- what follows the mark -------------------------------------------------------------------------------------
  const sideOf = (figure) => Math.floor(figure.querySelector(".stack").clientWidth);

  function mark(state) {
    if (!networks || !fits(state)) return;
    const at = queries(state);
    const maps = networks.map((network, which) => (at[which] === null ? null : cosines(network, at[which])));
    networks.forEach((network, which) => {
      const [figure, map] = [sides[which], maps[which]];
      const { grid, size, pixels } = network;
      const side = sideOf(figure);
      const canvas = figure.querySelector(".cosines");
      if (map) {
        views.overlay(
          canvas,
          side,
          pixels,
          size,
          map.map((value) => value - low),
          grid,
          1 - low,
          MIXED,
        );
      } else views.greyPicture(clearCanvas(canvas, side, side), side, pixels, size);
      const cell = map ? at[which] - network.n_prefix : -1;
      const [first, last] = figure.querySelectorAll(".marks");
      views.outlinePatch(first, side, cell, grid, inkOf("--vx-query"));
      views.outlinePatch(last, side, map ? nearest(map, cell) : null, grid, inkOf("--vx-key"));
      views.outlinePatch(last, side, cell, grid, inkOf("--vx-query"), false);
    });
    write(state, at, maps);
  }

  const write = beforeFrame((state, at, maps) => {
    if (!networks || !fits(state)) return;
    networks.forEach((network, which) => {
      sides[which].querySelector(".numbers").replaceChildren(...numbers(network, at[which], maps[which], state));
    });
    $(".finding").textContent = finding(at, maps);
  });

  function numbers(network, at, map, { token }) {
    const share = format.percent(
      network.explained.reduce((sum, one) => sum + one, 0),
      0,
    );
    const still = `Two patches have a cosine of ${format.decimal(network.mean_cosine)} on average. Three components hold ${share} of the variance.`;
    if (!map) {
      return [token !== null && token < 0 ? `It has no such token. ${still}` : `It does not see this place. ${still}`];
    }
    const near = nearest(map, at - network.n_prefix);
    return [
      make("span", "query", format.capital(nameOfQuery(network, at))),
      " is most like ",
      make("span", "key", patchName(near)),
      ` (${format.decimal(map[near])}). ${still}`,
    ];
  }

  function finding(at, maps) {
    if (!maps[0] || !maps[1]) return "This place is in one of the two networks alone";
    const [one, other] = networks;
    const coarser = one.grid[0] * one.grid[1] <= other.grid[0] * other.grid[1] ? 0 : 1;
    const without = at[coarser] - networks[coarser].n_prefix;
    const r = correlation(pairs(maps[0], one, maps[1], other, without));
    const told = r === null ? "one of the two maps is even" : `the two maps correlate at ${format.decimal(r)}`;
    return `${format.capital(nameOfQuery(one, at[0]))}: ${told}`;
  }

  // ---- everything ------------------------------------------------------------------------------------------------
  function draw(/** @type {import("../state").State} */ state) {
    if (!views.ready(state) || !state.catalogue) return;
    const alone = second(state) === null;
    $(".alone").hidden = !alone;
    $(".sides").hidden = alone;
    if (alone) return;
    listOthers(state);
    ask(state);
    root.classList.toggle("waiting", !fits(state));
    if (!fits(state) || !networks) return;
    $(".first .name").textContent = networks[0].network;
    $(".slider").max = networks[0].names.length - 1;
    $(".slider").value = networks[0].block;
    $(".where").textContent = `${where(networks[0])}; ${networks[1].network} ${where(networks[1])}`;
    $(".low").textContent = format.decimal(low);
    networks.forEach(paintColours);
    mark(state);
  }

  /** "after layer 9 of 12 (75 %)" */
  function where({ names, block, depth }) {
    const name = data.nameOf({ name: names[block] });
    const of = name === "the embedding" ? "" : ` of ${names[names.length - 1].split(" ")[1]}`;
    return `after ${name}${of} (${format.percent(depth, 0)})`;
  }

  function paintColours({ colours, grid, network, block, names }, which) {
    const [rows, cols] = grid;
    const canvas = sides[which].querySelector(".colours");
    const side = sideOf(sides[which]);
    const pixels = new Uint8ClampedArray(4 * rows * cols).fill(255);
    for (let cell = 0; cell < rows * cols; cell++) pixels.set(colours.subarray(3 * cell, 3 * cell + 3), 4 * cell);
    const cells = document.createElement("canvas");
    [cells.width, cells.height] = [cols, rows];
    cells.getContext("2d").putImageData(new ImageData(pixels, cols, rows), 0, 0);
    clearCanvas(canvas, side, side).drawImage(cells, 0, 0, side, side);
    canvas.setAttribute("aria-label", `${network}, ${names[block]}: patches in three colours`);
    sides[which]
      .querySelector(".cosines")
      .setAttribute("aria-label", `${network}: similarity of the marked patch to every patch`);
  }

  // ---- input -----------------------------------------------------------------------------------------------------
  /** The page's token under the pointer; the very cell is remembered. */
  function tokenAt(event, canvas, which) {
    const { trace } = store.state;
    if (!networks || !fits(store.state)) return null;
    const { grid } = networks[which];
    const found = cellAt(event, canvas, ...grid);
    if (!found) return null;
    const cell = found[0] * grid[1] + found[1];
    const token =
      which === 0
        ? data.cellBetween(cell, grid, trace.grid)
        : cellThere(cell, networks[1], { grid: trace.grid, seen: networks[0].seen });
    const moved = !fine || fine.cell !== cell || fine.which !== which;
    fine = { which, cell, token };
    if (moved && store.get("token") === token) mark(store.state);
    return token;
  }

  sides.forEach((figure, which) => {
    for (const canvas of figure.querySelectorAll(".marks")) {
      canvas.addEventListener("pointermove", (event) => store.point(tokenAt(event, canvas, which)));
      canvas.addEventListener("pointerleave", () => {
        fine = null;
        store.point(null);
      });
      canvas.addEventListener("click", (event) => {
        const token = tokenAt(event, canvas, which);
        if (token !== null) store.pin(token);
      });
    }
  });
  $(".first .marks[tabindex]").addEventListener("keydown", (event) => {
    const { trace } = store.state;
    if (trace && moveToken(event.key, trace.grid)) event.preventDefault();
  });
  $(".other").addEventListener("change", (event) => {
    beside = event.target.value;
    draw(store.state);
  });
  $(".slider").addEventListener("input", (event) => {
    const block = Number(event.target.value);
    data.choose({ block: block === Number(event.target.max) ? null : block });
  });
  saveMenu(
    $(".vx-panel"),
    server,
    () => {
      const state = store.state;
      if (!networks || !fits(state)) return null;
      const at = queries(state);
      return at.includes(null) ? null : { ...wanted(state), queries: at };
    },
    { npz: "colours, norms and all similarities of both networks" },
  );

  return { topics: ["model", "trace", "catalogue", "featuresChosen"], draw, mark };
});
