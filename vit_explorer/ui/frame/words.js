/* Looking a word up: in the entries of the glossary, and in the topics of the help. */

/** @typedef {import("../core/payloads").WordPayload} Term */

const plain = (/** @type {string} */ text) => text.trim().toLowerCase();

/**
 * The entries in which a text occurs: first those with a name that begins with it, then those with a name that holds it, then
 * those whose words do; all of them, in the glossary's order, for an empty text.
 * @param {Term[]} terms @param {string} text @returns {Term[]}
 */
export function found(terms, text) {
  const wanted = plain(text);
  const names = (/** @type {Term} */ term) => term.names.map((name) => name.toLowerCase());
  const kinds = [
    (term) => names(term).some((name) => name.startsWith(wanted)),
    (term) => names(term).some((name) => name.includes(wanted)),
    (term) => term.text.toLowerCase().includes(wanted),
  ];
  return [...new Set(kinds.flatMap((kind) => terms.filter(kind)))];
}

/** Whether a topic of the help, some words, is what a text of three letters or more looks for. @param {string} topic @param {string} text */
export const about = (topic, text) => plain(text).length > 2 && ` ${topic}`.includes(` ${plain(text)}`);
