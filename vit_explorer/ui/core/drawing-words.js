/* The words of a drawing, each where the browser has put it. */
import { ink, inside, part, px } from "./drawing-parts.js";
import { escaped, pen, tag } from "./svg.js";

/** @typedef {import("./drawing-parts.js").Box} Box */
/** @typedef {import("./drawing-parts.js").Place} Place */

const ALPHABET = "abcdefghijklmnopqrstuvwxyz";
const BEFORE_ITEM = 6; // px between an item of a list and what marks it

/** The words of a text, each where the browser has put it; those of a line are one element. @param {Text} text @param {Place} place @param {(rect: DOMRect) => Box} boxOf */
export function words(text, place, boxOf) {
  const parent = text.parentElement;
  if (!place || parent.closest("select, option") || !text.data.trim()) return [];
  if (place.style.writingMode.startsWith("vertical")) return [turned(place, text.data.trim())];
  const range = document.createRange();
  const cut = parent.scrollWidth > parent.clientWidth && place.style.textOverflow === "ellipsis";
  const end = cut ? place.box.left + place.box.width + 1 : Infinity;
  const lines = new Map();
  for (const { 0: word, index } of text.data.matchAll(/\S+/g)) {
    for (const [part, rect] of broken(range, text, word, index)) {
      const box = boxOf(rect);
      if (!inside(box, place.clip) || box.left > end) continue;
      const key = Math.round(box.top);
      lines.set(key, [...(lines.get(key) ?? []), { box, word: box.left + box.width > end ? "…" : part }]);
    }
  }
  return [...lines.values()].map((line) => {
    const spans = line.map(({ box, word }) => tag("tspan", { x: box.left }, escaped(word)));
    return tag("text", { y: baseline(place, line[0].box), ...letters(place) }, spans.join(" "));
  });
}

/** The parts of a word that the browser has put on lines of their own, and where. @param {Range} range @param {Text} text @returns {[string, DOMRect][]} */
function broken(range, text, word, index) {
  const rectOf = (from, to) => {
    range.setStart(text, index + from);
    range.setEnd(text, index + to);
    return range.getBoundingClientRect();
  };
  rectOf(0, word.length);
  if (range.getClientRects().length < 2) return [[word, rectOf(0, word.length)]];
  const starts = [...word].map((_, k) => k).filter((k) => !k || rectOf(k, k + 1).top > rectOf(k - 1, k).top + 1);
  return starts.map((from, k) => [word.slice(from, starts[k + 1]), rectOf(from, starts[k + 1] ?? word.length)]);
}

export const line = (place, text, box) =>
  text ? tag("text", { x: box.left, y: baseline(place, box), ...letters(place) }, escaped(text)) : "";

/** A text that stands upright. @param {Place} place @param {string} text */
function turned(place, text) {
  const { left, top, width, height } = place.box;
  const [x, y] = [left + width / 2, top + height / 2];
  const angle = place.style.transform === "none" ? 90 : -90; // those that read upwards are turned by half a circle
  const about = {
    x,
    y,
    transform: `rotate(${angle} ${x} ${y})`,
    "text-anchor": "middle",
    "dominant-baseline": "central",
  };
  return tag("text", { ...about, ...letters(place) }, escaped(text));
}

const letters = (/** @type {Place} */ place) => {
  const { style, opacity } = place;
  const { fill, alpha } = ink(style.color);
  return {
    fill,
    "fill-opacity": part(alpha * opacity),
    "font-family": style.fontFamily,
    "font-size": px(style.fontSize, place),
    "font-weight": style.fontWeight === "400" ? "" : style.fontWeight,
    "font-style": style.fontStyle === "normal" ? "" : style.fontStyle,
    "letter-spacing": style.letterSpacing === "normal" ? "" : px(style.letterSpacing, place),
    "text-decoration": style.textDecorationLine === "none" ? "" : style.textDecorationLine,
  };
};

function baseline(/** @type {Place} */ place, /** @type {Box} */ box) {
  const { style } = place;
  pen().font = `${style.fontStyle} ${style.fontWeight} ${px(style.fontSize, place)}px ${style.fontFamily}`;
  const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = pen().measureText("x");
  return box.top + (box.height + up - down) / 2;
}

/** The letter, number or dot before an item of a list. @param {HTMLElement} node @param {Place} place */
export function marker(node, place) {
  const { box, style } = place;
  const items = Array.from(node.parentElement.children).filter((one) => getComputedStyle(one).display === "list-item");
  const at = items.indexOf(node);
  const text = { decimal: `${at + 1}.`, "lower-alpha": `${ALPHABET[at]}.`, disc: "•" }[style.listStyleType];
  if (!text) return "";
  const height = px(style.lineHeight, place) || box.height;
  return tag(
    "text",
    { x: box.left - BEFORE_ITEM, y: baseline(place, { ...box, height }), "text-anchor": "end", ...letters(place) },
    escaped(text),
  );
}
