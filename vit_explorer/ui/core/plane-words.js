/* What the readings of rows and of columns off position embeddings say together. Pure functions. */

const [LITTLE, MUCH] = [0.15, 0.7]; // readings below are called none, above are called good

/** @typedef {{row: number, column: number}} Reading how well each can be read off, 0 to 1 */

/** @param {Reading} reading */
const both = ({ row, column }) =>
  Math.max(row, column) < LITTLE
    ? "none"
    : column < LITTLE
      ? "rows"
      : row < LITTLE
        ? "columns"
        : Math.min(row, column) > MUCH
          ? "plane"
          : "part";

/** What they say together, and no more. @param {Reading} reading */
export const verdict = (reading) =>
  ({
    none: "Neither: these vectors know next to nothing of where their patches lie.",
    rows: "Rows, not columns: so far it could be the order of the list alone, whose neighbours share a row.",
    columns: "Columns, not rows: only one direction of the plane has been found.",
    plane: "Both: the list has become a plane, and nobody told it that there is one.",
    part: "Both in part: the plane is there, but not yet sharp.",
  })[both(reading)];

/** The same beside the 2D score, so that a score of 0 over maps with bands is no riddle. @param {Reading} reading */
export const brief = (reading) =>
  ({
    none: "neither is known: no plane",
    rows: "rows are known, columns not: no plane",
    columns: "columns are known, rows not: no plane",
    plane: "both are known: a plane",
    part: "both in part: a plane, not yet sharp",
  })[both(reading)];
