/* What Home says, from the numbers of the pass. Pure functions. */
import * as format from "../core/format.js";
import { NONE } from "../core/answers.js";
import { among } from "../core/names.js";
import { judge } from "../core/verdict.js";
import { argmax, blocksPassed, TIMES } from "./arithmetic.js";

const quoted = (name) => `“${name}”`;

/** What the network says in the end, and whether it is right: one sentence or two. */
export function verdict({ classes, probabilities, picture, model }) {
  if (!classes.length) return `${model} names no class: it turns the picture into vectors.`;
  const best = argmax(probabilities);
  const says = `It says ${classes[best]}, ${format.probability(probabilities[best])}`;
  const { state } = judge(classes, probabilities, picture.labels);
  if (state === "right") return `${says}. And it is one.`;
  if (state === "wrong") return `${says}. But it is labelled ${among(classes, picture.labels)}.`;
  const [first] = picture.labels;
  if (state === "none") return `${says}. But it ${first === NONE ? "shows none of its classes" : `knows no ${first}`}.`;
  return `${says}.`;
}

/** What has been reached at a moment of the pass. @param {any} trace @param {import("./network.js").Network} network */
export function headline(trace, network, t) {
  const { kind, blocks, n, lens } = network;
  if (t >= TIMES.answer) return verdict(trace);
  const done = blocksPassed(t, blocks.length);
  if (done === 0) {
    if (t < TIMES.open) return "A picture goes in.";
    if (kind === "maps")
      return blocks[0].window ? "It becomes a map of small patches." : "Filters slide over its pixels.";
    return `It becomes a list of ${format.count(n)} tokens.`;
  }
  if (!lens.length)
    return kind === "maps" ? mapWords(network, done) : `${format.plural(done, "layer")} of ${blocks.length} passed.`;
  const [now, before] = [lens[done], lens[done - 1]].map((row) => ({ best: argmax(row), p: Math.max(...row) }));
  const says = `${quoted(trace.classes[now.best])}, ${format.probability(now.p)}.`;
  if (done === 1) return `After layer 1 it leans to ${says}`;
  if (now.best === before.best) return `After layer ${done} still ${says}`;
  return `After layer ${done} it changes its mind: ${says}`;
}

function mapWords({ blocks }, done) {
  const { grid, channels, stage } = blocks[done - 1];
  const where = blocks[0].window ? `block ${done}` : `stage ${stage + 1}`;
  return `After ${where}: ${grid[0]} × ${grid[1]} places of ${channels} numbers.`;
}

/** What the network does with the picture, to be read after its name. @param {import("./network.js").Network} network */
export function subline({ kind, n, nPrefix, prefixNames, blocks, readers, pooled, stem, headless }) {
  if (kind === "maps") {
    const stages = blocks.at(-1).stage + 1;
    return blocks[0].window
      ? `cuts this picture into ${format.count(blocks[0].grid[0] * blocks[0].grid[1])} patches, lets neighbours in a window exchange what they know ${blocks.length} times, merges four patches into one ${stages === 2 ? "once" : `${stages - 1} times`}, and reads the last map.`
      : `slides filters over this picture in ${stages} stages, each coarser, and reads the last map: no tokens, no attention.`;
  }
  const cut = stem
    ? `makes ${format.count(n - nPrefix)} tokens of this picture by convolutions`
    : `cuts this picture into ${format.count(n - nPrefix)} patches`;
  const times = blocks.length === 1 ? "once" : `${blocks.length} times`;
  const names = readers.map((index) => prefixNames[index]);
  const read = pooled
    ? pooled === "even"
      ? "their mean"
      : "a weighted mean of them"
    : names.length > 1
      ? names.join(" and ")
      : `one extra token, ${names[0]}`;
  return `${cut}, lets them exchange what they know ${times}, and reads ${headless ? "its vector" : "the answer"} from ${read}.`;
}

/** What stands under the answer. */
export function judgement({ classes, probabilities, picture }) {
  const { state } = judge(classes, probabilities, picture.labels);
  const label = among(classes, picture.labels);
  const text = {
    right: `✓ Right: it is labelled ${label}`,
    wrong: `✗ Wrong: it is labelled ${label}`,
    none: `✗ None of its ${format.count(classes.length)} classes fits`,
    unknown: classes.length ? "Nobody has told what it shows." : "",
  }[state];
  return { state, text };
}
