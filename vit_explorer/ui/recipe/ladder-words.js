/* The ladder's words, numbers and scale, and the ways from a rung to the views that show its ingredient. */
import { make } from "../core/elements.js";
import * as format from "../core/format.js";
import { linear, ticks } from "../core/scales.js";
import * as store from "../core/store.js";
import { known, openTab } from "../core/tabs.js";

const several = (result) => result.tests.length > 1;

/** The first sentence of a text, without its full stop, and what follows. @param {string} text */
export function parted(text) {
  const end = text.search(/\. [A-Z]/);
  return end < 0 ? [text.replace(/\.$/, ""), ""] : [text.slice(0, end), text.slice(end + 2)];
}

/** The finding for a room, in one sentence: the first of what is said, where the whole recipe ends, and of how many seeds. */
export function inBrief({ says, whole, rungs, teacher }) {
  const [first] = parted(says);
  const [end] = whole.split(/[:.](?= |$)/, 1); // the reason comes after a colon
  const counts = [...rungs, ...(teacher ? [teacher] : [])].flatMap(({ result }) => result?.tests.length ?? []);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const seeds = `${least < most ? `${least} to ` : ""}${most === 1 ? "one seed" : `${most} seeds`} a row`;
  return `${first}${end && `; ${end[0].toLowerCase()}${end.slice(1)}`} (${seeds}).`;
}

/** Whether the seeds disagree on the direction of a rung's step. */
export const unclear = ({ result }) => Boolean(result) && result.gains.length > 1 && !result.clear;

/** What stands behind a step: its direction, or that the seeds disagree on it. */
function directed(row) {
  const { gain } = row.result;
  if (unclear(row)) return " ?";
  return format.pointsBetween(0, gain) ? (gain > 0 ? " ▸" : " ◂") : "";
}

/** The columns beside the lane; empty where there is nothing. */
export function cells(row) {
  if (!row.result) return { gain: "", test: "not yet", training: "", gap: "" };
  const { gain, mean, spread, train } = row.result;
  const { result } = row;
  return {
    gain: gain === null ? "" : `${format.points(gain)}${directed(row)}`,
    test: several(result) ? `${(100 * mean).toFixed(1)} ± ${format.percent(spread)}` : format.percent(mean),
    training: format.percent(train),
    gap: format.points(train - mean),
  };
}

export const name = ({ number, title }) => (number > 1 ? `+ ${title}` : title);

/** What a rung is called to those who do not see it. */
export function aloud(row) {
  const { result } = row;
  const spoken = row.number ? `${row.number}, ${name(row)}` : row.title;
  if (!result) return `${spoken}, not trained yet`;
  const step =
    result.gain === null ? "" : `, ${format.points(result.gain)} points${unclear(row) ? ", the seeds disagree" : ""}`;
  return `${spoken}: test accuracy ${format.percent(result.mean)}${step}, training accuracy ${format.percent(result.train)}`;
}

export function heading({ title, ingredients, number }) {
  const few = ingredients.map((one) => `${ingredients.length > 1 ? `${one.title} ` : ""}${one.unit} ${one.strength}`);
  return `${name({ number, title })}${few.length ? `: ${few.join(", ")}` : ""}`;
}

/** What came out on a rung, in a sentence or two. */
export function found({ result, number }) {
  const { gain, gains, gain_spread: spread, clear, mean, train } = result;
  const gap = `Training accuracy ${format.percent(train)}, the gap to the test split ${format.points(train - mean)} points.`;
  if (gain === null) return number > 1 ? `The row below has no result of the same seeds yet. ${gap}` : gap;
  if (gains.length < 2) return `Step: ${format.points(gain)} points, of one seed. ${gap}`;
  const agree = clear ? "all seeds agree on the direction" : "the seeds disagree on the direction";
  return `Step: ${format.points(gain)} ± ${(100 * spread).toFixed(1)} points (seeds: ${gains.map((gain) => format.points(gain)).join(", ")}): ${agree}. ${gap}`;
}

/** The lane's ends and ticks, for all accuracies on the test split; `place` gives per cent of its width. */
export function scale(rows) {
  const all = rows.flatMap(({ result }) => [...result.tests, result.mean - (result.gain ?? 0)]);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const room = 0.04 * (most - least) + 0.002;
  const { low, high, at } = linear(Math.max(0, least - room), Math.min(1, most + room));
  return { low, ticks: ticks(low, high, 8), place: (share) => 100 * at(share) };
}

/** Where the ingredient of a rung can be tried: [{label, open}]. */
export function ways({ ingredients, view }) {
  const found = ingredients.map((one) => ({
    label: `Try ${one.title} on the picture`,
    open: () => {
      const before = store.get("recipe") || { strengths: {}, seed: 102 };
      store.set("recipe", {
        ...before,
        ingredient: one.name,
        strengths: { ...before.strengths, [one.name]: one.strength },
      });
      openTab("ingredients");
    },
  }));
  if (view && known(view)) found.push({ label: "See the token and the teacher", open: () => openTab(view) });
  return found;
}

/** A command with a button that copies it. */
export function command(text) {
  const [row, button] = [make("div", "command"), make("button", "vx-button", "Copy")];
  button.type = "button";
  button.setAttribute("aria-label", `Copy the command ${text}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select and copy it"; // pages at plain http addresses get no clipboard
    }
    setTimeout(() => (button.textContent = "Copy"), 1600);
  });
  row.append(make("code", "", text), button);
  return row;
}
