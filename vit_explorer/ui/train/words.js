/* What the Train tab says in words: states, times, and what a recipe holds. Pure functions. */
import * as format from "../core/format.js";
import * as races from "./data.js";

const AUGMENT = { none: "no augmentation", crop: "shifted pictures", "crop-flip": "shifted, mirrored pictures" };
const OPTIMIZER = { adam: "Adam", adamw: "AdamW", muon: "Muon" };
const FALLS = { constant: "", linear: ", falling to 0", cosine: ", falling to 0 along a cosine" };
const SCHEDULE = { constant: "constant", linear: "linear to 0", cosine: "cosine to 0" };
const DEVICE = { cpu: "CPU", cuda: "GPU" };
const DATA = { cifar10: "CIFAR-10", shapes: "Shapes" };
/** Columns that a person can set, in the order of the form: name, label, and how it is given. */
export const FIELDS = {
  start: "Weights to begin with",
  augment: "Augmentation",
  subset: "Training pictures",
  epochs: "Epochs",
  batch_size: "Batch size",
  optimizer: "Optimizer",
  lr: "Learning rate",
  schedule: "Schedule",
  warmup: "Warm-up (share)",
  weight_decay: "Weight decay",
  label_smoothing: "Label smoothing",
  ema: "Weights' average (EMA)",
  rand_augment: "RandAugment strength",
  erasing: "Random erasing (share)",
  mixup: "Mixup (alpha)",
  cutmix: "CutMix (alpha)",
  repeats: "Repeats in a batch",
  teacher: "Teacher",
  distillation: "Distillation",
  temperature: "Temperature (soft)",
  seed: "Seed",
  device: "Device",
  precision: "Precision",
};
export const CHOICE_WORDS = {
  augment: { ...AUGMENT, crop: "crop: shifted", "crop-flip": "crop + flip: shifted, mirrored" },
  optimizer: OPTIMIZER,
  schedule: SCHEDULE,
  distillation: { hard: "hard: its answer", soft: "soft: its softmax" },
  start: { "": "fresh: noise" },
  teacher: { "": "none" },
  device: DEVICE,
  precision: { float32: "float32", bfloat16: "bfloat16" },
};

export const device = (name) => DEVICE[name] || name;
export const data = (name) => DATA[name] || races.titles.get(name) || name;
export const pictures = (subset, all) =>
  subset === null || subset === undefined ? (all ? `all ${format.count(all)}` : "all") : format.count(subset);

/** A name of a model as it was typed: small letters, with hyphens for spaces. @param {string} typed */
export const modelName = (typed) =>
  typed
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, "-");

/** What several recipes have in common, as one value, else null. */
export function common(recipes, name) {
  const values = new Set(recipes.map((recipe) => JSON.stringify(recipe[name])));
  return values.size === 1 ? recipes[0][name] : null;
}

/** The data of a race in a few words: "CIFAR-10, 5,000 pictures, 20 epochs". */
export function settings(recipes) {
  if (!recipes.length) return "";
  const sizes = recipes.map((recipe) => recipe.subset);
  const same = new Set(sizes).size === 1;
  const size = same ? `${pictures(sizes[0])} pictures` : `${sizes.map((one) => pictures(one)).join(" / ")} pictures`;
  const epochs = recipes.map((recipe) => recipe.epochs);
  const passes = new Set(epochs).size === 1 ? format.plural(epochs[0], "epoch") : `${epochs.join(" / ")} epochs`;
  return `${data(recipes[0].data)} · ${size} · ${passes}`;
}

/** What sets a contender's training apart, in a few words: "Adam, learning rate 0.001 · batches of 128 · no augmentation". */
export function recipe({
  optimizer,
  lr,
  schedule,
  batch_size,
  augment,
  label_smoothing,
  ema,
  rand_augment,
  erasing,
  mixup,
  cutmix,
  repeats,
  start,
  teacher,
}) {
  const parts = [
    ...(start ? [`from ${start}`] : []),
    `${OPTIMIZER[optimizer]}, learning rate ${format.small(lr)}${FALLS[schedule]}`,
    `batches of ${format.count(batch_size)}`,
    AUGMENT[augment],
  ];
  const further = { RandAugment: rand_augment, "random erasing": erasing, Mixup: mixup, CutMix: cutmix };
  for (const [name, value] of Object.entries(further)) if (value) parts.push(`${name} ${value}`);
  if (repeats > 1) parts.push(`each picture ${repeats} times in a batch`);
  if (teacher) parts.push(`taught by ${teacher}`);
  if (label_smoothing) parts.push(`label smoothing ${label_smoothing}`);
  if (ema) parts.push(`average of the weights ${ema}`);
  return parts.join(" · ");
}

/** What to know before pictures are mirrored; nothing where none are. */
export const mirrored = (recipes) =>
  recipes.some(({ augment }) => augment === "crop-flip")
    ? "Half of the training pictures are mirrored: where left and right tell classes apart, choose crop alone."
    : "";

/** What the ring at the end of a test curve says; nothing before there is one. */
export function rings(contenders, what) {
  const ended = contenders.filter(({ finished, info }) => finished && info);
  if (!ended.length || what !== "accuracy") return "";
  const all = common(
    ended.map(({ info }) => info),
    "n_test",
  );
  const some = common(
    ended.map(({ info }) => info),
    "n_measured",
  );
  const before = some && some !== all ? `, the points before it ${format.count(some)} of them` : "";
  return ` Ring at the end: all ${all ? `${format.count(all)} ` : ""}test pictures${before}.`;
}

const LONGEST_MOMENT = 40; // letters

/**
 * The moment of the pictures on the cards: one epoch, or that of each of two contenders; null for more, and for long names.
 * @param {{label: string, epoch: number}[]} looks @param {string} first what epoch 0 is called
 */
export function moment(looks, first) {
  const epochs = looks.map(({ epoch }) => (epoch === 0 ? first : `epoch ${format.epoch(epoch)}`));
  if (new Set(epochs).size === 1) return epochs[0];
  const each = looks.map(({ label }, i) => `${label}: ${epochs[i]}`).join(", ");
  return looks.length === 2 && each.length <= LONGEST_MOMENT ? each : null;
}

/** That a race waits, and how long the one that is trained now still takes, where that is known; a `reason` names one of another program. */
function waits(place, before, reason) {
  if (reason) return `Waiting. ${reason}`;
  const soon = before === null ? "" : before >= 1 ? ` in about ${format.duration(before)}` : " in a moment";
  if (place === 1) return `Waiting: it is next, when the training before it ends${soon && `,${soon}`}.`;
  return `Waiting: number ${place} in the queue${soon && `; the training under way ends${soon}`}.`;
}

/** A race's state as a person says it: while it is trained, what happens at this moment. */
export function state({ state, place, reason, activity, seconds_before: before = null, contenders = [] }) {
  const words = {
    waiting: waits(place, before, reason),
    starting: `Starting${activity ? `: ${activity}` : ""}`,
    training: { pausing: "Pausing", stopping: "Stopping" }[activity] || testing(contenders) || activity || "Training",
    paused: "Paused",
    finished: "Finished",
    failed: `It could not go on. ${reason || ""}`,
    elsewhere: "Being trained in a terminal; this page follows it.",
    unreadable: reason,
  };
  return (words[state] || state) + (reason && ["training", "paused", "finished"].includes(state) ? `. ${reason}` : "");
}

/** Of whom a race is that is not this visitor's. @param {{mine: boolean, state: string}} race @param {boolean} open whether it can go on */
export function whose({ mine, state }, open) {
  if (mine || state === "elsewhere") return "";
  return open ? "Started by somebody else: you watch." : "Not yours: somebody else trained it on this server.";
}

/** Where a contender is: "epoch 7.3 of 20". */
export function progress(contender) {
  if (!contender.info) return "";
  const now = races.standing(contender);
  const done = now.step / contender.info.steps_per_epoch;
  return `epoch ${contender.finished ? contender.recipe.epochs : format.epoch(done)} of ${contender.recipe.epochs}`;
}

/** @typedef {import("./types").Contender} Contender */
const isOver = (/** @type {Contender} */ { finished, failed }) => Boolean(finished || failed);
const isTrained = (/** @type {Contender} */ one) =>
  Boolean(one.now && one.info) && races.share(one, races.standing(one).step) >= 1;

/** Seconds since anything was heard of a race: nobody is heard of during a test. @param {Contender[]} contenders */
const silence = (contenders, at) => (at - Math.max(...contenders.map(({ heard }) => heard ?? at))) / 1000;

/** What is tested, and how much of its estimated time is left. @param {Contender} contender @param {number} all @param {number} since */
function tested({ info }, all, since) {
  const rest = all - since;
  const time = rest >= 1 ? `, about ${format.duration(rest)} left` : all >= 1 ? ": it takes longer than estimated" : "";
  return `testing on all ${format.count(info.n_test)} test pictures${time}`;
}

/**
 * That nothing but the test on all test pictures is left, and how much of its estimated time; "" while there are steps.
 * @param {Contender[]} contenders @param {number} at this moment, by performance.now()
 */
export function testing(contenders, at = performance.now()) {
  const left = contenders.filter((one) => !isOver(one));
  if (!left.length || !left.every(isTrained)) return "";
  const all = left.reduce((sum, { now }) => sum + now.seconds_left, 0);
  return `Trained; ${tested(left[0], all, silence(contenders, at))}`;
}

/**
 * What a contender has left: the time of its steps, or, behind the last of them, the test on all test pictures, one contender
 * after the other.
 * @param {Contender} contender @param {Contender[]} contenders all of its race
 */
export function remaining(contender, contenders, at = performance.now()) {
  if (!contender.now || contender.finished) return "";
  if (!isTrained(contender)) return `about ${format.duration(contender.now.seconds_left)} left`;
  const next = testing(contenders, at) && contenders.find((one) => !isOver(one));
  if (next !== contender) return "trained; its test comes after the others";
  return tested(contender, contender.now.seconds_left, silence(contenders, at));
}

/**
 * How often the best is right, for who has no feeling for shares, beside guessing: "It names 3 of 10 pictures right; guessing gets 1
 * of 10."; "" before anything was measured.
 * @param {import("./types").Contender[]} contenders @param {string[] | null} classes
 */
export function plainly(contenders, classes) {
  const found = contenders.flatMap(({ finished, tests }) => finished?.test_accuracy ?? tests.at(-1)?.accuracy ?? []);
  if (!found.length || !classes?.length) return "";
  const most = Math.max(...found);
  const of = most >= 0.05 && most < 0.95 ? 10 : 100; // else it would be none or all of ten
  const right = format.outOf(Math.min(of - 1, Math.round(of * most)), of);
  return `${found.length > 1 ? "The best" : "It"} names ${right} pictures right; guessing gets ${format.outOf(1, classes.length)}.`;
}

/** How long a race takes. */
export const about = ({ start, training, looks }) => `About ${format.duration(start + training + looks)}.`;

/**
 * How long a race will take, and by what that is known.
 * @param {{start: number, training: number, looks: number, basis: string, at: number | null}} estimate
 * @param {(at: number) => string} when a moment in words
 */
export function takes({ start, training, looks, basis, at }, when = (at) => new Date(1000 * at).toLocaleString()) {
  const parts = `${format.duration(training)} of training, ${format.duration(looks)} of evaluation and snapshots, ${format.duration(start)} to start`;
  const known = {
    measured: () => `at the pace of the last such networks on this machine (${when(at)})`,
    other: () => `scaled from another kind of network, measured on this machine (${when(at)})`,
    rough: () => "roughly: nothing has been measured on this machine yet",
  }[basis]();
  return `About ${format.duration(start + training + looks)}: ${parts}, ${known}.`;
}

/** How far a race is, by whoever has done the smallest share: "epoch 8 of 20", or "38 % done" where epochs differ. */
export function distance(contenders) {
  const known = contenders.filter(({ info }) => info);
  if (!known.length) return "";
  const shares = known.map((one) => races.share(one, races.standing(one).step));
  const done = Math.min(...shares);
  const epochs = common(
    known.map(({ recipe }) => recipe),
    "epochs",
  );
  if (epochs === null) return `${format.percent(done, 0)} done`;
  return `epoch ${Math.min(epochs, Math.floor(done * epochs + 1e-9) + 1)} of ${format.count(epochs)}`;
}
