/* Scenes of a talk: each is a link to one state of the page; all of them travel in one link. Pure functions. */

export const KEPT = "vx-deck"; // under which the browser keeps them
export const OWN = ["present", "deck", "theme", "letters"]; // what a scene does not say of itself
const BETWEEN = "|";

/** A scene of the page's address. @param {string} hash */
export function sceneOf(hash) {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  for (const key of OWN) values.delete(key);
  return values.toString();
}

/** The words of a presenter in a scene: its name and a line of notes. @param {string} scene @returns {{called: string, note: string}} */
export function wordsOf(scene) {
  const values = new URLSearchParams(scene);
  return { called: values.get("called") ?? "", note: values.get("note") ?? "" };
}

/** A scene with other words. @param {string} scene @param {Partial<{called: string, note: string}>} words */
export function withWords(scene, words) {
  const values = new URLSearchParams(scene);
  for (const [key, text] of Object.entries({ ...wordsOf(scene), ...words }))
    if (text.trim()) values.set(key, text.trim());
    else values.delete(key);
  return values.toString();
}

/** A scene without a presenter's words. @param {string} scene */
export const wordless = (scene) => withWords(scene, { called: "", note: "" });

/** Whether two scenes show the same; their words, and the order of their keys, aside. @param {string} one @param {string} other */
export function same(one, other) {
  const [a, b] = [one, other].map((scene) => new URLSearchParams(wordless(scene)));
  for (const values of [a, b]) values.sort();
  return a.toString() === b.toString();
}

/** Which scene shows the same as another, that at `at` before all others; -1 where none does. @param {string[]} scenes @param {string} scene */
export function find(scenes, scene, at = -1) {
  return scenes[at] && same(scenes[at], scene) ? at : scenes.findIndex((one) => same(one, scene));
}

/** The scenes with one of them at another place. @param {string[]} scenes @param {number} from @param {number} to */
export const reordered = (scenes, from, to) =>
  scenes.toSpliced(from, 1).toSpliced(Math.max(0, Math.min(scenes.length - 1, to)), 0, scenes[from]);

/** What is on screen, beside the scene of this index: that scene, that scene `changed` in its own view, or another view since it was `left`. */
/** @typedef {{index: number, as: "kept" | "changed" | "left"}} Standing */

const viewOf = (/** @type {string} */ scene) => ["tab", "sub"].map((key) => new URLSearchParams(scene).get(key)).join();

/**
 * @param {string[]} scenes @param {string} scene on screen @param {number} at of the scene shown last, -1 for none
 * @param {string} shownAs what was on screen then; "" where that is not known
 * @returns {Standing}
 */
export function standing(scenes, scene, at, shownAs) {
  if (scenes[at] && shownAs && same(shownAs, scene)) return { index: at, as: "kept" };
  const index = find(scenes, scene, at);
  if (index >= 0) return { index, as: "kept" };
  const changed = scenes[at] && viewOf(shownAs || scenes[at]) === viewOf(scene);
  return { index: at, as: changed ? "changed" : "left" };
}

/** The scene that a clicker leads to: one back from anything else than a scene as it was kept is that scene. @param {Standing} now @param {number} by @param {number} count */
export const led = ({ index, as }, by, count) => moved(index, as === "kept" || by > 0 ? by : 0, count);

/** Which of the scenes is on screen, as words. @param {Standing} now @param {number} count */
export function counted({ index, as }, count) {
  const place = `${index + 1} / ${count}`;
  if (as === "changed") return `${place}, changed`;
  if (as === "kept") return count > 1 && index === count - 1 ? `${place}, last` : place;
  if (index >= 0) return `Not kept (K) · after ${place}`;
  return count ? `Not kept (K) · ${count} ${count === 1 ? "scene" : "scenes"}` : "No scene kept (K)";
}

/** The same for the presenter, with the way back. @param {Standing} now @param {number} count */
export function whereabouts({ index, as }, count) {
  if (index < 0) return "";
  const scene = `Scene ${index + 1} of ${count}`;
  return {
    kept: scene,
    changed: `${scene}, changed. Page Up shows it as you kept it.`,
    left: `${scene} was left. Page Up returns to it.`,
  }[as];
}

/** All scenes as one text, and back; a bar inside of a scene is written as %7C, so that bars part scenes. @param {string[]} scenes */
export const written = (scenes) => scenes.join(BETWEEN);

/** @param {string} text @returns {string[]} */
export const read = (text) => text.split(BETWEEN).filter((scene) => new URLSearchParams(scene).has("tab"));

/** The scene after, or before, the present one; null where there is none. @param {number} at @param {number} step @param {number} count */
export function moved(at, step, count) {
  const next = at + step;
  return next >= 0 && next < count ? next : null;
}

/** The first sentences of a finding that are at most so long, or the first one. @param {string} text */
export function brief(text, longest = 130) {
  const sentences = text
    .trim()
    .replace(/\s+/g, " ")
    .split(/(?<=[.!?…])\s+(?=[A-ZÀ-Þ“])/);
  let said = sentences[0];
  for (const next of sentences.slice(1)) {
    if (said.length + 1 + next.length > longest) break;
    said += ` ${next}`;
  }
  return said;
}

/** How much larger the page is on a stage: its smallest letters, 12 px, are 26 px high at 1920 x 1080. */
export const scaleOf = (width, height, own) => Math.max(1, Math.min(width / 1920, height / 1080) * (26 / 12)) * own;

const HERE = /^(localhost|127\.[\d.]+|0\.0\.0\.0|\[::1\])$/;
const UPLOADED = /upload(?::|%(?:25)*3a)([0-9a-z]+)/gi; // in a scene among scenes its colon is written twice over

/** The names of the uploaded pictures in a scene, or in a link. @param {string} text */
export const uploadsOf = (text) => [...new Set(Array.from(text.matchAll(UPLOADED), ([, name]) => `upload:${name}`))];

/**
 * How long uploaded pictures are there.
 * @param {number} count @param {number} minutes for which the server keeps them after they were last asked for
 */
export const keptFor = (count, minutes) =>
  `The server keeps your ${count > 1 ? `${count} uploaded pictures while a page with them` : "uploaded picture while a page with it"} is open, and for ${minutes} minutes after.`;

/** What is said of a link to one view while scenes are kept; "" while none is. @param {number} count */
export const thisViewOnly = (count) =>
  count ? `This view only: S lists your ${count === 1 ? "scene" : `${count} scenes`} and copies a link to all.` : "";

/**
 * Who can open a link and what they see, where that is not simply everybody and the app's own pictures; "" otherwise.
 * @param {string} link @param {number} minutes for which an uploaded picture is kept
 */
export function whoOpens(link, minutes) {
  const { hostname, hash } = new URL(link);
  const said = [];
  if (HERE.test(hostname))
    said.push("Only this machine can open it, while the server runs. To show a friend: Save, PNG.");
  const own = uploadsOf(hash).length;
  if (own) said.push(keptFor(own, minutes));
  return said.join("\n");
}
