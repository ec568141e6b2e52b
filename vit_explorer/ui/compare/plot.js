/* Accuracy against a cost: named points, the cost on a logarithmic axis. SVG, so that points can take the focus. */
const SPACE = "http://www.w3.org/2000/svg";
const MARGIN = { left: 40, right: 12, top: 10, bottom: 36 };
const STEPS = [0.5, 1, 2, 5, 10, 20]; // between ticks of the accuracy, points
const DIGITS = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7]]; // of the ticks of the cost, from few to many
const RADIUS = 5.5;
const FONT = "12px system-ui, sans-serif"; // as in compare-table.css
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
  svg.setAttribute("width", width);
  svg.setAttribute("height", height);
  if (!points.length) {
    put(svg, "text", { x: width / 2, y: height / 2, "text-anchor": "middle", class: "soft" }, empty);
    return;
  }
  const [floor, right] = [height - MARGIN.bottom, width - MARGIN.right];
  const xs = points.map(({ x }) => Math.log10(x));
  const pad = Math.max(0.12, 0.12 * (Math.max(...xs) - Math.min(...xs)));
  const [low, high] = [Math.min(...xs) - pad, Math.max(...xs) + pad];
  const ys = points.map(({ y }) => y);
  const spread = Math.max(...ys) - Math.min(...ys);
  const step = STEPS.find((one) => spread / one <= 6) || STEPS[STEPS.length - 1];
  const [bottom, top] = [step * Math.floor(Math.min(...ys) / step - 0.2), step * Math.ceil(Math.max(...ys) / step + 0.2)];
  const x = (value) => MARGIN.left + ((right - MARGIN.left) * (Math.log10(value) - low)) / (high - low);
  const y = (value) => floor - ((floor - MARGIN.top) * (value - bottom)) / (top - bottom);
  for (let tick = bottom; tick <= top + 1e-9; tick += step) {
    put(svg, "line", { x1: MARGIN.left, x2: right, y1: y(tick), y2: y(tick), class: "grid" });
    put(svg, "text", { x: MARGIN.left - 5, y: y(tick) + 4, "text-anchor": "end", class: "soft" }, String(Number(tick.toFixed(1))));
  }
  for (const tick of ticks(low, high)) {
    put(svg, "line", { x1: x(tick), x2: x(tick), y1: MARGIN.top, y2: floor, class: "grid" });
    put(svg, "text", { x: x(tick), y: floor + 15, "text-anchor": "middle", class: "soft" }, unit(tick));
  }
  put(svg, "text", { x: right, y: height - 4, "text-anchor": "end", class: "soft" }, label);
  const places = points.map((point) => ({ left: x(point.x) - RADIUS, top: y(point.y) - RADIUS, right: x(point.x) + RADIUS, bottom: y(point.y) + RADIUS }));
  for (const point of points) {
    const [a, b] = [x(point.x), y(point.y)];
    const group = put(svg, "g", { class: `point${point.hollow ? " hollow" : ""}`, tabindex: 0, role: "img", "aria-label": point.words, "data-id": point.id });
    put(group, "title", {}, point.words);
    put(group, "circle", { cx: a, cy: b, r: RADIUS });
    const name = place(point.name, a, b, places, right);
    put(group, "text", { x: name.x, y: name.y, "text-anchor": name.anchor }, point.name);
    for (const on of ["pointerenter", "focus"]) group.addEventListener(on, () => hover(point.id));
    for (const off of ["pointerleave", "blur"]) group.addEventListener(off, () => hover(null));
  }
}

/** Round numbers between two logarithms: three at least where there are so many, and on a long axis few a decade. */
function ticks(low, high) {
  const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, k) => Math.floor(low) + k);
  const found = DIGITS.map((digits) => powers.flatMap((power) => digits.map((digit) => digit * 10 ** power)).filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high));
  return found.find((some) => some.length >= 3) || found[found.length - 1];
}

/** Where a point's name covers least of what stands already, the first of equals; it is added to `taken`. */
function place(text, a, b, taken, edge) {
  ruler.font = FONT;
  const length = ruler.measureText(text).width;
  const around = [
    [9, 4, "start"], [-9, 4, "end"], [0, -10, "middle"], [0, 19, "middle"], [-4, -12, "start"], [4, -12, "end"], [-4, 20, "start"], [4, 20, "end"],
    [-4, -24, "start"], [4, -24, "end"], [-4, 32, "start"], [4, 32, "end"],
  ];
  const boxes = around.map(([dx, dy, anchor]) => {
    const left = a + dx - (anchor === "start" ? 0 : anchor === "end" ? length : length / 2);
    return { x: a + dx, y: b + dy, anchor, left, right: left + length, top: b + dy - 11, bottom: b + dy + 3 };
  });
  const inside = ({ left, right, top }) => left >= MARGIN.left && right <= edge + 8 && top >= 0;
  const common = (one, other) => Math.max(0, Math.min(one.right, other.right) - Math.max(one.left, other.left)) * Math.max(0, Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top));
  const covered = (one) => taken.reduce((sum, other) => sum + common(one, other), inside(one) ? 0 : 1e6);
  const box = boxes.reduce((best, one) => (covered(one) < covered(best) ? one : best));
  taken.push(box);
  return box;
}

/** Light up a point, and bring it before the others. */
export function light(svg, which) {
  for (const group of [...svg.querySelectorAll(".point")]) {
    const lit = group.dataset.id === which;
    group.classList.toggle("lit", lit);
  }
}
