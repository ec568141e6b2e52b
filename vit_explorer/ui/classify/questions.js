/* Questions to guess before the Classify tab shows the answers. */
import { best } from "../core/arrays.js";
import * as format from "../core/format.js";

const MOST = 10; // networks of which each number is an option

/** The networks that know a class. */
const able = ({ catalogue, model }) =>
  (catalogue?.models || []).filter(({ data, n_classes: n }) => data === model.data && n === model.n_classes);

/** @type {import("../core/guess.js").Question[]} */
export const QUESTIONS = [
  {
    id: "how-many-agree",
    ask: "{model} says {answer} of “{picture}”. How many of the {n} networks with the same classes will say so, {model} among them?",
    told: "{agree} of {n} say {answer}{others}.",
    hides: [".vx-classify .answers", ".vx-classify .details"],
    pose(state) {
      const { trace, model } = state;
      const n = able(state).length;
      if (!trace.classes.length) return { missing: `${model.name} names no class.` };
      if (n < 2) return { missing: `No other network here has the classes of ${model.name}.` };
      return {
        words: { model: model.name, answer: trace.classes[best(trace.probabilities)], picture: trace.picture.title, n },
        options:
          n <= MOST
            ? Array.from({ length: n }, (_, k) => String(k + 1))
            : ["less than half", "half or more, not all", "all"],
      };
    },
    async check(state, ask) {
      const answer = await ask("classify", { picture: state.trace.picture.name, fit: state.trace.fit });
      if (!answer) return null;
      const names = able(state).map(({ name }) => name);
      const said = answer.results
        .filter(({ model }) => names.includes(model))
        .map(({ model, classes, probabilities }) => ({ model, answer: classes[best(probabilities)] }));
      const own = state.trace.classes[best(state.trace.probabilities)];
      const agree = said.filter((one) => one.answer === own).length;
      const others = said.filter((one) => one.answer !== own).map((one) => `${one.model} says ${one.answer}`);
      return {
        right: [names.length <= MOST ? agree - 1 : agree === said.length ? 2 : agree >= said.length / 2 ? 1 : 0],
        words: { agree: format.count(agree), others: others.length ? `; ${others.slice(0, 4).join(", ")}` : "" },
      };
    },
  },
];
