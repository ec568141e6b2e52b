/* What both views of the Features tab share: the choices, the colours of every map, and cells of maps of several sizes. */
import { decode } from "../core/arrays.js";
import { flag, integer, oneOf, setting, words } from "../core/setting.js";
import * as store from "../core/store.js";
import * as views from "../core/views.js";

/** @typedef {import("../state").State} State */
/** @typedef {import("../state").FeatureMap} FeatureMap */

/** What is chosen; the last block and another picture of the gallery at first. @returns {import("../state").FeaturesChosen} */
export function chosen() {
  return { block: null, second: null, fitOn: "picture", drop: false, ...store.get("featuresChosen") };
}

/** @param {Partial<import("../state").FeaturesChosen>} next */
export const choose = (next) => store.set("featuresChosen", { ...chosen(), ...next });

/** What a link holds of the choices; block 0 is the embedding. */
export const linked = {
  block: setting(
    integer(0, 999),
    () => chosen().block,
    (block) => choose({ block }),
    () => (store.get("features") || { maps: [] }).maps.length - 1,
  ),
  second: setting(
    words(),
    () => (chosen().second || { name: null }).name,
    (name) => choose({ second: name === null ? null : { name, title: name } }),
  ),
  fit_on: setting(
    oneOf("picture", "both", "gallery"),
    () => chosen().fitOn,
    (value) => choose({ fitOn: value || "picture" }),
    "picture",
  ),
  drop: setting(
    flag,
    () => chosen().drop,
    (value) => choose({ drop: value || false }),
    false,
  ),
};

/** The second picture, {name, title}; null while there is no catalogue. */
export function second(state) {
  const held = chosen().second;
  const gallery = (store.get("catalogue") || { gallery: [] }).gallery;
  if (held) return gallery.find(({ name }) => name === held.name) || held;
  return gallery.find(({ name }) => name !== state.trace.picture.name) || gallery[0] || null;
}

/** Let go of a second picture that cannot be had, such as a link's that is no longer here. Returns whether there was one. */
export function forgetSecond() {
  const lost = chosen().second !== null;
  if (lost) choose({ second: null });
  return lost;
}

/** The request of the colours: what the answer that all views draw belongs to. */
export function wanted(state) {
  const { fitOn, drop } = chosen();
  return { ...views.request(state), second: second(state).name, fit_on: fitOn, drop };
}

/** Whether everything is there that a request needs. */
export const ready = (state) => views.ready(state) && second(state) !== null;

const bytes = (packed) => /** @type {Uint8Array} */ (decode(packed).data);

/** Keep the colours of the server for both views. @param {import("../core/payloads").ColoursPayload & {question: string}} answer */
export function keep(answer) {
  const maps = answer.maps.map(({ colours, norms, prefix_norms: prefixNorms, ...rest }) => ({
    ...rest,
    prefixNorms,
    colours: bytes(colours),
    norms: /** @type {Float32Array} */ (decode(norms).data),
  }));
  store.set("features", { ...answer, maps, pixels: bytes(answer.second_pixels) });
}

/** The newest colours, where they belong to picture, model and second picture on screen; else null. @param {State} state @returns {import("../state").Features | null} */
export function shown(state) {
  const features = store.get("features");
  if (!features || !ready(state)) return null;
  const of = JSON.parse(features.question);
  const now = wanted(state);
  return ["picture", "model", "fit", "second"].every((key) => of[key] === now[key]) ? features : null;
}

/** The number of the chosen map, of so many. */
export function blockOf(features) {
  const { block } = chosen();
  return block === null ? features.maps.length - 1 : Math.min(block, features.maps.length - 1);
}

/** "the embedding", "layer 4" @param {{name: string}} map */
export const nameOf = ({ name }) => (name === "embedding" ? "the embedding" : name);

/** The cell of the grid `to` that lies in the middle of a cell of the grid `from`. @param {number} cell @param {number[]} from @param {number[]} to */
export function cellBetween(cell, from, to) {
  const [row, col] = [Math.floor(cell / from[1]), cell % from[1]];
  return Math.floor(((row + 0.5) * to[0]) / from[0]) * to[1] + Math.floor(((col + 0.5) * to[1]) / from[1]);
}
