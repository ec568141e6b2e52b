/* A view as it stands on screen, as an SVG: its boxes and words drawn, its canvases and photographs as images. What it is
   operated by is left out (`.vx-drawn` in core.css), and the rest closes up. */
import { colour, diverging, sequential } from "./colours.js";
import { make } from "./elements.js";
import { escaped, pen, picture, tag } from "./svg.js";

const MAPS = { sequential, diverging };
const MARGIN = 14; // px around a view that has none of its own
const STOPS = 8; // of a gradient, and one
const ALPHABET = "abcdefghijklmnopqrstuvwxyz";
const BEFORE_ITEM = 6; // px between an item of a list and what marks it
const SIDES = ["Top", "Right", "Bottom", "Left"];

/**
 * @typedef {{left: number, top: number, width: number, height: number}} Box px of the drawing
 * @typedef {{box: Box, style: CSSStyleDeclaration, scale: number, opacity: number, clip: Box, layer: number}} Place an element's; px of its
 *   style are `scale` of the drawing's, and nothing in it shows outside of `clip`
 */

/** @param {HTMLElement} element @param {string} title of the picture @returns {string} the SVG */
export function drawing(element, title) {
  element.classList.add("vx-drawn");
  try {
    return draw(element, title);
  } finally {
    element.classList.remove("vx-drawn");
  }
}

function draw(root, title) {
  const zoom = root.currentCSSZoom ?? 1;
  const frame = root.getBoundingClientRect();
  const margin = Number.parseFloat(getComputedStyle(root).paddingLeft) ? 0 : MARGIN;
  /** @param {DOMRect} rect @returns {Box} */
  const boxOf = ({ left, top, width, height }) => ({
    left: (left - frame.left) / zoom + margin,
    top: (top - frame.top) / zoom + margin,
    width: width / zoom,
    height: height / zoom,
  });
  /** @type {Map<Element, Place>} */
  const places = new Map();
  const placeOf = (/** @type {any} */ node) => {
    const style = getComputedStyle(node);
    const box = boxOf(node.getBoundingClientRect());
    const around = places.get(node.parentElement) ?? { opacity: 1, clip: box, layer: 0 };
    const place = {
      box,
      style,
      scale: (node.currentCSSZoom ?? 1) / zoom,
      opacity: around.opacity * Number(style.opacity),
      clip: style.overflowX === "visible" ? around.clip : common(around.clip, box),
      layer: Number.parseInt(style.zIndex, 10) || around.layer,
    };
    places.set(node, place);
    return place;
  };
  const seen = (/** @type {any} */ node) =>
    node.parentNode.namespaceURI === SVG || (node.nodeType === Node.ELEMENT_NODE && !shows(node))
      ? NodeFilter.FILTER_REJECT
      : NodeFilter.FILTER_ACCEPT;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, seen);
  const marks = /** @type {{layer: number, mark: string}[]} */ ([]);
  for (let node = /** @type {any} */ (root); node; node = walker.nextNode()) {
    const isText = node.nodeType === Node.TEXT_NODE;
    const place = isText ? places.get(node.parentElement) : placeOf(node);
    const drawn = isText ? words(node, place, boxOf) : element(node, place, marks.length);
    marks.push(...drawn.map((mark) => ({ layer: place.layer, mark })));
  }
  marks.sort((one, other) => one.layer - other.layer); // what lies above is drawn later
  return picture(
    frame.width / zoom + 2 * margin,
    frame.height / zoom + 2 * margin,
    title,
    marks.map(({ mark }) => mark),
    ink(getComputedStyle(document.body).backgroundColor).fill,
  );
}

const SVG = "http://www.w3.org/2000/svg";

/** Whether an element is to be seen: words for who listens alone are cut down to nothing. @param {HTMLElement} node */
const shows = (node) =>
  node.checkVisibility({ visibilityProperty: true }) && !getComputedStyle(node).clipPath.startsWith("inset(50%");

/** What two boxes have in common. @param {Box} one @param {Box} other @returns {Box} */
function common(one, other) {
  const [left, top] = [Math.max(one.left, other.left), Math.max(one.top, other.top)];
  const right = Math.min(one.left + one.width, other.left + other.width);
  const bottom = Math.min(one.top + one.height, other.top + other.height);
  return { left, top, width: right - left, height: bottom - top };
}

/** Whether some of a box is inside of another. @param {Box} box @param {Box} clip */
const inside = (box, clip) => {
  const { width, height } = common(box, clip);
  return width > 0 && height > 0;
};

// ---- elements ------------------------------------------------------------------------------------------------
/** @param {any} node @param {Place} place @param {number} id of its gradient, if it has one */
function element(node, place, id) {
  const { box, style, opacity } = place;
  if (!inside(box, place.clip)) return [];
  const marks = sides(place);
  const map = MAPS[typeof node.className === "string" ? node.className : ""];
  const ground = ink(style.backgroundColor);
  const shape = outline(place);
  if (map) {
    const stops = Array.from({ length: STOPS + 1 }, (_, k) =>
      tag("stop", { offset: k / STOPS, "stop-color": colour(map, k / STOPS, 0, 1) }),
    );
    marks.unshift(
      tag("linearGradient", { id: `g${id}` }, stops.join("")),
      tag("rect", { ...shape, fill: `url(#g${id})` }),
    );
  } else if (ground.alpha)
    marks.unshift(tag("rect", { ...shape, fill: ground.fill, "fill-opacity": part(ground.alpha * opacity) }));
  if (style.outlineStyle !== "none" && px(style.outlineWidth, place)) {
    const [wide, away] = [px(style.outlineWidth, place), px(style.outlineOffset, place)];
    marks.push(
      tag("rect", {
        ...grown(shape, away + wide / 2),
        fill: "none",
        stroke: ink(style.outlineColor).fill,
        "stroke-width": wide,
      }),
    );
  }
  if (node.namespaceURI === SVG) marks.push(plot(node, box));
  else if (node.matches("canvas, img")) marks.push(...image(node, place));
  else if (node.matches("select")) marks.push(line(place, node.selectedOptions[0]?.text ?? "", box));
  else if (node.matches("input")) marks.push(line(place, node.value, box));
  const before = getComputedStyle(node, "::before");
  if (before.content.startsWith('"')) {
    const height = px(before.lineHeight, place) || box.height;
    marks.push(line({ ...place, style: before }, before.content.slice(1, -1), { ...box, height }));
  }
  if (style.display === "list-item") marks.push(marker(node, place));
  return marks;
}

/** The letter, number or dot before an item of a list. @param {HTMLElement} node @param {Place} place */
function marker(node, place) {
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

/** The borders: one rectangle where all sides are alike, else a line each. @param {Place} place */
function sides(place) {
  const { box, style, opacity } = place;
  const all = SIDES.map((side) => ({
    width: style[`border${side}Style`] === "none" ? 0 : px(style[`border${side}Width`], place),
    ink: ink(style[`border${side}Color`]),
    dash: style[`border${side}Style`] === "dashed" ? "4 3" : undefined,
  })).map((side) => (side.ink.alpha ? side : { ...side, width: 0 }));
  const strokeOf = (side) => ({
    fill: "none",
    stroke: side.ink.fill,
    "stroke-width": side.width,
    "stroke-dasharray": side.dash,
    "stroke-opacity": part(side.ink.alpha * opacity),
  });
  if (all.every(({ width }) => !width)) return [];
  const shape = outline(place);
  const [first] = all;
  if (all.every(({ width, ink: { fill } }) => width === first.width && fill === first.ink.fill))
    return [tag("rect", { ...grown(shape, -first.width / 2), ...strokeOf(first) })];
  const [right, bottom] = [box.left + box.width, box.top + box.height];
  const ends = [
    [box.left, box.top, right, box.top],
    [right, box.top, right, bottom],
    [box.left, bottom, right, bottom],
    [box.left, box.top, box.left, bottom],
  ];
  const inward = [
    [0, 1],
    [-1, 0],
    [0, -1],
    [1, 0],
  ];
  return all.flatMap((side, k) => {
    if (!side.width) return [];
    const [dx, dy] = inward[k].map((one) => (one * side.width) / 2);
    const [x1, y1, x2, y2] = ends[k];
    return [tag("line", { x1: x1 + dx, y1: y1 + dy, x2: x2 + dx, y2: y2 + dy, ...strokeOf(side) })];
  });
}

/** The rectangle of an element, its corners as round as the page has them. @param {Place} place */
const outline = (place) => ({
  x: place.box.left,
  y: place.box.top,
  width: place.box.width,
  height: place.box.height,
  rx: px(place.style.borderTopLeftRadius, place),
});

const grown = ({ x, y, width, height, rx }, by) => ({
  x: x - by,
  y: y - by,
  width: Math.max(0, width + 2 * by),
  height: Math.max(0, height + 2 * by),
  rx: Math.max(0, rx + by),
});

/** A canvas or a photograph, as the page shows it. @param {any} node @param {Place} place */
function image(node, { box, style, opacity }) {
  const isPhoto = node.matches("img");
  const [width, height] = isPhoto ? [node.naturalWidth, node.naturalHeight] : [node.width, node.height];
  if (!width || !height) return [];
  const copy = Object.assign(make("canvas"), { width, height });
  copy.getContext("2d").drawImage(node, 0, 0);
  const fit = { cover: "xMidYMid slice", contain: "xMidYMid meet" }[style.objectFit] ?? "none";
  return [
    tag("image", {
      x: box.left,
      y: box.top,
      width: box.width,
      height: box.height,
      preserveAspectRatio: fit,
      opacity: part(opacity),
      style: style.imageRendering === "pixelated" ? "image-rendering: pixelated" : "",
      href: copy.toDataURL("image/png"),
    }),
  ];
}

/** A plot that is an SVG on the page, with the colours and letters that its stylesheet gives it. @param {SVGSVGElement} node @param {Box} box */
function plot(node, box) {
  const copy = /** @type {SVGSVGElement} */ (node.cloneNode(true));
  const [shown, written] = [node, copy].map((one) => [one, ...one.querySelectorAll("*")]);
  shown.forEach((one, k) => {
    const { fill, stroke, strokeWidth, strokeDasharray, opacity, font, textAnchor, display } = getComputedStyle(one);
    const style = {
      fill,
      stroke,
      "stroke-width": strokeWidth,
      "stroke-dasharray": strokeDasharray,
      opacity,
      font,
      "text-anchor": textAnchor,
      display,
    };
    written[k].removeAttribute("class");
    written[k].removeAttribute("tabindex");
    written[k].setAttribute(
      "style",
      Object.entries(style)
        .map((pair) => pair.join(":"))
        .join(";"),
    );
  });
  for (const [key, value] of Object.entries({ x: box.left, y: box.top, width: box.width, height: box.height }))
    copy.setAttribute(key, String(value));
  return new XMLSerializer().serializeToString(copy);
}

// ---- words ---------------------------------------------------------------------------------------------------
/** The words of a text, each where the browser has put it; those of a line are one element. @param {Text} text @param {Place} place @param {(rect: DOMRect) => Box} boxOf */
function words(text, place, boxOf) {
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

const line = (place, text, box) =>
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

// ---- numbers and colours -------------------------------------------------------------------------------------
const px = (/** @type {string} */ length, /** @type {Place} */ { scale }) => (Number.parseFloat(length) || 0) * scale;
const part = (/** @type {number} */ share) => (share < 1 ? share : "");

/** @type {Map<string, {fill: string, alpha: number}>} */
const inks = new Map();

/** A CSS colour as every program writes it, and how much it covers, 0 to 1. @param {string} css */
function ink(css) {
  if (!inks.has(css)) {
    const context = pen();
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = css;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
    const hex = [red, green, blue].map((value) => value.toString(16).padStart(2, "0")).join("");
    inks.set(css, { fill: `#${hex}`, alpha: Math.round((100 * alpha) / 255) / 100 });
  }
  return inks.get(css);
}
