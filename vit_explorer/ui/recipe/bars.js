/* What the model says before and after an ingredient: bars per class, and the same in words. */
import { best } from "../core/arrays.js";
import { make } from "../core/elements.js";
import * as format from "../core/format.js";

/** The rows of bars of an answer: [{name, style, values}], values being one number per class. */
export function series(answer, after) {
  const before = { name: "before", style: "before", values: answer.before };
  if (answer.kind === "mix")
    return [
      before,
      { name: "label", style: "label", values: answer.target },
      { name: "mixed", style: "after", values: after },
    ];
  if (answer.kind === "smoothing")
    return [
      { name: "target", style: "label", values: answer.target },
      { name: "model", style: "after", values: after },
    ];
  return answer.kind === "none" ? [before] : [before, { name: "after", style: "after", values: after }];
}

/** A label can be certain, an answer cannot. */
const chance = ({ style, values }, i) => (style === "label" ? format.percent : format.probability)(values[i]);

/** Draw the classes that are likeliest in any of the series, in the order of the first. */
export function draw(element, all, classes, shown) {
  const most = classes.map((_, i) => [Math.max(...all.map(({ values }) => values[i])), i]);
  const order = most
    .sort((a, b) => b[0] - a[0])
    .slice(0, shown)
    .map(([, i]) => i);
  order.sort((a, b) => all[0].values[b] - all[0].values[a]);
  element.style.gridTemplateColumns = `minmax(62px, auto) 1fr ${all.map(() => "60px").join(" ")}`;
  const head = ["", "", ...all.map(({ name }) => name)].map((text, k) =>
    make("span", `title ${k > 1 ? all[k - 2].style : ""}`, text),
  );
  const cells = order.flatMap((i) => {
    const bars = make("div", "both");
    for (const { style, values } of all) {
      const bar = make("i", style);
      bar.style.width = `${100 * values[i]}%`;
      bars.append(bar);
    }
    const style = i === best(all[0].values) ? "answer" : "";
    return [
      make("span", style, classes[i]),
      bars,
      ...all.map((one) => make("span", `vx-number ${style}`, chance(one, i))),
    ];
  });
  element.replaceChildren(...head, ...cells);
}

/** What became of the answer, in a sentence. */
export function outcome({ kind, before }, after, classes) {
  const [top, now] = [best(before), best(after)];
  const was = `${classes[top]} ${format.probability(before[top])}`;
  if (kind === "smoothing" || kind === "none") return `The model says ${was}.`;
  if (top === now) return `It stays ${was} → ${format.probability(after[top])}.`;
  return `It turns: ${was} → ${classes[now]} ${format.probability(after[now])}.`;
}

/** What else there is to know of the bars. */
export function note({ kind, classes, labels, label, share, cells, same, changed, before, pass, kept }) {
  const name = ({ index, known }) =>
    `${classes[index]}${known ? "" : " (the model's answer: no label of its own here)"}`;
  if (kind === "mix")
    return `Label: ${format.probability(share)} ${name(labels[0])} + ${format.probability(1 - share)} ${name(labels[1])}.`;
  if (kind === "smoothing")
    return `Label: ${name(label)}. Picture and answer stay as they are; the loss changes, and with it what is learned.`;
  if (kind === "batch")
    return `After: the mean over this picture's own cells. Of all ${cells.length} cells ${same} have the answer that their picture has unchanged.`;
  if (kind !== "depth") return "";
  return `Pass ${pass + 1} of ${kept.length}. In ${kept.length} passes the answer ${classes[best(before)]} changed ${format.plural(changed, "time")}.`;
}
