/* Accuracy against a cost: named points, the cost on a logarithmic axis. SVG, so that points can take the focus. */
import { significant } from "../core/format.js";
import { frame, linear, logarithmic, logTicks, nameAt, roundUp, ticks } from "../core/scales.js";

const SPACE = "http://www.w3.org/2000/svg";
const MARGIN = { left: 40, right: 12, top: 10, bottom: 42 };
const STEPS = 6; // at most, between the lowest and the highest accuracy
const SMALLEST = 3; // points that the axis of the accuracy reaches over
const RADIUS = 5.5;
const FONT = "14px system-ui, sans-serif"; // as in compare.css
const ruler = document.createElement("canvas").getContext("2d");

function put(parent, tag, attributes, text = "") {
  const element = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  parent.append(element);
  return element;
}

/**
 * @param {SVGSVGElement} svg
 * @param {{points: {id: string, name: string, x: number, y: number, hollow?: boolean, words: string}[], label: string,
 *   unit: (value: number) => string, height: number, empty: string, hover: (id: string | null) => void}} what
 *   `x` above 0, `y` in per cent
 */
export function draw(svg, { points, label, unit, height, empty, hover }) {
  const width = svg.parentElement.clientWidth;
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", String(height));
  if (!points.length) {
    put(svg, "text", { x: width / 2, y: height / 2, "text-anchor": "middle", class: "soft" }, empty);
    return;
  }
  const [xs, ys] = [points.map(({ x }) => Math.log10(x)), points.map(({ y }) => y)];
  const pad = Math.max(0.12, 0.12 * (Math.max(...xs) - Math.min(...xs)));
  const [least, most] = [10 ** (Math.min(...xs) - pad), 10 ** (Math.max(...xs) + pad)];
  const step = roundUp(Math.max(SMALLEST, Math.max(...ys) - Math.min(...ys)) / STEPS);
  const [low, high] = [step * Math.floor(Math.min(...ys) / step - 0.2), step * Math.ceil(Math.max(...ys) / step + 0.2)];
  const { x, y, left, right, top, bottom } = frame({ width, height }, MARGIN, {
    x: logarithmic(least, most),
    y: linear(low, high),
  });
  for (const tick of ticks(low, high, Math.round((high - low) / step))) {
    put(svg, "line", { x1: left, x2: right, y1: y(tick), y2: y(tick), class: "grid" });
    put(svg, "text", { x: left - 5, y: y(tick) + 4, "text-anchor": "end", class: "soft" }, significant(tick));
  }
  for (const tick of logTicks(least, most)) {
    put(svg, "line", { x1: x(tick), x2: x(tick), y1: top, y2: bottom, class: "grid" });
    put(svg, "text", { x: x(tick), y: bottom + 17, "text-anchor": "middle", class: "soft" }, unit(tick));
  }
  put(svg, "text", { x: right, y: height - 4, "text-anchor": "end", class: "soft" }, label);
  const taken = points.map((point) => ({
    left: x(point.x) - RADIUS,
    right: x(point.x) + RADIUS,
    top: y(point.y) - RADIUS,
    bottom: y(point.y) + RADIUS,
  }));
  ruler.font = FONT;
  for (const point of points) {
    const [cx, cy] = [x(point.x), y(point.y)];
    const group = put(svg, "g", {
      class: `point${point.hollow ? " hollow" : ""}`,
      tabindex: 0,
      role: "img",
      "aria-label": point.words,
      "data-id": point.id,
    });
    put(group, "title", {}, point.words);
    put(group, "circle", { cx, cy, r: RADIUS });
    const name = nameAt(ruler.measureText(point.name).width, [cx, cy], taken, {
      left,
      right: width - 4,
      top: 0,
      bottom: height,
    });
    taken.push(name);
    put(group, "text", { x: name.x, y: name.y, "text-anchor": name.anchor }, point.name);
    for (const on of ["pointerenter", "focus"]) group.addEventListener(on, () => hover(point.id));
    for (const off of ["pointerleave", "blur"]) group.addEventListener(off, () => hover(null));
  }
}

/** Light up a point, and bring it before the others. */
export function light(svg, which) {
  for (const group of [...svg.querySelectorAll(".point")]) {
    const lit = group.dataset.id === which;
    group.classList.toggle("lit", lit);
  }
}
