/* What the set-up holds: the plan that the server makes of a preset, and what the person changed of it. */
import * as format from "../core/format.js";
import * as words from "./words.js";

export const MOST = 4;
export const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9 ,._+-]{0,38}[A-Za-z0-9])?$/; // it also names a folder

/** @typedef {{label: string, base: object, edits: object}} Entry a contender: its planned recipe, and the changes */

/** A contender's recipe with its changes. */
export const recipe = ({ base, edits }) => ({ ...base, ...edits });

/** The range of a number's field, [low, high], for a dataset; null for what is chosen from a list. */
export function range(lobby, field, data) {
  if (field === "subset") return [2, lobby.datasets.find(({ name }) => name === data).n_train];
  return lobby.limits[field] || null;
}

export const rangeWords = ([low, high]) => `${small(low)} to ${small(high)}`;
const small = (x) =>
  x !== 0 && Math.abs(x) < 0.001
    ? x.toExponential().replace("e-0", "e-")
    : format.count(x) === "0" && x
      ? String(x)
      : x < 1
        ? String(x)
        : format.count(x);

const GROUPED = /^[+-]?\d{1,3}([,\s]\d{3})+$/; // 1,500 or 1 500
const COMMA = /^[+-]?\d+,\d+$/; // 0,0005, as much of the world writes it

/** The number that was typed; NaN for what is none. A comma is read only where it can but group a whole number. */
function parse(text, whole) {
  const given = text.trim();
  if (whole && GROUPED.test(given)) return Number(given.replace(/[,\s]/g, ""));
  return given === "" ? Number.NaN : Number(given);
}

/** What is wrong with a number that was typed, as a sentence; null if nothing is. */
export function wrong(field, text, lobby, data) {
  const limits = range(lobby, field, data);
  if (field === "subset" && text.trim() === "") return null;
  const whole = lobby.counts.includes(field);
  const value = parse(text, whole);
  if (Number.isNaN(value) && COMMA.test(text.trim()) && !whole)
    return `takes a point, not a comma: ${text.trim().replace(",", ".")}`;
  if (Number.isNaN(value) || value < limits[0] || value > limits[1])
    return `must lie between ${small(limits[0])} and ${small(limits[1])}`;
  return whole && !Number.isInteger(value) ? "must be a whole number" : null;
}

/** The number of a field that nothing is wrong with; null means all pictures. */
export const number = (text) => (text.trim() === "" ? null : parse(text, GROUPED.test(text.trim())));

/** The checkpoints that a contender's model can go on from, fresh weights ("") first. */
export function starts(entry, lobby, data) {
  return lobby.datasets.find(({ name }) => name === data).starts[recipe(entry).model] || [""];
}

/** How often a contender changes its weights. */
export function updates(entry, lobby, data) {
  const { subset, batch_size: batch, epochs } = recipe(entry);
  const all = lobby.datasets.find(({ name }) => name === data).n_train;
  return Math.ceil((subset === null ? all : subset) / batch) * epochs;
}

/** What a race of these is called. */
export function title(entries, preset) {
  const labels = entries.map(({ label }) => label);
  const planned = preset && entries.every(({ edits, planned }) => planned && !Object.keys(edits).length);
  if (planned && labels.length === preset.labels.length) return preset.title;
  return format.listed(labels, "against");
}

/** A label that no contender has yet. */
export function freeLabel(entries, model) {
  const base = model.title;
  let [label, n] = [base, 2];
  while (entries.some((entry) => entry.label.toLowerCase() === label.toLowerCase())) label = `${base} ${n++}`;
  return label;
}

/** What a contender is called that goes on from another one. */
export const continued = (label) =>
  `${label
    .replace(/ continued$/, "")
    .slice(0, 30)
    .trim()} continued`;

/** Sizes that the slider offers: the preset's, below all there are, and all. */
export function sizes(preset, dataset) {
  const below = preset.subset_choices.filter((size) => size < dataset.n_train);
  return [...below, dataset.n_train];
}

/** A contender in a line; what they all share, such as how many pictures, is said elsewhere. */
export function chipWords(entry, entries, lobby) {
  const mine = recipe(entry);
  const known = lobby.models.find(({ key }) => key === mine.model);
  const differ = (field) => words.common(entries.map(recipe), field) === null;
  const own = [];
  if (differ("subset") && !entries.every((one) => recipe(one).subset === null))
    own.push(`${words.pictures(mine.subset)} pictures`);
  if (differ("epochs")) own.push(format.plural(mine.epochs, "epoch"));
  return [known ? known.title : mine.model, ...own, words.recipe(mine)].join(" · ");
}

/** What Play will do: how many updates, and whether other races come first. */
export function promise(entries, lobby, data) {
  const each = [...new Set(entries.map((entry) => updates(entry, lobby, data)))].map(format.count);
  const who = entries.length === 1 ? "One contender" : `${entries.length} contenders in turns`;
  const does = `${who}, ${each.join(" / ")} updates${each.length === 1 ? " each" : ""}.`;
  const ahead = lobby.races.filter(({ state }) => ["training", "starting", "waiting"].includes(state)).length;
  if (ahead < lobby.at_once) return does;
  if (ahead === 1) return `${does} Another race is being trained: this one will wait for it.`;
  return `${does} ${ahead} races are before it: it will wait for its turn.`;
}
