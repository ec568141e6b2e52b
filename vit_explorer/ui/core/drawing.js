/* A view as it stands on screen, as an SVG: its boxes and words drawn, its canvases and photographs as images. What it is
   operated by is left out (`.vx-drawn` in core.css), and the rest closes up. */
import { colour, diverging, sequential } from "./colours.js";
import { make } from "./elements.js";
import { common, ink, inside, part, px } from "./drawing-parts.js";
import { line, marker, words } from "./drawing-words.js";
import { picture, tag } from "./svg.js";

const MAPS = { sequential, diverging };
const MARGIN = 14; // px around a view that has none of its own
const STOPS = 8; // of a gradient, and one
const SIDES = ["Top", "Right", "Bottom", "Left"];

/** @typedef {import("./drawing-parts.js").Box} Box */
/** @typedef {import("./drawing-parts.js").Place} Place */

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
