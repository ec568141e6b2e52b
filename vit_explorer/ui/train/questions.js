/* Questions to guess before the Train tab shows the answers. */
import * as format from "../core/format.js";

const OVER = "finished";
/** The test accuracy of a contender: at its end that of all test pictures, before it the newest of the curve, null before the first. */
const accuracy = ({ finished, tests }) => finished?.test_accuracy ?? tests.at(-1)?.accuracy ?? null;

/** What is asked of a race. @type {import("../core/guess.js").Question[]} */
export const RACE = [
  {
    id: "race-winner",
    subject: ({ race }) => race?.name,
    ask: "Which contender of “{title}” gets most test pictures right at the end?",
    told: "{truth}, {most}; {last} ends at {least}.",
    hides: [".vx-train-curves", ".vx-train-cards"],
    pose({ race, setup }) {
      if (!race || setup?.open)
        return { missing: "Press Play first: when a race runs, say here who will win it, before it is over." };
      if (race.contenders.length < 2) return { missing: "One network trains alone: there is nobody to race." };
      return { words: { title: race.title }, options: race.contenders.map(({ label }) => label) };
    },
    check({ race }) {
      const order = race.contenders
        .map((one, index) => ({ index, label: one.label, value: accuracy(one) }))
        .filter(({ value }) => value !== null);
      order.sort((a, b) => b.value - a.value);
      if (race.state !== OVER || order.length < race.contenders.length) {
        const now = order.length ? ` Now ${order[0].label} leads with ${format.percent(order[0].value)}.` : "";
        return { right: [], waits: "race", why: `Stay here, and your guess is checked when the race is over.${now}` };
      }
      const [first, last] = [order[0], order.at(-1)];
      return {
        right: order.filter(({ value }) => value === first.value).map(({ index }) => index),
        words: {
          truth: first.label,
          most: format.percent(first.value),
          last: last.label,
          least: format.percent(last.value),
        },
      };
    },
  },
];

/** The number of pictures that most kinds were trained on, the smallest of them. */
const smallest = (curves) => Math.min(...curves.flatMap(({ points }) => points.map(({ size }) => size)));
const LEVEL = 0.01; // of accuracy: what one seed can move

/** What is asked of the curves over the number of pictures. @type {import("../core/guess.js").Question[]} */
export const HUNGER = [
  {
    id: "little-data",
    subject: () => "",
    ask: "With only {size} training pictures, which kind of network gets most test pictures right?",
    told: "{truth}: {most}. {last} is last with {least}.",
    hides: [".vx-hunger .curves .stack", ".vx-hunger .curves .readout", ".vx-hunger .findings"],
    async pose(_, ask) {
      const answer = await ask("hunger", {});
      const measured = answer ? atSmallest(answer.curves) : [];
      if (measured.length < 2) return { missing: "These curves have not been measured yet." };
      return { words: { size: format.count(smallest(answer.curves)) }, options: measured.map(({ label }) => label) };
    },
    async check(_, ask) {
      const answer = await ask("hunger", {});
      if (!answer) return null;
      const measured = atSmallest(answer.curves);
      const order = [...measured].sort((a, b) => b.mean - a.mean);
      const [first, second, last] = [order[0], order[1], order.at(-1)];
      if (first.mean - second.mean < Math.max(LEVEL, first.spread ?? 0))
        return {
          right: [],
          why: `${first.label} (${format.percent(first.mean)}) and ${second.label} (${format.percent(second.mean)}) are nearer to each other than seeds differ.`,
        };
      return {
        right: [measured.indexOf(first)],
        words: {
          truth: first.label,
          most: format.percent(first.mean),
          last: last.label,
          least: format.percent(last.mean),
        },
      };
    },
  },
];

/** @param {import("../core/payloads").CurvePayload[]} curves @returns {{label: string, mean: number, spread: number | null}[]} */
function atSmallest(curves) {
  if (!curves.length) return [];
  const size = smallest(curves);
  return curves.flatMap(({ label, points }) => {
    const point = points.find((one) => one.size === size);
    return point ? [{ label, mean: point.mean, spread: point.spread }] : [];
  });
}
