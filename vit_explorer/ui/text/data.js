/* What the views of the Roots tab share: one sequence in one text network, decoded once, and what is chosen of it.
 *
 * Topics: "text" = the answer of the server to a sequence; "textLook" = {epoch (index), way (0 given the right symbols, 1 its
 * own), layer, head}; "textWish" = {task, text, epoch?}, a sequence that a view wants to be read.
 */
import { decode } from "../core/arrays.js";
import * as store from "../core/store.js";

const [WIDE, NARROW] = [1150, 640]; // px
export const WAYS = { forced: 0, free: 1 };
const views = new WeakMap(); // payload -> view

/** The sequence at hand as arrays, or null before the first. */
export function view(/** @type {import("../state").State} */ state) {
  const payload = state.text;
  if (!payload) return null;
  if (!views.has(payload)) views.set(payload, build(payload));
  return views.get(payload);
}

function build(payload) {
  const arrays = Object.fromEntries(
    ["cross", "decoder_self", "encoder_self", "probabilities"].map((name) => [name, decode(payload[name])]),
  );
  const [, , layers, heads, rows, columns] = arrays.cross.shape;
  const probabilities = ({ epoch, way }) => matrix(arrays.probabilities, [epoch, way]);
  return {
    ...payload,
    layers,
    heads,
    rows, // output positions, the end among them
    n: columns, // input symbols
    last: payload.epochs.length - 1,
    letters: [...payload.text],
    right: [...payload.answer, "end"],
    cross: ({ epoch, way, layer, head }) => matrix(arrays.cross, [epoch, way, layer, head]),
    decoderSelf: ({ epoch, way, layer, head }) => matrix(arrays.decoder_self, [epoch, way, layer, head]),
    encoderSelf: ({ epoch, layer, head }) => matrix(arrays.encoder_self, [epoch, layer, head]),
    probabilities,
    /** The log-probability of greedy decoding's whole output. */
    greedyScore({ epoch }) {
      const each = probabilities({ epoch, way: WAYS.free });
      const logarithms = payload.output[epoch][WAYS.free].map((token, t) =>
        Math.log(each.at(t, payload.names.indexOf(token))),
      );
      return logarithms.reduce((sum, one) => sum + one, 0);
    },
  };
}

/** The last two axes of an array at an index of the others: {rows, cols, data, at(i, j)}. */
function matrix({ data, shape }, index) {
  const [rows, cols] = shape.slice(-2);
  const place = index.reduce((sum, one, axis) => sum * shape[axis] + one, 0);
  const part = data.subarray(place * rows * cols, (place + 1) * rows * cols);
  return { rows, cols, data: part, at: (i, j) => part[i * cols + j] };
}

export function choose(change) {
  store.set("textLook", { ...store.get("textLook"), ...change });
}

/** The index of the snapshot nearest to an epoch. */
export const nearestEpoch = (epochs, epoch) =>
  epochs.reduce((best, one, k) => (Math.abs(one - epoch) < Math.abs(epochs[best] - epoch) ? k : best), 0);

/** Tell the stylesheet how much room a view has; before anything is measured. */
export function fit(root) {
  root.classList.toggle("wide", root.clientWidth >= WIDE);
  root.classList.toggle("narrow", root.clientWidth < NARROW);
}
