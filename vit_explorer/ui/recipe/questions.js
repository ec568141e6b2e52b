/* Questions to guess before the Recipe tab shows the answers. */
import { best } from "../core/arrays.js";
import * as format from "../core/format.js";
import { outcomeOf, outcomes, outcomeWords, pictureAndModel } from "../core/guess.js";
import { request } from "../core/views.js";

/**
 * What is asked of an ingredient. `wanted(state)` is the request of what is chosen.
 * @param {(state: import("../core/guess.js").State) => any} wanted
 * @returns {import("../core/guess.js").Question[]}
 */
export const ingredients = (wanted) => [
  {
    id: "ingredient",
    subject: (state) => `${pictureAndModel(state)} ${JSON.stringify(state.trace && wanted(state))}`,
    ask: "It says {answer}, {chance}. What does it say after {title}, with this roll of the dice?",
    told: "The probability of {answer} goes from {before} to {after}{turned}.",
    hides: [".vx-recipe-ingredients .parts", ".vx-recipe-ingredients .below"],
    async pose(state, ask) {
      const { trace } = state;
      if (!trace.classes.length) return { missing: `${trace.model} names no class.` };
      const answer = await ask("ingredient", wanted(state));
      if (!answer) return { missing: "The server did not say what this ingredient does." };
      const { title } = answer.ingredients[answer.ingredient];
      if (!["pictures", "mix", "depth"].includes(answer.kind))
        return {
          missing: `${title} changes no single prediction of this network: choose another ingredient, such as Random erasing.`,
        };
      const top = best(trace.probabilities);
      return {
        words: { answer: trace.classes[top], chance: format.probability(trace.probabilities[top]), title },
        options: outcomes(trace.classes[top]),
      };
    },
    async check(state, ask) {
      const answer = await ask("ingredient", wanted(state));
      if (!answer) return null;
      return {
        right: [outcomeOf(answer.before, answer.after)],
        words: outcomeWords(state.trace.classes, answer.before, answer.after),
      };
    },
  },
];

const gains = ({ rungs }) => rungs.filter(({ result }) => result && result.gain !== null);

/** What is asked of the ladder. @type {import("../core/guess.js").Question[]} */
export const LADDER = [
  {
    id: "best-rung",
    subject: () => "",
    ask: "Each row adds one ingredient to all below it. Which one adds most to the test accuracy?",
    told: "Most comes from {truth}: {gain} points. {lower} of {n} lower the accuracy.",
    hides: [".vx-ladder .says", ".vx-ladder .chart", ".vx-ladder .below"],
    async pose(_, ask) {
      const answer = await ask("ladder", {});
      const measured = answer ? gains(answer) : [];
      return measured.length > 1
        ? { options: measured.map(({ title }) => title) }
        : { missing: "The networks of this view have not been trained yet." };
    },
    async check(_, ask) {
      const answer = await ask("ladder", {});
      if (!answer) return null;
      const measured = gains(answer);
      const order = [...measured].sort((a, b) => b.result.gain - a.result.gain);
      const [first, second] = order;
      const link = `rung=${first.name}`;
      const lead = first.result.gain - second.result.gain;
      const spread = Math.max(first.result.gain_spread ?? 0, second.result.gain_spread ?? 0);
      if (format.points(lead) === format.points(0) || lead <= spread)
        return {
          right: [],
          link,
          why: `${first.title} and ${second.title} are ${format.points(lead)} points apart, no more than seeds differ.`,
        };
      return {
        right: [measured.indexOf(first)],
        link,
        words: {
          truth: first.title,
          gain: format.points(first.result.gain),
          lower: measured.filter(({ result }) => result.gain < 0).length,
          n: measured.length,
        },
      };
    },
  },
];

const SAME = "All say the same";
const APART = "The two heads say different things";
const TEACHER = "The heads agree, and the teacher says something else";

/** What is asked of a DeiT's two heads. @type {import("../core/guess.js").Question[]} */
export const DISTILLATION = [
  {
    id: "two-heads",
    ask: "{model} has a head that learned the labels and one that learned its teacher’s answers. What do they{and} say of “{picture}”?",
    told: "CLS head: {cls}. Distillation head: {distillation}.{teacher}",
    hides: [".vx-distillation .outcome", ".vx-distillation .bars"],
    async pose(state, ask) {
      const answer = await ask("tokens", request(state));
      if (!answer) return { missing: "There is no DeiT here." };
      return {
        words: {
          model: answer.model,
          and: answer.teacher ? " and the teacher" : "",
          picture: state.trace.picture.title,
        },
        options: answer.teacher ? [SAME, TEACHER, APART] : [SAME, APART],
      };
    },
    async check(state, ask, { options }) {
      const answer = await ask("tokens", request(state));
      if (!answer) return null;
      /** @type {Record<string, {answer: string, chance: string}>} */
      const said = Object.fromEntries(
        answer.answers.map(({ name, probabilities }) => {
          const top = best(probabilities);
          return [name, { answer: answer.classes[top], chance: format.probability(probabilities[top]) }];
        }),
      );
      const { cls, distillation, teacher } = said;
      const words = ({ answer: name, chance }) => `${name}, ${chance}`;
      const apart = cls.answer !== distillation.answer;
      const right = apart ? APART : teacher && teacher.answer !== cls.answer ? TEACHER : SAME;
      return {
        right: [options.indexOf(right)],
        words: {
          cls: words(cls),
          distillation: words(distillation),
          teacher: teacher ? ` Teacher: ${words(teacher)}.` : "",
        },
      };
    },
  },
];
