/* Questions to guess before Home shows the answers. */
import { best } from "../core/arrays.js";
import * as format from "../core/format.js";

/** @type {import("../core/guess.js").Question[]} */
export const QUESTIONS = [
  {
    id: "answer-settles",
    ask: "In the end it says {answer}. Read after each layer, from where on is that the answer?",
    told: "{truth}. Before that: {before}.",
    hides: [".vx-home .so-far", ".vx-home .firsts"],
    pose({ trace }) {
      const lens = trace.attention?.lens;
      if (!lens?.length || !trace.classes.length)
        return { missing: `The answer of ${trace.model} cannot be read after a layer.` };
      return {
        words: { answer: trace.classes[best(trace.probabilities)] },
        options: lens.map((_, layer) => (layer ? `from layer ${layer} on` : "before the first layer")),
      };
    },
    check({ trace }) {
      const said = trace.attention.lens.map(best);
      const settled = said.length - 1 - [...said].reverse().findIndex((answer) => answer !== said.at(-1));
      const from = said.every((answer) => answer === said.at(-1)) ? 0 : settled + 1;
      const before = said
        .slice(0, from)
        .map(
          (answer, layer) => `${trace.classes[answer]} (${format.probability(trace.attention.lens[layer][answer])})`,
        );
      return {
        right: [from],
        words: { truth: from ? `From layer ${from} on` : "From the start", before: before.join(", ") || "nothing" },
      };
    },
  },
];
