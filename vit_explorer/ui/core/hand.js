/* Words for fingers: where there is no pointer to point with, one taps. */

const coarse = () => typeof matchMedia === "function" && matchMedia("(pointer: coarse)").matches;

const WORDS = [
  ["Point at", "Tap"],
  ["point at", "tap"],
  ["Point to", "Tap"],
  ["Click", "Tap"],
  ["Drop or paste pictures here", "Add pictures"],
];

/** A sentence as a person with this device does what it asks for. @param {string} sentence */
export const byHand = (sentence, touch = coarse()) =>
  touch ? WORDS.reduce((text, [from, to]) => text.replaceAll(from, to), sentence) : sentence;

/** The same for all words that stand in an element. @param {HTMLElement} root */
export function wordsByHand(root) {
  if (!coarse()) return;
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.textContent = byHand(texts.currentNode.textContent, true);
}
