/* Where the guide's questions can still lead. */

/** @typedef {{answers: string[], advice: string}} Way */

/**
 * Each advice with its ways, and how many of these the answers so far leave open; in the order of the ways.
 * @param {Way[]} ways @param {string[]} given keys of the options chosen, from the first question on
 */
export function leads(ways, given) {
  /** @type {Map<string, {all: number, open: number}>} */
  const found = new Map();
  for (const { answers, advice } of ways) {
    const one = found.get(advice) ?? { all: 0, open: 0 };
    one.all += 1;
    if (given.every((key, k) => answers[k] === key)) one.open += 1;
    found.set(advice, one);
  }
  return [...found].map(([advice, counts]) => ({ advice, ...counts }));
}

/** How many are open, in a sentence. @param {{advice: string, open: number}[]} all */
export function finding(all) {
  const open = all.filter((one) => one.open > 0);
  if (open.length === 1) return `Your answers lead to one: ${open[0].advice}`;
  return open.length === all.length
    ? `Three answers choose among ${all.length} architectures`
    : `${open.length} of ${all.length} architectures are still open`;
}
