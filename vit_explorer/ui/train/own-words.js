/* What the set-up says of a person's own pictures. Pure functions. */
import * as format from "../core/format.js";

/** How far a dataset is, or what it holds. */
export function about({ state, done, total, reason, classes, n_classes: nClasses, img_size: side }) {
  if (state === "failed") return reason;
  if (state === "reading") return total ? `Reading: ${format.count(done)} of ${format.count(total)} files` : "Reading";
  const sum = (part) => classes.reduce((all, one) => all + one[part], 0);
  const counted = classes.length === nClasses;
  const pictures = counted
    ? `, ${format.count(sum("train"))} training and ${format.count(sum("test"))} test pictures`
    : "";
  return `${format.plural(nClasses, "class", "classes")}${pictures}, each brought to ${side} × ${side} pixels.`;
}

export const skipped = (n) => `${format.plural(n, "file was", "files were")} skipped`;
export const leftBehind = (n) =>
  `${format.plural(n, "file was", "files were")} too large for a picture and stayed behind.`;
export const sending = (share) => (share >= 1 ? "All has arrived." : `Sending: ${format.percent(share, 0)}`);

/** The limits, and what becomes of the files; `keeps`: whether models can be kept here. */
export const terms = ({ megabytes, files, each, hours }, keeps) =>
  `Up to ${format.count(megabytes)} MB and ${format.count(files)} files, ${format.plural(each, "set")} at a time. Only this browser is shown them; the server deletes them ${hours} hours after their last use.${keeps ? " The name and the classes of a model that you keep are seen by all visitors." : ""}`;

export const tooLarge = (name, size, { megabytes }) =>
  `${name} has ${format.count(Math.ceil(size / 2 ** 20))} MB: at most ${format.count(megabytes)} MB can be brought.`;
