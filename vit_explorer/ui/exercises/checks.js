/* What the answers of the sheet are checked against: the race, the model and the counts that are there now. */
import { decode } from "../core/arrays.js";
import { leaders } from "../core/guess.js";

/** @typedef {import("../state").State} State */
/**
 * `numbers`: those that are right, each with `within` to either side; `option`: the index of the right one; `why`: the sentence that says why
 * there is no answer to compare with.
 * @typedef {{numbers?: number[], within?: number, option?: number, why?: string}} Known
 */
/** @typedef {{state: State, costs: import("../core/payloads").CostsPayload | null}} Facts */

/** Sizes of the third exercise, those of Swin-T's first stage. */
export const SIZES = { side: 56, d_model: 96, n_heads: 3, window: 7 };
const POINT = 0.1; // percentage points, as accuracies are printed
const HUNDREDTH = 0.01; // of a score, as it is printed
const TENTH = 0.1; // of a ratio

/** Accuracies of the four contenders at the end, or why there are none. */
function ends({ race }) {
  if (!race) return { why: "No race is open here yet: set it up, and press Play." };
  const of = (model, augment) =>
    race.contenders.find(({ recipe }) => recipe?.model === model && recipe.augment === augment);
  const four = [of("vit", "none"), of("cnn", "none"), of("vit", "crop-flip"), of("cnn", "crop-flip")];
  if (four.includes(undefined))
    return { why: `“${race.title}”, which is open in Train, is not the race of this exercise.` };
  if (race.state !== "finished") return { why: `“${race.title}” is not over yet.` };
  const failed = four.find(({ finished }) => !finished);
  if (failed) return { why: `${failed.label} of “${race.title}” did not come to its end.` };
  const [vit, cnn, vitMore, cnnMore] = four.map(({ finished }) => 100 * finished.test_accuracy); // of all test pictures
  return { lead: cnn - vit, more: cnnMore - vitMore };
}

/** @param {Facts} facts @param {(ends: {lead: number, more: number}) => Known} known @returns {Known} */
function raced({ state }, known) {
  const { why, lead, more } = ends(state);
  return why ? { why } : known({ lead, more });
}

const LEVEL = { why: "They are level: this race does not decide it." };

/** @param {Facts} facts @param {(positions: import("../core/payloads").PositionsPayload) => Known} known @returns {Known} */
const placed = ({ state }, known) =>
  state.model?.positions
    ? known(state.model.positions)
    : { why: "The model that is open has no position embeddings: open Positions with the button above." };

/** @param {Facts} facts @param {(costs: import("../core/payloads").CostsPayload) => Known} known @returns {Known} */
const counted = ({ costs }, known) => (costs ? known(costs) : { why: "The server did not count." });

/** @type {Record<string, (facts: Facts) => Known>} */
export const CHECKS = {
  leader: (facts) => raced(facts, ({ lead }) => (Math.abs(lead) < POINT / 2 ? LEVEL : { option: lead > 0 ? 1 : 0 })),
  lead: (facts) => raced(facts, ({ lead }) => ({ numbers: [Math.abs(lead)], within: POINT })),
  distance: (facts) =>
    raced(facts, ({ lead, more }) => {
      const grown = Math.abs(more) - Math.abs(lead);
      return Math.abs(grown) < POINT / 2 ? LEVEL : { option: grown > 0 ? 0 : 1 };
    }),
  rows: (facts) => placed(facts, ({ similarity }) => ({ numbers: [similarity.shape[1]], within: 0 })),
  scoreBefore: (facts) =>
    placed(facts, ({ structure, epochs }) =>
      epochs[0] === 0
        ? { numbers: [structure[0].two_d], within: HUNDREDTH }
        : { why: "The untrained positions of this model were not kept." },
    ),
  scoreAfter: (facts) => placed(facts, ({ structure }) => ({ numbers: [structure.at(-1).two_d], within: HUNDREDTH })),
  alike: (facts) =>
    placed(facts, ({ similarity, n_prefix: before, grid }) => {
      const { at, shape } = decode(similarity);
      const others = Array.from({ length: grid[0] * grid[1] }, (_, patch) =>
        patch ? at(shape[0] - 1, before, before + patch) : -1,
      );
      return { numbers: leaders(others).map((patch) => patch + 1), within: 0 }; // people count from 1
    }),
  tokens: () => ({ numbers: [SIZES.side ** 2], within: 0 }),
  windows: () => ({ numbers: [(SIZES.side / SIZES.window) ** 2], within: 0 }),
  entries: (facts) =>
    counted(facts, (costs) => ({ numbers: [costs.entries_global / costs.entries_windowed], within: TENTH })),
  module: (facts) =>
    counted(facts, (costs) => ({ numbers: [costs.module_global / costs.module_windowed], within: TENTH })),
};

const THOUSANDS = /^-?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/;

/** A number as people write it: "3,136", "13.8", "13,8"; null where it is none. @param {string} text */
export function numberOf(text) {
  const plain = text.replace(/\s/g, "").replace("−", "-");
  const number = THOUSANDS.test(plain) ? plain.replaceAll(",", "") : plain.replace(",", ".");
  return /^-?\d+(\.\d+)?$/.test(number) ? Number(number) : null;
}

const ROUNDING = 1e-9;

/** Whether an answer, the text of a field or the index of an option, is right. @param {Known} known @param {string | number} answer */
export function isRight({ numbers, within, option }, answer) {
  if (option !== undefined) return answer === option;
  const number = numberOf(String(answer));
  return number !== null && numbers.some((one) => Math.abs(one - number) <= within + ROUNDING);
}
