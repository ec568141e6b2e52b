/* What the readings of rows and of columns off position embeddings say together. Pure functions. */

const [LITTLE, MUCH] = [0.15, 0.7]; // readings below are called none, above are called good

/** @typedef {{row: number, column: number}} Reading how well each can be read off, 0 to 1 */

/** @param {Reading} reading */
const known = ({ row, column }) =>
  Math.max(row, column) < LITTLE
    ? "none"
    : column < LITTLE
      ? "rows"
      : row < LITTLE
        ? "columns"
        : Math.min(row, column) > MUCH
          ? "both"
          : "part";

/** What they say together, in a sentence: a score of 0 over maps with bands is no riddle, and early in training no failure. @param {Reading} reading */
export const verdict = (reading) =>
  ({
    none: "Neither: these vectors know next to nothing of where their patches lie.",
    rows: "Rows, not columns: usual early in training, for neighbours in the list share a row; columns come later, if at all.",
    columns: "Columns, not rows: only one of the two dimensions has been found.",
    both: "Both: the list has become a 2D layout, and nobody told it that there is one.",
    part: "Both in part: the 2D layout is there, but not yet sharp.",
  })[known(reading)];
