/* The axes of the curves: what lies along them, how far they reach, and how their numbers are written. Pure functions. */
import * as format from "../core/format.js";
import { isOpen } from "../core/race-states.js";
import * as racing from "./data.js";

const ZOOMS = 4; // the axis of a race under way shows a 16th of it at first, then doubles as the curves fill it
const ROOM = 1.04; // of the axis that lies ahead of the curves
const SECONDS = [10, 20, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];
const ACCURACIES = [0.4, 0.6, 0.8, 1];

/** The place of an event of a contender along an axis. */
export const PLACE = {
  epochs: (one, contender) => one.step / contender.info.steps_per_epoch,
  images: (one) => one.images,
  seconds: (one) => one.seconds,
};

/** How far a race reaches along an axis: now, and at its end where that is known. */
function reach(race, axis) {
  let [now, end] = [0, 0];
  for (const contender of race.contenders) {
    if (!contender.info) continue;
    const { info } = contender;
    const last = racing.standing(contender);
    const tested = contender.tests.at(-1) || last;
    now = Math.max(now, PLACE[axis](last, contender), PLACE[axis](tested, contender));
    const whole = {
      epochs: info.total_steps / info.steps_per_epoch,
      images: (info.total_steps / info.steps_per_epoch) * info.n_train,
      seconds: 0,
    }[axis];
    end = Math.max(end, whole);
  }
  return { now, end };
}

/** The end of the axis of x: of several races that are shown together, the first being the one followed. */
export function endOfX(races, axis) {
  const [{ now, end }, ...others] = races.map((race) => reach(race, axis));
  const beside = Math.max(0, ...others.map((other) => other.now));
  if (!isOpen(races[0])) return Math.max(now, beside) || end || 1;
  const needed = Math.max(ROOM * now, beside);
  if (axis === "seconds") return SECONDS.find((one) => one >= needed) || needed;
  for (let zoom = ZOOMS; zoom > 0; zoom--) if (end / 2 ** zoom >= needed) return end / 2 ** zoom;
  return Math.max(end, beside) || 1;
}

/** The end of the axis of y, in coarse steps so that it seldom moves. */
export function endOfY(races, what) {
  let highest = 0;
  for (const race of races) {
    for (const contender of race.contenders) {
      if (what === "accuracy") {
        for (const { accuracy } of contender.tests) highest = Math.max(highest, accuracy);
        highest = Math.max(highest, contender.finished?.test_accuracy ?? 0);
        if (race === races[0]) for (const { accuracy } of contender.steps) highest = Math.max(highest, accuracy);
      } else if (contender.steps.length) {
        const first = contender.steps.slice(0, 10).map(({ loss }) => loss);
        highest = Math.max(highest, ...first);
      }
    }
  }
  if (what === "accuracy") return ACCURACIES.find((one) => one >= highest) || 1;
  return Math.max(0.5, Math.ceil(2 * highest) / 2) || 2.5;
}

/** How numbers along an axis are written, and what the axis is called. */
export function labels(axis, end) {
  if (axis === "epochs") return { title: "epochs: passes over the training pictures", write: format.significant };
  if (axis === "images") return { title: "training pictures seen", write: format.compact };
  if (end > 7200) return { title: "hours of training alone", unit: 3600, write: (x) => format.significant(x / 3600) };
  if (end > 180) return { title: "minutes of training alone", unit: 60, write: (x) => format.significant(x / 60) };
  return { title: "seconds of training alone", write: format.significant };
}

/** One place along the axis in words. */
export function place(axis, x) {
  if (axis === "epochs") return `epoch ${format.epoch(x)}`;
  return axis === "images" ? `${format.count(x)} pictures` : format.duration(x);
}
