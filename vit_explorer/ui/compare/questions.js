/* Questions to guess before the Compare tab shows the answers. */
import * as format from "../core/format.js";
import { owner } from "../core/owner.js";
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
    hides: [".vx-compare-table .finding", ".vx-compare-table .parts"],
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

const MOST = 10; // classes that are options

/** @param {import("../core/payloads").ConfusionPayload} counts  @returns {{name: string, share: number}[]} from the hardest class on */
const byRecall = ({ classes, recall }) =>
  classes
    .flatMap((name, k) => (recall[k] === null ? [] : [{ name, share: Number(recall[k]) }]))
    .sort((a, b) => a.share - b.share);

/** What is asked of the confusion matrix. @type {import("../core/guess.js").Question[]} */
export const CONFUSION = [
  {
    id: "hardest-class",
    subject: ({ model }) => model.name,
    ask: "{model} is right on {accuracy} of the {total} test pictures of {data}. Which class does it name least often when it is there?",
    told: "{truth}: {least} of such pictures are named so; the easiest is {first} with {most}. {pair}",
    hides: [".vx-compare-confusion .parts"],
    async pose({ model }, ask) {
      const counts = await ask("confusion", { model: model.name, owner: owner() });
      if (counts?.state !== "ready")
        return {
          missing: counts?.reason ?? `${model.name} is still being shown the test pictures: ask again in a moment.`,
        };
      const ranked = byRecall(counts);
      if (ranked.length < 2) return { missing: "There are test pictures of one class alone." };
      const n = Math.min(MOST, ranked.length); // from the hardest to the easiest, evenly
      const spread = Array.from({ length: n }, (_, k) => ranked[Math.round((k * (ranked.length - 1)) / (n - 1))].name);
      return {
        words: {
          model: model.name,
          accuracy: format.percent(counts.accuracy),
          total: format.count(counts.total),
          data: counts.data,
        },
        options: counts.classes.filter((name) => spread.includes(name)),
      };
    },
    async check({ model }, ask, { options }) {
      const counts = await ask("confusion", { model: model.name, owner: owner() });
      if (counts?.state !== "ready") return null;
      const ranked = byRecall(counts);
      const level = ranked.filter(({ name, share }) => share === ranked[0].share && options.includes(name));
      const [pair] = counts.pairs;
      return {
        right: level.map(({ name }) => options.indexOf(name)),
        words: {
          truth: level.map(({ name }) => name).join(" and "),
          least: format.percent(ranked[0].share),
          first: ranked.at(-1).name,
          most: format.percent(ranked.at(-1).share),
          pair: pair
            ? `Confused most: ${counts.classes[pair.truth]} called ${counts.classes[pair.answer]}, ${format.plural(pair.count, "picture")}.`
            : "",
        },
      };
    },
  },
];

const WAY = { dense: "no", where: "gpu" }; // one answer for each picture, on one GPU

/** What is asked of the guide: where its first question leads. @type {import("../core/guess.js").Question[]} */
export const GUIDE = [
  {
    id: "advice-for-few",
    subject: () => "",
    ask: "{amount} labelled pictures, {note}; one answer for each, and one GPU. What is advised?",
    told: "{truth}. {reason}",
    hides: [".vx-compare-guide .parts", ".vx-compare-guide .path"],
    async pose(_, ask) {
      const told = await ask("questions", {});
      const amounts = told?.questions.find(({ key }) => key === "data").options;
      if (!amounts) return { missing: "The server did not send the questions." };
      const advice = await Promise.all(amounts.map(({ key }) => ask("advice", { data: key, ...WAY })));
      if (advice.includes(null)) return { missing: "The server did not send its advice." };
      const [few] = amounts;
      return {
        words: { amount: few.title, note: few.note },
        options: [...new Set(advice.map((one) => one.advice))].sort(),
      };
    },
    async check(_, ask, { options }) {
      const told = await ask("questions", {});
      const few = told?.questions.find(({ key }) => key === "data").options[0].key;
      const answer = few && (await ask("advice", { data: few, ...WAY }));
      if (!answer) return null;
      const here = answer.reasons.find(({ kind }) => kind === "here") ?? answer.reasons[0];
      return {
        right: [options.indexOf(answer.advice)],
        link: `answers=${[few, WAY.dense, WAY.where].join(".")}`,
        words: { truth: answer.advice, reason: here.text },
      };
    },
  },
];
