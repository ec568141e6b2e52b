/* A view that shows another network than the chosen one says so. */

/** @param {string} chosen network @param {string} lacks what the view is about @param {string} shown the network of all its numbers */
export const instead = (chosen, lacks, shown) => `${chosen} has no ${lacks}: all numbers here are those of ${shown}.`;
