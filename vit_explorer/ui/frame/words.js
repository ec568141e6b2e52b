/* Looking a word up: in the entries of the glossary, and in the topics of the help. */

/** @typedef {import("../core/payloads").WordPayload} Term */

const plain = (/** @type {string} */ text) => text.trim().toLowerCase();

/** A word as it stands and, where it is a plural, its singulars: "logits", "logit". @param {string} word */
const forms = (word) =>
  word.length < 4 || !/[^su]s$/.test(word)
    ? [word]
    : [word, word.slice(0, -1), ...(word.endsWith("es") ? [word.slice(0, -2), word.replace(/ies$/, "y")] : [])];

/**
 * The entries in which a text occurs, in plural or singular: first those with a name that begins with it, then those with a name
 * that holds it, then those whose words do; all of them, in the glossary's order, for an empty text.
 * @param {Term[]} terms @param {string} text @returns {Term[]}
 */
export function found(terms, text) {
  const [wanted, ...singulars] = forms(plain(text));
  const names = (/** @type {Term} */ term) => term.names.map((name) => name.toLowerCase());
  const kinds = [
    (term) => names(term).some((name) => name.startsWith(wanted) || singulars.includes(name)),
    (term) => names(term).some((name) => name.includes(wanted)),
    (term) => term.text.toLowerCase().includes(wanted),
  ];
  return [...new Set(kinds.flatMap((kind) => terms.filter(kind)))];
}

const ASIDE = new Set(
  "a about an and are can do does for from how i if in is it its me my of on or that the this to what with you your".split(
    " ",
  ),
); // words of a question that no topic is known by

/**
 * Whether a topic of the help, some words, is what a text of three letters or more asks for: each of its words begins one of them.
 * @param {string} topic @param {string} text
 */
export function about(topic, text) {
  const asked = plain(text).match(/[\p{L}\d]+/gu) ?? [];
  const telling = asked.filter((word) => !ASIDE.has(word));
  if (plain(text).length < 3) return false;
  if (!telling.length) return ` ${topic}`.includes(` ${plain(text)}`);
  const known = topic.split(" ");
  return telling.every((word) => forms(word).some((form) => known.some((one) => one.startsWith(form))));
}

/** What is said where nothing is found. */
export const NOTHING =
  "Nothing here holds this. Try a part of the word, or: why, trust, wrong, share, photos, keep, save, delete.";
