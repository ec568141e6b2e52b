/* What is said in each of the eight steps: of the step itself, and of the marked token in it. */
import * as format from "../core/format.js";
import { placedName, placeName } from "../core/tokens.js";
import * as scene from "./scene.js";

const LETTERS = "ABCD";
const times = (sides) => sides.join(" × ");
const tokenOf = (token, grid) => placedName(token, grid, "token");

/** What the whole tab is about. */
export const OPENING =
  "Swin compares only tokens in the same small window; shifting lets windows mix; the mask forbids the pairs that only the wrap-around brought together.";

const after = { merge: "Merging", pair: "Next pair", head: "Head" };
export const names = (pair) => [
  "Map",
  "Windows",
  "Attention",
  "Shift",
  "Regions",
  "Mask",
  "Reverse",
  after[pair.after],
];

// ---- the step --------------------------------------------------------------------------------------------------
/** @returns {{title: string, what: string, look: string}} */
export function step(scene, index) {
  const { seen, plain, shifted, stage, n } = scene;
  const [first, second] = [plain, shifted].map((block) => block.index + 1);
  const head = `head ${seen.head + 1}`;
  const windows = plain.windows[0] * plain.windows[1];
  const still = shifted.shift.every((by) => by === 0);
  if (still && index >= 3 && index <= 5) return unshifted(scene, index);
  const steps = [
    () => ({
      title: `The map: ${times(plain.grid)} tokens`,
      what: `Each token is drawn as the ${pixels(seen, stage)} that it stands for. Plain attention would compare every token with every other: ${n} × ${n} = ${format.count(n * n)} pairs.`,
      look: "the marked token. Point at another: it is the query in all steps.",
    }),
    () => ({
      title: `Cut into ${format.plural(windows, "window")} of ${times([plain.window, plain.window])}`,
      what:
        `Attention will stay inside a window: ${windows} × ${plain.n}² = ${format.count(windows * plain.n ** 2)} pairs instead of ${format.count(n * n)}.` +
        (scene.count > n
          ? ` ${plain.window} does not divide ${times(plain.grid)}: the hatched cells are padding.`
          : ""),
      look:
        windows === 1
          ? "one window holds the whole map."
          : "neighbours on two sides of a gap: they will not see each other.",
    }),
    () => ({
      title: `Block ${first}: attention inside the windows`,
      what: `The colours are the shares that the marked token gives to the tokens of its window in ${head}; they sum to 100 %.`,
      look:
        windows === 1
          ? "far tokens with a large share."
          : "the dimmed rest: nothing outside of the window can be reached.",
    }),
    () => ({
      title: `Cyclic shift by ${Math.max(...shifted.shift)}`,
      what: `Block ${second} should let tokens meet across the gaps, so the map moves up and to the left. What leaves at the top and left is wrapped around: it comes in at the bottom and right.`,
      look: mixed(shifted)
        ? "the coloured tokens: they now lie beside tokens from the other edge of the picture."
        : "the coloured tokens: padding lies between them and the other edge of the picture.",
    }),
    () => ({
      title: "New windows: who may meet?",
      what: mixed(shifted)
        ? "The windows now span the old gaps. At the right and lower edge they hold several regions, A to D, which are no neighbours in the picture. Only equal letters may meet."
        : "The windows now span the old gaps. Here padding lies between the regions: no two of them share a window, and the mask keeps out padding alone.",
      look: `${mixed(shifted)} of ${windows} windows hold more than one letter.`,
    }),
    () =>
      scene.bare
        ? bareStep(second)
        : {
            title: `Block ${second}: attention with the mask`,
            what: `Shares of ${head} in the new windows. Where the letters differ, only the wrap-around brought the two tokens together: the mask forbids the pair (crossed out), and its share is exactly 0.`,
            look: mixed(shifted)
              ? "a token at the upper or left edge of the picture, then one in its middle."
              : "nothing is crossed out: no window is mixed.",
          },
    () => ({
      title: "Reverse: every token is home",
      what: still
        ? "The gaps close. Every token has its place of before, but it holds what its window has told it."
        : "The gaps close and the roll is undone. Every token has its place of before, but it has heard from two different windows.",
      look: "its reach: how far it has grown in this pair of blocks.",
    }),
    () => follows(scene),
  ];
  return steps[index]();
}

const bareStep = (second) => ({
  title: `Block ${second}: without the mask`,
  what: "The mask is off in every shifted block. Tokens that only the wrap-around brought together now attend to each other, as if they were neighbours in the picture.",
  look: "how much of its attention goes to the other letters.",
});

function pixels(seen, stage) {
  const side = (stage.scale * seen.size) / seen.stages[0].grid[0];
  return `${side} × ${side} pixels`;
}

/** How many windows hold tokens that may not meet; padding aside. */
export function mixed(block) {
  let count = 0;
  for (let start = 0; start < block.order.length; start += block.n) {
    if (new Set(block.regions.subarray(start, start + block.n).filter((region) => region >= 0)).size > 1) count++;
  }
  return count;
}

function unshifted({ seen, plain, shifted }, index) {
  const why =
    plain === shifted
      ? `The stage ends with block ${plain.index + 1}: no shifted block follows on it.`
      : plain.windows.every((windows) => windows === 1)
        ? `The map of ${times(plain.grid)} is one window: all its tokens meet already, and it is not shifted.`
        : `The shift is 0: block ${shifted.index + 1} cuts the map as block ${plain.index + 1} did.`;
  const masked = shifted.masked
    ? "Only padding is masked: it is nobody's neighbour."
    : "All tokens of a window may meet: there is no mask.";
  return [
    {
      title: "Nothing to shift",
      what: `${why} Every token stays where it is.`,
      look: "a smaller window or a larger map, chosen above: then there is a shift.",
    },
    { title: "One region in every window", what: `${why} ${masked}`, look: "the letters: all are A." },
    {
      title: `Block ${shifted.index + 1}: attention without a shift`,
      what: `${why} The colours are the shares of head ${seen.head + 1}.`,
      look: "which tokens get large shares, and how they differ from step 3.",
    },
  ][index - 3];
}

function follows({ seen, pair, plain, stage, n }) {
  if (pair.after === "merge") {
    const next = seen.stages[pair.stage + 1];
    return {
      title: `Patch merging: ${times(plain.grid)} tokens become ${times(next.grid)}`,
      what: `2 × 2 neighbours are laid side by side, 4 × ${stage.dModel} numbers, and projected to ${next.dModel}: a quarter of the tokens, each with ${next.dModel / stage.dModel} times the channels.`,
      look: "the next blocks in the strip: a window of the same size now covers four times the picture.",
    };
  }
  if (pair.after === "pair") {
    const blocks = seen.pairs[seen.pair + 1].blocks.map((block) => block + 1);
    return {
      title: `Next: ${blocks[0] === blocks[1] ? `block ${blocks[0]}` : `blocks ${blocks.join(" and ")}`}, on the same map`,
      what: "The same again with other weights: windows where they were at first, then shifted windows. What a token has learned from its window travels on with it.",
      look: "the strip: pair by pair the reach grows, until it is the whole picture.",
    };
  }
  if (!seen.classes.length) {
    return {
      title: "The end: one vector",
      what: `The mean of all ${n} tokens, ${stage.dModel} numbers, is what this network gives: it has no head that names a class.`,
      look: "there is no CLS token: every token has the same part in the vector.",
    };
  }
  const best = seen.probabilities.indexOf(Math.max(...seen.probabilities));
  return {
    title: "The head: a prediction",
    what: `The mean of all ${n} tokens, ${stage.dModel} numbers, goes to the head. ${seen.model} says ${seen.classes[best]}, ${format.probability(seen.probabilities[best])}.`,
    look: "there is no CLS token: every token has the same part in the answer.",
  };
}

// ---- the marked token --------------------------------------------------------------------------------------------
export const LED = "The page marked it by itself, since the mask cuts its window; point at any other.";

/** Two sentences: who is marked, and what this step does with it. */
export function marked(scene, index, token, within) {
  const { plain, shifted, n } = scene;
  const name = tokenOf(token, plain.grid);
  const block = index < 3 ? plain : shifted;
  const own = block.regions[block.inverse[token]];
  const region = index === 4 || index === 5 ? `, region ${LETTERS[own]}` : "";
  const window =
    index === 0 || index === 3 || index > 5
      ? ""
      : `, window ${within.window + 1} of ${block.windows[0] * block.windows[1]}`;
  const allowed = within.allowed.reduce((sum, one) => sum + one, 0);
  const says = [
    () => `In a plain ViT it could attend to all ${n} tokens at once.`,
    () => `Of ${n} tokens, ${allowed} remain that it can attend to.`,
    () => `${strongest(scene, block, token, within)} It can reach ${allowed} of ${n} tokens.`,
    () => rolled(scene, token),
    () => meets(block, within, own, allowed),
    () =>
      `${scene.bare ? opened(block, within, own) : forbidden(block, within, own, allowed)} ${strongest(scene, block, token, within)}`,
    () =>
      `Back at ${placeName(Math.floor(token / plain.grid[1]), token % plain.grid[1])}; ${share(scene, token)} of the first map can have influenced it by now.`,
    () => ends(scene, token),
  ];
  return [`${name[0].toUpperCase()}${name.slice(1)}${window}${region}.`, says[index]()];
}

function strongest({ plain }, block, token, { tokens, shares, place }) {
  const best = shares.indexOf(Math.max(...shares));
  const self = best === place;
  const whom = self ? "itself" : tokenOf(tokens[best], plain.grid);
  return `It gives ${format.probability(shares[best])} to ${whom}${self ? ", its largest share" : `, ${format.probability(shares[place])} to itself`}.`;
}

function rolled({ plain, shifted }, token) {
  const [from, to] = [plain, shifted].map((block) => scene.cellOf(block, block.inverse[token]));
  if (shifted.shift.every((by) => by === 0)) return `It stays at ${placeName(from[0], from[1])}.`;
  const edges = [to[0] > from[0] ? ["top", "bottom"] : null, to[1] > from[1] ? ["left", "right"] : null].filter(
    Boolean,
  );
  const around = edges.length
    ? `: out at the ${format.listed(edges.map(([out]) => out))}, in at the ${format.listed(edges.map(([, into]) => into))}`
    : "";
  return `From ${placeName(from[0], from[1])} it moves to ${placeName(to[0], to[1])}${around}.`;
}

/** The regions of its window other than its own, and how many places of it are padding. */
function others({ n, regions }, { window }, own) {
  const inside = regions.subarray(window * n, (window + 1) * n);
  const letters = [...new Set(inside)].filter((region) => region >= 0 && region !== own).sort();
  return {
    letters: letters.map((region) => LETTERS[region]),
    padding: inside.reduce((sum, region) => sum + (region < 0), 0),
  };
}

function meets(block, within, own, allowed) {
  const { letters, padding } = others(block, within, own);
  const padded = padding ? ` ${padding} places are padding, nobody's neighbour.` : "";
  if (!letters.length)
    return `Its window holds ${LETTERS[own]} alone: its ${allowed} tokens are true neighbours and may all meet.${padded}`;
  return `Its window also holds ${format.listed(letters)}. It may meet the ${allowed} of ${LETTERS[own]}, itself among them.${padded}`;
}

function forbidden(block, within, own, allowed) {
  const { letters, padding } = others(block, within, own);
  const away = block.n - allowed - padding;
  const why = [
    away
      ? `the ${away} of ${format.listed(letters)} are forbidden, since only the wrap-around brought them here from another edge of the picture`
      : "",
    padding ? `${padding} are padding` : "",
  ].filter(Boolean);
  return `It may attend to ${allowed} of the ${block.n} in its window${why.length ? `: ${why.join(", ")}` : ": all are its neighbours in the picture"}.`;
}

/** What the mask would forbid, with the mask off. */
function opened(block, within, own) {
  const { letters } = others(block, within, own);
  const whom = `It attends to all ${within.allowed.reduce((sum, one) => sum + one, 0)} in its window`;
  if (!letters.length) return `${whom}: the mask forbids it none of them.`;
  const start = within.window * block.n;
  const foreign = Array.from(within.shares.keys()).filter(
    (place) => within.allowed[place] && block.regions[start + place] !== own,
  );
  const given = foreign.reduce((sum, place) => sum + within.shares[place], 0);
  return `${whom}: the ${foreign.length} of ${format.listed(letters)}, which the mask forbids, get ${format.probability(given)} of its attention.`;
}

function share({ shifted }, token) {
  const reached = shifted.reach(token);
  return format.percent(reached.reduce((sum, one) => sum + one, 0) / reached.length);
}

function ends({ seen, pair, plain, n }, token) {
  if (pair.after === "pair") return "It enters the next pair of blocks at this place.";
  if (pair.after === "head") return `It is 1 of the ${n} tokens of the mean.`;
  const next = seen.stages[pair.stage + 1].grid;
  const [row, col] = [Math.floor(token / plain.grid[1]), token % plain.grid[1]];
  const four = [0, 1]
    .flatMap((down) => [0, 1].map((along) => [row - (row % 2) + down, col - (col % 2) + along]))
    .filter(([r, c]) => r < plain.grid[0] && c < plain.grid[1]);
  return `With ${four.length - 1} ${four.length === 2 ? "neighbour" : "neighbours"} it becomes ${tokenOf(Math.floor(row / 2) * next[1] + Math.floor(col / 2), next)} of the next map.`;
}
