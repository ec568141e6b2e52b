/* All heads as small maps, the chosen one over the picture, and its whole matrix: all follow the query. */
import { decode } from "../core/arrays.js";
import { clearCanvas, patchInput } from "../core/draw.js";
import { beforeFrame, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { ARROWS } from "../core/pointer.js";
import { saveMenu } from "../core/save.js";
import { ask, queue } from "../core/server.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { middleToken, prefixNames, tokenName } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import * as attention from "./data.js";
import * as headsLarge from "./heads-large.js";
import * as headsMatrix from "./heads-matrix.js";
import { prefixButtons } from "./heads-prefix.js";
import * as words from "./heads-words.js";
import { extremes, uniform } from "./layers-reach.js";
import * as mapping from "./maps.js";
import { HEADS } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const SCENE = 104; // px of the picture on which the query is pointed at
  const HIGHEST = { page: 620, stage: 290 }; // px of all small maps together
  const SETTLED = 400; // ms after which a picture is taken to stay
  let drawn = null; // widths, places and inks as they were when everything was drawn
  let patch = null; // looked from last
  let pointed = null; // the other token, pointed at on the large map or in the matrix

  const prefix = prefixButtons($(".prefix"));

  // ---- what is shown ---------------------------------------------------------------------------------------------
  const askRows = queue(server, "attention_rows");
  const askMatrix = queue(server, "attention_matrix");

  async function fetchRows(seen, token, request) {
    const answer = await askRows(request);
    if (!answer) return;
    seen.fetched.set(token, { rows: decode(answer.rows).data, columns: decode(answer.columns).data });
    mark(store.state);
  }

  async function fetchMatrix(seen, key, request) {
    const answer = await askMatrix(request);
    if (!answer) return;
    seen.matrices.set(key, answer.matrix && decode(answer.matrix).data);
    const state = store.state;
    if (drawn.seen !== seen || attention.view(state) !== seen) return;
    drawMatrix(state, seen);
    mark(state);
  }

  /** Fetch all layers, one after the other, once a picture stays: then the pointer needs the server no more. */
  async function fetchAll(seen) {
    const stays = () => drawn.seen === seen && attention.view(store.state) === seen && root.offsetParent !== null;
    if (seen.whole || seen.coming) return;
    seen.coming = true;
    await new Promise((resolve) => setTimeout(resolve, SETTLED));
    const layers = [];
    while (stays() && layers.length < seen.layers) {
      const request = { ...attention.named(store.state), layer: layers.length };
      const answer = await ask(server, "attention_layer", request, { quiet: true, say() {} });
      if (!answer?.weights) break; // too many, or refused: rows are fetched as they are pointed at
      layers.push(/** @type {Float32Array} */ (decode(answer.weights).data));
    }
    if (layers.length === seen.layers) seen.complete(layers);
    else seen.coming = stays(); // of a picture that has gone they are fetched when it comes back
  }

  /** The shares of the query in all heads; null while they are fetched. */
  function sharesOf(/** @type {import("../state").State} */ state, seen, token, direction) {
    const shares = attention.shares(seen, token, direction);
    if (!shares) fetchRows(seen, token, { ...attention.named(state), token });
    return shares;
  }

  function mark(/** @type {import("../state").State} */ state) {
    const seen = attention.view(state);
    if (!seen || !drawn || drawn.seen !== seen) return;
    const token = attention.query(state);
    const chosen = attention.chosen(state);
    const { layer, direction, scale } = chosen;
    const column = attention.columnOf(seen, chosen);
    mapping.largeMarks($(".scene-marks"), seen, { left: 0, side: SCENE, height: SCENE, width: SCENE }, [
      [token, drawn.query],
    ]);
    const known = sharesOf(state, seen, token, direction);
    const shares = known && attention.withMean(seen, known);
    $(".vx-panel").classList.toggle("waiting", !shares);
    if (!shares) return write(state, seen, token, null, null);
    fetchAll(seen);
    const end = (values) => (scale === "shared" ? seen.limit : mapping.ownEnd(seen, values));
    const values = shares(layer, column);
    const other = pointed !== null ? pointed : attention.strongest(seen, values);
    const held = chosen.beside && shares(chosen.beside.layer, attention.columnOf(seen, chosen.beside));
    const maps = clearCanvas($(".maps"), drawn.maps.width, drawn.maps.height);
    const columns = attention.columns(seen);
    mapping.smallNumbers(maps, drawn.maps, seen.layers, columns, drawn.soft, columns > seen.heads ? "mean" : "");
    mapping.small(maps, seen, seen.layers, columns, drawn.maps, shares, end);
    markMaps(seen, token, chosen);
    headsLarge.draw($(".one"), state, drawn, { values, end: end(values), other, token });
    if (held) {
      const other = pointed ?? attention.strongest(seen, held);
      headsLarge.draw($(".other"), state, drawn, { values: held, end: end(held), other, token });
    } else if (attention.matrix(seen, chosen))
      headsMatrix.mark($(".matrix-marks"), seen, drawn.whole, token, other, direction, drawn);
    write(state, seen, token, other, values, held);
  }

  function markMaps(seen, token, chosen) {
    const context = clearCanvas($(".maps-marks"), drawn.maps.width, drawn.maps.height);
    for (let row = 0; row < seen.layers; row++) {
      for (let col = 0; col < attention.columns(seen); col++)
        mapping.smallMark(context, seen, drawn.maps, row, col, token, drawn.query);
    }
    for (const [one, ink] of [
      [chosen.beside, drawn.soft],
      [chosen, drawn.text],
    ])
      if (one) mapping.smallFrame(context, drawn.maps, one.layer, attention.columnOf(seen, one), ink);
  }

  // ---- words -----------------------------------------------------------------------------------------------------
  const write = beforeFrame((state, seen, token, other, values, held = null) => {
    const chosen = attention.chosen(state);
    prefix.press(token, seen.nPrefix);
    $(".patch").setAttribute("aria-pressed", String(token >= 0));
    if (token >= 0) patch = token;
    if (!values) {
      $(".pair").replaceChildren(
        "Fetching the attention of ",
        make("span", "query", tokenName(token, seen.grid)),
        " …",
      );
      return;
    }
    const parts = held
      ? words.two(seen, chosen, token, pointed, [values, held])
      : words.pair(seen, {
          direction: chosen.direction,
          token,
          other,
          share: values[seen.indexOf(other)],
          most: pointed === null,
          of: state.stage ? words.which(chosen) : "",
        });
    $(".pair").replaceChildren(...parts);
    $(".of").textContent = words.head(seen, chosen, values);
    $(".far").textContent = words.far(seen, chosen);
    $(".bits").textContent = words.bits(seen, chosen);
    const label = (one) => `${words.which(one)}, over the picture. ${$(".pair").textContent}`;
    $(".large").setAttribute("aria-label", label(chosen));
    if (held) $(".other-map").setAttribute("aria-label", label(chosen.beside));
  });

  function press(key, value) {
    for (const button of root.querySelectorAll(`[data-${key}]`)) {
      button.setAttribute("aria-pressed", String(button.dataset[key] === value));
    }
  }

  // ---- everything ------------------------------------------------------------------------------------------------
  function draw(/** @type {import("../state").State} */ state) {
    const seen = attention.view(state);
    $(".vx-panel").hidden = !seen;
    if (!seen) return;
    const chosen = attention.chosen(state);
    const { direction, scale } = chosen;
    const width = (name) => Math.floor($(`.${name}`).clientWidth);
    pointed = null;
    $(".other").hidden = !chosen.beside;
    $(".whole").hidden = Boolean(chosen.beside);
    $(".hold").setAttribute("aria-pressed", String(Boolean(chosen.beside)));
    drawn = {
      seen,
      whole: width("whole"),
      large: mapping.largePlace(width("one"), seen),
      maps: mapping.place(width("every"), seen, seen.layers, attention.columns(seen), {
        height: HIGHEST[store.get("stage") ? "stage" : "page"],
      }),
      query: inkOf("--vx-query"),
      key: inkOf("--vx-key"),
      text: inkOf("--vx-text"),
      soft: inkOf("--vx-soft"),
    };
    clearCanvas($(".scene"), SCENE, SCENE).drawImage(mapping.picture(state.trace), 0, 0, SCENE, SCENE);
    $(".scene").setAttribute("aria-label", state.trace.picture.title);
    $(".and-mean").hidden = seen.heads === 1;
    $(".gives").textContent = words.gives(direction);
    $(".from").hidden = !seen.nPrefix;
    $(".side").textContent = direction === "row" ? "Look from" : "Look at";
    $(".from").setAttribute("aria-label", $(".side").textContent);
    $(".beside").hidden = !seen.nPrefix;
    $(".beside").textContent = words.beside(prefixNames());
    prefix.list(seen.nPrefix);
    $(".mix input").value = mapping.mix(state);
    $(".which").textContent = words.which(chosen);
    $(".held").textContent = chosen.beside ? words.which(chosen.beside) : "";
    press("direction", direction);
    press("scale", scale);
    $(".high").textContent = words.scaleEnd(scale, seen.limit);
    $(".kind").textContent = words.scaleKind(scale);
    for (const [which, one] of Object.entries(extremes(seen)))
      $(`[data-reach=${which}]`).textContent =
        `layer ${one.layer + 1}, head ${one.head + 1} (${format.pixels(one.pixels)})`;
    $(".beyond").textContent = words.beyond(extremes(seen).far.pixels, uniform(seen.grid, seen.patchSize));
    $(".maps").setAttribute(
      "aria-label",
      `${seen.layers} layers by ${seen.heads} heads${seen.heads > 1 ? " and their mean" : ""}, ${direction === "row" ? "from" : "to"} the query`,
    );
    $(".maps-marks").setAttribute("aria-label", `${words.which(chosen)} is enlarged; arrow keys choose another head`);
    $(".matrix-marks").setAttribute(
      "aria-label",
      "Matrix of the head: up and down choose the row, left and right the column",
    );
    if (!chosen.beside) drawMatrix(state, seen);
  }

  function drawMatrix(/** @type {import("../state").State} */ state, seen) {
    const chosen = attention.chosen(state);
    const { layer, head, mean, scale } = chosen;
    const matrix = attention.matrix(seen, chosen);
    $(".whole .stack").hidden = !matrix;
    $(".too-many").hidden = Boolean(matrix);
    if (matrix) {
      headsMatrix.draw($(".matrix"), seen, matrix, scale === "shared" ? seen.limit : null, drawn.whole);
      $(".matrix").setAttribute("aria-label", `${words.which(chosen)}: attention, ${seen.n} by ${seen.n}`);
      return;
    }
    $(".too-many").textContent =
      matrix === null
        ? `${format.count(seen.n ** 2)} weights are too many to send, so the matrix is not drawn.`
        : "Fetching this head …";
    if (matrix !== undefined) return;
    const next = mean ? seen.unknown(layer) : head; // of the heads of a mean one comes after the other
    fetchMatrix(seen, `${layer} ${next}`, { ...attention.named(state), layer, head: next });
  }

  // ---- input -----------------------------------------------------------------------------------------------------
  const { choose } = attention;
  const chooseAt = (layer, column) => {
    const mean = column >= drawn.seen.heads;
    choose({ layer, ...(mean ? {} : { head: column }), mean });
  };
  inLink(root, attention.linked);
  const shown = () => (drawn && attention.view(store.state) === drawn.seen ? drawn.seen : null);

  patchInput($(".scene-marks"), () => (shown() || { grid: null }).grid);
  /** From a token in front of the patches back to the patch that was looked from last. */
  function lookFromPatch({ grid }) {
    if (attention.query(store.state) < 0)
      store.pin(patch !== null && patch < grid[0] * grid[1] ? patch : middleToken(grid));
  }
  $(".patch").addEventListener("click", () => shown() && lookFromPatch(drawn.seen));
  $(".hold").addEventListener("click", () => {
    if (!shown()) return;
    const { layer, head, mean, beside } = attention.chosen(store.state);
    choose({ beside: beside ? null : { layer, head, mean } });
  });
  for (const key of ["direction", "scale"]) {
    for (const button of root.querySelectorAll(`[data-${key}]`)) {
      button.addEventListener("click", () => choose({ [key]: button.dataset[key] }));
    }
  }
  for (const which of ["near", "far"])
    $(`[data-reach=${which}]`).addEventListener("click", () => {
      const seen = shown();
      if (!seen) return;
      const { layer, head } = extremes(seen)[which];
      choose({ layer, head });
      lookFromPatch(seen); // near and far are of places, and those tokens have none
    });
  $(".mix input").addEventListener("input", (event) => store.set("attentionMix", Number(event.target.value)));

  const maps = $(".maps-marks");
  maps.addEventListener("click", (event) => {
    const cell = shown() && drawn.maps.at(event, maps);
    if (cell) chooseAt(cell[0], cell[1]);
  });
  maps.addEventListener("keydown", (event) => {
    const seen = shown();
    if (!seen || !(event.key in ARROWS)) return;
    event.preventDefault();
    const chosen = attention.chosen(store.state);
    const [down, right] = ARROWS[event.key];
    chooseAt(
      Math.max(0, Math.min(seen.layers - 1, chosen.layer + down)),
      Math.max(0, Math.min(attention.columns(seen) - 1, attention.columnOf(seen, chosen) + right)),
    );
  });

  /** Read off another token without changing the query; null goes back to the strongest. */
  function pointAt(token) {
    if (token === pointed) return;
    pointed = token;
    mark(store.state);
  }

  for (const figure of [$(".one"), $(".other")])
    headsLarge.input(figure, { shown: () => shown() && drawn, pointed: () => pointed, point: pointAt });

  headsMatrix.input($(".matrix-marks"), {
    place: () => shown() && { seen: drawn.seen, width: drawn.whole },
    cell() {
      const token = attention.query(store.state);
      const cell = [token, pointed === null ? token : pointed].map(drawn.seen.indexOf);
      return attention.chosen(store.state).direction === "row" ? cell : cell.reverse();
    },
    /** Of its row and column the one that the direction asks about is the query. */
    point(cell, marking) {
      const [query, other] = attention.chosen(store.state).direction === "row" ? cell : [cell[1], cell[0]];
      pointed = drawn.seen.tokenOf(other);
      const token = drawn.seen.tokenOf(query);
      if (store.get("token") === token) mark(store.state);
      marking(token);
    },
    leave() {
      pointed = null;
      mark(store.state);
      store.point(null);
    },
  });

  function saved() {
    const state = store.state;
    const seen = attention.view(state);
    if (!seen) return null;
    const chosen = attention.chosen(state);
    const beside = chosen.beside && [chosen.beside.layer, attention.columnOf(seen, chosen.beside)];
    return { ...attention.named(state), token: attention.query(state), ...chosen, beside };
  }
  saveMenu($(".vx-panel"), server, saved, { npz: "attention (layers, heads, N, N), grid, n_prefix, query" });

  offer(root, server, HEADS);
  return { topics: ["model", "trace", "attentionChosen", "attentionMix"], draw, mark };
});
