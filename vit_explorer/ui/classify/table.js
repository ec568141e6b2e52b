/* The table of the Classify tab: a row for each picture, a column for each model. */
import { inShort } from "../core/answers.js";
import { fill, make } from "../core/elements.js";
import { base64, fileStem } from "../core/files.js";
import * as format from "../core/format.js";
import { lines, picture, png, tag, words } from "../core/svg.js";
import { inkOf } from "../core/theme.js";
import { called, cell, columns, csv, fates, probabilities, score } from "./answers.js";
import { knowledge, tested, testedOn, trust } from "./classify-words.js";

/** @typedef {import("./answers.js").Row} Row */

const SAID = { right: "✓ right", wrong: "✗ wrong", none: "✗ cannot know it", unknown: "" };
const DRAWN = { row: 80, title: 30, said: 20, head: 50, foot: 46, first: 250, column: 150, pad: 14 }; // px of the picture of the table

/** Who agrees, of the models that have a column. */
const agreement = (row, models) =>
  inShort((row.results || []).filter(({ name }) => models.some((one) => one.name === name)));

/** The words of a cell: answer, judgement, and the true answer's probability where it is not the answer. */
function wordsOf(found) {
  const truth = found.state === "wrong" ? `${found.truth} ${format.probability(found.truthP)}` : "";
  return { answer: `${found.answer} ${format.probability(found.p)}`, said: SAID[found.state], truth };
}

/** The words of a model's foot: how many it has right, and how many pictures it cannot. */
function scored(rows, model) {
  const { right, of, none } = score(rows, model.name);
  return { right: of ? format.outOf(right, of) : "–", none: none ? `${format.count(none)} not counted` : "" };
}

/** @type {WeakMap<Row, HTMLTableRowElement>} the line of each picture: a field that is written in must not move */
const known = new WeakMap();

/**
 * Write the table. `truthOf(row)` gives what its true answer is chosen by, `actsOf(row)` its buttons; `explain(row, model)` shows why
 * a model answers so.
 * @param {HTMLTableElement} table @param {Row[]} rows
 */
export function write(table, rows, truthOf, actsOf, explain) {
  const models = columns(rows);
  const head = make("tr");
  head.append(make("th", "", "picture"), make("th", "", "true answer"));
  for (const model of models) {
    const name = make("th");
    name.append(make("span", "called", called(model, models)), make("span", "gist", model.gist));
    name.title = `${model.title}, ${model.name}`;
    head.append(name);
  }
  const accuracy = make("tr");
  const label = make("th", "", "right in tests");
  label.colSpan = 2;
  accuracy.append(
    label,
    ...models.map((model) => Object.assign(make("td", "", tested(model)), { title: testedOn(model) })),
  );
  const lines = rows.map((row) => {
    if (!known.has(row)) known.set(row, lineOf(row, truthOf, actsOf));
    const line = known.get(row);
    while (line.cells.length > 2) line.deleteCell(2);
    line.append(...models.map((model) => written(row, model, explain)));
    fill(line.cells[0].querySelector(".agree"), agreement(row, models), (words) => make("span", "", words));
    return line;
  });
  const foot = make("tr");
  foot.append(make("th", "", "right"), make("td"));
  for (const model of models) {
    const { right, none } = scored(rows, model);
    const cell = make("td");
    cell.append(make("strong", "", right), ...(none ? [make("span", "vx-soft", none)] : []));
    foot.append(cell);
  }
  table.tHead.replaceChildren(head, accuracy);
  arrange(table.tBodies[0], lines);
  table.tFoot.replaceChildren(foot);
}

/** A line without answers: the picture, what is done with it, and what is chosen of it. */
function lineOf(row, truthOf, actsOf) {
  const [line, name, truth] = [make("tr"), make("th"), make("td")];
  name.scope = "row";
  const image = make("img", Math.max(row.picture.width, row.picture.height) <= 64 ? "tiny" : "");
  image.src = row.picture.preview;
  image.alt = "";
  const title = make("span", "title", row.picture.title);
  title.title = row.picture.title;
  name.append(image, title, make("span", "agree"), actsOf(row));
  truth.append(truthOf(row));
  line.append(name, truth);
  return line;
}

/** Let these be the children, in this order; one that is in its place stays untouched, as it may have the focus. */
function arrange(body, lines) {
  for (const old of [...body.children]) if (!lines.includes(old)) old.remove();
  lines.forEach((line, i) => body.children[i] !== line && body.insertBefore(line, body.children[i] ?? null));
}

function written(row, model, explain) {
  const result = (row.results || []).find((one) => one.name === model.name);
  if (!result) return make("td", "vx-soft", "…");
  const found = cell(result, row.picture.labels);
  const { said, truth } = wordsOf(found);
  const [box, p, why] = [make("td", found.state), make("span", "p"), make("button", "why", "why?")];
  p.append(make("strong", "", format.probability(found.p)), " ", why);
  why.type = "button";
  why.setAttribute("aria-label", `Why ${model.short} says ${found.answer} of ${row.picture.title}`);
  why.title = "See the answer without the patches that speak for it";
  why.addEventListener("click", () => explain(row, model.name));
  const judged = make("div", "judged"); // as high whatever it says: a row must not move below the pointer
  judged.append(make("span", "said", said), make("span", "vx-soft", truth));
  box.append(make("strong", "answer", `${found.answer} `), p, judged);
  return box;
}

/** @type {Record<string, {mime: string, made: (rows: Row[]) => Blob | Promise<Blob>}>} */
const FILES = {
  csv: { mime: "text/csv", made: (rows) => new Blob([csv(rows)]) },
  json: { mime: "application/json", made: (rows) => new Blob([JSON.stringify(probabilities(rows), null, 1)]) },
  svg: { mime: "image/svg+xml", made: (rows) => new Blob([drawn(rows)]) }, // also what is scrolled out of sight
  png: { mime: "image/png", made: (rows) => png(drawn(rows)) },
};

/** The table as a file of one of these formats. @param {Row[]} rows @param {string} format */
export async function file(rows, format) {
  const { mime, made } = FILES[format];
  const [first] = rows;
  const stem = [first?.picture.title, rows.length > 1 && `and ${rows.length - 1} more`, "answers"].filter(Boolean);
  return { filename: `${fileStem(stem)}.${format}`, mime, data: await base64(await made(rows)) };
}

/** The table as a picture, SVG. @param {Row[]} rows */
function drawn(rows) {
  const { row: height, foot, first, column, pad } = DRAWN;
  const models = columns(rows);
  const family = getComputedStyle(document.body).fontFamily;
  const write = (text, x, y, fill, size = 14, weight = "", width = column - 8) =>
    words(
      text,
      { x, y: y + size, fill: inkOf(fill), "font-family": family, "font-size": size, "font-weight": weight },
      width,
    );
  const at = (/** @type {number} */ j) => pad + first + j * column;
  const wide = at(models.length) + pad;
  const told = [models.length ? knowledge(models) : "", trust(fates(rows))];
  const notes = told.flatMap((sentence) => lines(sentence, `14px ${family}`, wide - 2 * pad));
  const above = DRAWN.title + DRAWN.said * notes.length;
  const head = above + DRAWN.head;
  const said = `${format.plural(rows.length, "picture")}, and what ${format.plural(models.length, "network")} say`;
  const heading = `${said}, ${new Date().toLocaleDateString("en-CA")}`;
  const marks = [write(heading, pad, pad, "--vx-text", 16, "600", wide - 2 * pad)];
  for (const [k, note] of notes.entries())
    marks.push(write(note, pad, pad + DRAWN.title + DRAWN.said * k - 4, "--vx-text", 14, "", wide - 2 * pad));
  models.forEach((model, j) => {
    marks.push(write(called(model, models), at(j), pad + above, "--vx-soft", 14, "600"));
    const right = tested(model) && `${tested(model)} right in tests`;
    marks.push(write(right, at(j), pad + above + 18, "--vx-soft", 12));
  });
  for (const [i, row] of rows.entries()) {
    const y = pad + head + i * height;
    const { preview: href, title, width, height: tall } = row.picture;
    const style = Math.max(width, tall) <= 64 ? "image-rendering: pixelated" : "";
    marks.push(
      tag("image", {
        x: pad,
        y,
        width: 64,
        height: 64,
        preserveAspectRatio: `xMidYMid ${row.fit === "letterbox" ? "meet" : "slice"}`,
        style,
        href,
      }),
    );
    const [label] = row.picture.labels;
    marks.push(write(title, pad + 76, y + 2, "--vx-text", 14, "600", first - 84));
    const below = [...(label ? [`shows ${label}`] : []), ...agreement(row, models)];
    below.forEach((one, k) => marks.push(write(one, pad + 76, y + 22 + 16 * k, "--vx-soft", 12, "", first - 84)));
    for (const [j, model] of models.entries()) {
      const result = (row.results || []).find((one) => one.name === model.name);
      if (!result) continue;
      const found = cell(result, row.picture.labels);
      const { answer, said, truth } = wordsOf(found);
      const colour = { right: "--vx-good", wrong: "--vx-bad" }[found.state] || "--vx-soft";
      marks.push(write(answer, at(j), y + 6, "--vx-text", 14, "600"));
      marks.push(write(said, at(j), y + 28, colour, 12), write(truth, at(j), y + 46, "--vx-soft", 12));
    }
  }
  const below = pad + head + height * rows.length + 6;
  marks.push(write("right", pad, below, "--vx-text", 14, "600"));
  models.forEach((model, j) => {
    const { right, none } = scored(rows, model);
    marks.push(write(right, at(j), below, "--vx-text", 14, "600"), write(none, at(j), below + 20, "--vx-soft", 12));
  });
  return picture(wide, below + foot, heading, marks, inkOf("--vx-panel"));
}
