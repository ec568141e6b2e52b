/* Questions to guess before the Compare tab shows the answers. */
import * as format from "../core/format.js";
import { request } from "../core/views.js";

/** What is asked of one picture in all models. @type {import("../core/guess.js").Question[]} */
export const PICTURE = [
  {
    id: "surest-network",
    ask: "All networks look at this picture. Which one will be surest of its answer?",
    told: "{truth}, with {chance} for {answer}; the least sure is {last} with {least}.",
    hides: [".vx-compare-picture .verdict", ".vx-compare-picture .cards"],
    pose({ catalogue }) {
      const names = (catalogue?.models || []).filter(({ n_classes: classes }) => classes > 0).map(({ name }) => name);
      return names.length > 1 ? { options: names } : { missing: "There is one network here: nothing to compare." };
    },
    async check(state, ask, { options }) {
      const known = state.catalogue.models.map(({ name }) => name);
      const answer = await ask("compare", { ...request(state), target: null, known });
      if (!answer) return null;
      const sure = answer.results
        .map(({ model, classes, probabilities }) => ({ model, p: Math.max(...probabilities), classes, probabilities }))
        .sort((a, b) => b.p - a.p);
      const [first, last] = [sure[0], sure.at(-1)];
      const level = sure.filter(({ p }) => format.probability(p) === format.probability(first.p));
      const right = level.map(({ model }) => options.indexOf(model));
      return {
        right,
        words: {
          truth: level.map(({ model }) => model).join(" and "),
          chance: format.probability(first.p),
          answer: first.classes[first.probabilities.indexOf(first.p)],
          last: last.model,
          least: format.probability(last.p),
        },
      };
    },
  },
];

/** What is asked of the table. @type {import("../core/guess.js").Question[]} */
export const TABLE = [
  {
    id: "most-multiply-adds",
    subject: () => "",
    ask: "Which of these networks makes most multiply-adds for one picture?",
    told: "{truth}: {most} for each picture, with {weights} weights. {least} makes fewest, {few}.",
    hides: [".vx-compare-table .parts"],
    pose({ catalogue }) {
      const counted = counts(catalogue);
      return counted.length > 1
        ? { options: counted.map(({ name }) => name) }
        : { missing: "There is one network here: nothing to compare." };
    },
    check({ catalogue }, _, { options }) {
      const order = [...counts(catalogue)].sort((a, b) => b.multiply_adds - a.multiply_adds);
      const [first, last] = [order[0], order.at(-1)];
      return {
        right: order
          .filter((one) => one.multiply_adds === first.multiply_adds)
          .map(({ name }) => options.indexOf(name)),
        words: {
          truth: first.name,
          most: format.short(first.multiply_adds),
          weights: format.short(first.parameters),
          least: last.name,
          few: format.short(last.multiply_adds),
        },
      };
    },
  },
];

const counts = (catalogue) => (catalogue?.models || []).filter((one) => one.multiply_adds !== null);
