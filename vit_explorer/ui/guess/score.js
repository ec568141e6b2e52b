/* How many questions were answered right on this visit. Kept in the page alone: it is gone when the page is. */
import { outOf } from "../core/format.js";
import { pictureAndModel } from "../core/guess.js";

/** The first answer to a question about a picture in a model counts, whatever is answered later. */
export function score() {
  /** @type {Map<string, boolean>} */
  const answered = new Map();
  return {
    /** @param {string} about @param {boolean} right */
    add: (about, right) => answered.has(about) || answered.set(about, right),
    /** @param {string} about */
    has: (about) => answered.has(about),
    /** "3 of 5 right", "" before the first answer. */
    words: () => (answered.size ? `${outOf([...answered.values()].filter(Boolean).length, answered.size)} right` : ""),
  };
}

/** What a question is about: answers to it are the same. @param {import("../core/guess.js").Question} question @param {import("../state").State} state */
export const subjectOf = ({ id, subject = pictureAndModel }, state) => `${id} ${subject(state)}`;
