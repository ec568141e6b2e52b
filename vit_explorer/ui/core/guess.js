/* Questions that a visitor answers before a view shows the answer. A view offers them here; ui/guess/ asks them.
 *
 * The words of a question are data, with numbers in braces; what is right is computed from the state on screen, and
 * where that needs the server, from its answer. See "Adding a question" in docs/architecture.md.
 */
import { best } from "./arrays.js";
import * as format from "./format.js";
import * as store from "./store.js";
import { visible } from "./tabs.js";

/** @typedef {import("../state").State} State */
/** @typedef {Record<string, string | number>} Words numbers and names by what stands for them in braces */
/** @typedef {(name: string, request: object) => Promise<any>} Ask asks the server of the view that offers the question */

/**
 * A question about what is on screen. `missing`: the sentence that says why it cannot be asked of this picture and model.
 * `options`: of a choice; without them a patch of the picture is asked for. `token`: a patch that the question is about.
 * @typedef {{missing?: string, words?: Words, options?: string[], token?: number | null}} Posed
 */
/**
 * `right`: indices of the options, or the patches, that are right; none where the numbers do not decide it, and then `why` says so.
 * `waits`: the topic with which it will be decided; the guess is then checked again. `values`: a number for each patch, the largest is the right one.
 * `link`: what the view is to show now.
 * @typedef {{right: number[], words?: Words, why?: string, waits?: import("../state").Topic, values?: ArrayLike<number>, link?: string}} Found
 */
/**
 * `subject`: what the answer depends on, if not on picture and model alone: when it changes, the question is asked anew. `hides`: CSS selectors of what would give the answer away. `check` resolves to null where the server did not answer.
 * @typedef {{id: string, ask: string, told: string, hides: string[], subject?: (state: State) => string, pose: (state: State, ask: Ask) => Posed | Promise<Posed>,
 *   check: (state: State, ask: Ask, posed: Posed) => Found | null | Promise<Found | null>}} Question
 */
/** @typedef {{root: HTMLElement, server: import("../state").Server, question: Question}} Offer */

/** @type {Offer[]} */
let offers = [];

/** Offer the questions of a view. @param {HTMLElement} root @param {import("../state").Server} server @param {Question[]} questions */
export function offer(root, server, questions) {
  offers = [
    ...offers.filter((one) => one.root.isConnected),
    ...questions.map((question) => ({ root, server, question })),
  ];
  store.set("offered", offers.length);
}

/** The questions of the views on screen, from the top of the page. */
export const onScreen = () => offers.filter(({ root }) => visible(root)).sort((a, b) => below(a.root, b.root));

const below = (/** @type {Node} */ one, /** @type {Node} */ other) =>
  one === other ? 0 : one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;

/** What most answers depend on. @param {State} state */
export const pictureAndModel = ({ trace, model }) => [model?.name, trace?.picture.name, trace?.fit].join(" ");

/** A sentence with its words in place of what stands in braces. @param {string} sentence @param {Words} words */
export const filled = (sentence, words = {}) =>
  sentence.replace(/\{(\w+)\}/g, (braces, name) => String(words[name] ?? braces));

// ---- what several questions need ---------------------------------------------------------------------------------
const LEVEL = 0.005; // of the largest: what is nearer to it reads like it in three digits

/** Indices of the largest numbers: several where they are level in the digits that a view prints. @param {ArrayLike<number>} values */
export function leaders(values) {
  const high = Math.max(...Array.from(values));
  const near = high - LEVEL * Math.abs(high);
  return Array.from(values, (value, index) => (value >= near ? index : -1)).filter((index) => index >= 0);
}

/** The index of the number nearest to a value, as ratios go. @param {number[]} numbers @param {number} value */
export function nearest(numbers, value) {
  const far = numbers.map((number) => Math.abs(Math.log(number / value)));
  return far.indexOf(Math.min(...far));
}

/** Different whole numbers as options, from the smallest, so that their order says nothing. @param {number[]} numbers */
export const ascending = (numbers) => [...new Set(numbers)].sort((a, b) => a - b).map((number) => format.count(number));

const NEAR = 5; // percentage points that count as "about as sure"

/** What an experiment can do to an answer, as options for `outcomeOf`. @param {string} answer */
export const outcomes = (answer) => [
  `It stays ${answer}, about as sure: within ${NEAR} points`,
  `It stays ${answer}, but surer or less sure by more than ${NEAR} points`,
  "It becomes another class",
];

/** Which of the `outcomes` it was, by the probabilities before and after as they are printed. @param {number[]} before @param {number[]} after */
export function outcomeOf(before, after) {
  const top = best(before);
  if (best(after) !== top) return 2;
  return Math.abs(format.pointsBetween(before[top], after[top])) > NEAR ? 1 : 0;
}

/** The words of an experiment: {answer}, {before}, {after} and {turned}. @param {string[]} classes @param {number[]} before @param {number[]} after */
export function outcomeWords(classes, before, after) {
  const [top, next] = [best(before), best(after)];
  return {
    answer: classes[top],
    before: format.probability(before[top]),
    after: format.probability(after[top]),
    turned: next === top ? "" : `; the answer becomes ${classes[next]}, ${format.probability(after[next])}`,
  };
}
