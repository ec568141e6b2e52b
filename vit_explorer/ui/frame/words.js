/* Looking something up in the help: which of its entries a word or a question asks for, best first. */

/** `names`: its title, or the names of a term; `also`: words that people use for it. @typedef {{names: string[], text: string, also: string}} Entry */

const MOST = 6; // entries that are shown
const WORTH = 0.4; // of the best entry's score: what has less is left out
const TITLE = 4; // what a word counts in a title that is this word alone, and
const PART = 3; // at least, in a longer one
const ALSO = 2.5;
const TEXT = 1;
const TYPED = 3; // letters from which on the beginning of a word counts as the word

const SMALL = new Set(
  `a about again all am an and any are as at be been but by can cant could did do does doesnt dont find for from get give
  had has have he help her here his how i if im in into is isnt it its just let like make me mean means more my need not of
  on one or our out please put see she should show so some tell than that the their them then there these they thing this
  those to too up us use using want was way we were what whats when where which who will with work works would you your`.split(
    /\s+/,
  ),
); // words that a question has besides what it is about

/** Small letters, digits and what belongs to them. @param {string} text */
const wordsOf = (text) =>
  text
    .toLowerCase()
    .replace(/['’]/g, "")
    .match(/[\p{L}\d]+/gu) ?? [];

/** @type {[RegExp, string][]} */
const PLURALS = [
  [/ies$/, "y"],
  [/(s|x|z|ch|sh)es$/, "$1"],
  [/([^su])s$/, "$1"],
];
const ENDING = /(?<=[aeiouy].*)(?:ing|ed|est)$/;

/** A word without its ending: "mut" for mute, muted, muting; "near" for nearest. @param {string} word */
export function stem(word) {
  if (word.length < 4) return word;
  const plural = PLURALS.find(([ending]) => ending.test(word));
  const single = plural ? word.replace(...plural) : word;
  const bare = single.replace(ENDING, "");
  if (bare === single || bare.length < 3) return single.replace(/(?<=...)e$/, "");
  return bare.replace(/(?<=...)([bdgmnprt])(?=\1$)/, "");
}

/** The words that say what a text is about; all of them where none does. @param {string} text */
function tellingOf(text) {
  const words = wordsOf(text);
  const telling = words.filter((word) => !SMALL.has(word));
  return telling.length ? telling : words;
}

const stems = (/** @type {string[]} */ words) => words.map(stem);

/** @param {Entry} entry */
const fieldsOf = ({ names, text, also }) => ({
  names: names.map((name) => stems(tellingOf(name))),
  also: stems(wordsOf(also)),
  text: stems(tellingOf(text)),
});
/** @typedef {ReturnType<typeof fieldsOf>} Fields */
/** @typedef {(one: string) => boolean} Match whether a word of an entry is one that is asked for */

/** What a word counts where it stands in an entry, 0 where it does not. @param {Fields} fields @param {Match} match @param {Match} any whether it is any of those asked for */
function weight({ names, also, text }, match, any) {
  const titles = names
    .filter((name) => name.some(match))
    .map((name) => PART + ((TITLE - PART) * name.filter(any).length) / name.length);
  return Math.max(0, ...titles, also.some(match) ? ALSO : 0, text.some(match) ? TEXT : 0);
}

/**
 * The entries that a text asks for, best first, and how many hold any word of it. A word counts the more, the fewer entries
 * hold it, and in a title more than in a text; one that no entry holds stands for those that begin with it.
 * @template {Entry} Kind
 * @param {Kind[]} entries @param {string} asked @returns {{best: Kind[], held: number}}
 */
export function search(entries, asked) {
  const index = entries.map(fieldsOf);
  const known = new Set(index.flatMap(({ names, also, text }) => [...names.flat(), ...also, ...text]));
  /** @param {string} word @returns {Match} */
  const matching = (word) => {
    const whole = stem(word);
    if (known.has(whole)) return (one) => one === whole;
    return (one) => word.length >= TYPED && one.startsWith(word);
  };
  const matches = [...new Set(tellingOf(asked))].map(matching);
  const any = (/** @type {string} */ one) => matches.some((match) => match(one));
  const scores = entries.map(() => 0);
  for (const match of matches) {
    const weights = index.map((fields) => weight(fields, match, any));
    const rare = Math.log(1 + entries.length / weights.filter(Boolean).length);
    for (const [k, one] of weights.entries()) if (one) scores[k] += rare * one;
  }
  const found = [...entries.keys()].filter((k) => scores[k]).sort((a, b) => scores[b] - scores[a]);
  const best = found.filter((k) => scores[k] >= WORTH * scores[found[0]]).slice(0, MOST);
  return { best: best.map((k) => entries[k]), held: found.length };
}

/** What is said where nothing is found. */
export const NOTHING =
  "Nothing here holds this. Try another word, or: why, trust, talk, share, photos, train, save, compare.";
