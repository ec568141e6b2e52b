/* Whether two names mean the same thing: case, spaces and a simple plural make no difference. Pure. */

/** @param {string} name */
const plain = (name) =>
  name
    .normalize("NFC")
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, " ");

/** "box" to "boxes", "puppy" to "puppies", "cat" to "cats". @param {string} name plain */
function plural(name) {
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh)$/.test(name) ? `${name}es` : `${name}s`;
}

/** @typedef {Map<string, string>} Index the names of a list as they stand in it, by a form of theirs; the first of two that are alike */
/** @type {WeakMap<string[], {own: Index, plurals: Index}>} */
const indexed = new WeakMap();

/** @param {string[]} names */
function indexOf(names) {
  const by = (/** @type {(name: string) => string} */ form) => {
    /** @type {Index} */
    const index = new Map();
    for (const name of names) if (!index.has(form(name))) index.set(form(name), name);
    return index;
  };
  const index = indexed.get(names) ?? { own: by(plain), plurals: by((name) => plural(plain(name))) };
  indexed.set(names, index);
  return index;
}

/** The name in a list that means the same as the first of these labels that is in it at all; null where none does. @param {string[]} names @param {string[]} labels */
export function among(names, labels) {
  const { own, plurals } = indexOf(names);
  for (const label of labels.map(plain)) {
    const found = own.get(label) ?? own.get(plural(label)) ?? plurals.get(label);
    if (found !== undefined) return found;
  }
  return null;
}

/** @param {string} one @param {string} other */
export const same = (one, other) => among([one], [other]) !== null;

/** What people call things that data sets call otherwise. */
const CALLED = { car: "automobile", plane: "airplane", aeroplane: "airplane", boat: "ship", lorry: "truck" };

/** How many letters to change, put in or leave out, to turn one word into the other; letters in another order are one change. @param {string} one @param {string} other */
function changes(one, other) {
  const sorted = (/** @type {string} */ word) => [...word].sort().join("");
  if (sorted(one) === sorted(other)) return 1;
  let row = [...other, ""].map((_, j) => j);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (const [j, own] of [...other].entries())
      next.push(Math.min(row[j] + Number(letter !== own), row[j + 1] + 1, next[j] + 1));
    row = next;
  }
  return row[row.length - 1];
}

/** The name in a list that may have been meant by one that is none of them: another word for it, one that is written in it, or one letter in three away. @param {string[]} names @param {string} typed @returns {string | null} */
export function meant(names, typed) {
  const word = plain(typed);
  const other = among(names, CALLED[word] ? [CALLED[word]] : []);
  if (other) return other;
  const inside = names.filter((name) => plain(name).length > 2 && word.includes(plain(name)));
  if (inside.length) return inside.reduce((a, b) => (b.length > a.length ? b : a));
  const [near] = names
    .map((name) => ({ name, away: changes(word, plain(name)) }))
    .filter(({ name, away }) => away <= Math.max(word.length, name.length) / 3)
    .sort((a, b) => a.away - b.away);
  return near?.name ?? null;
}
