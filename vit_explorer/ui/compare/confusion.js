/* What the model confuses: the matrix of its answers to all test pictures, and the pictures behind each number. */
import { decode } from "../core/arrays.js";
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink, touch } from "../core/link.js";
import { owner } from "../core/owner.js";
import { ARROWS } from "../core/pointer.js";
import { saveMenu } from "../core/save.js";
import { latest } from "../core/server.js";
import { setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import * as words from "./confusion-words.js";
import { CONFUSION } from "./questions.js";

const POLL = 500; // ms between two questions while the answers are counted

/** A pair of classes in a link, counted from 1. @type {import("../core/setting.js").Kind<[number, number]>} */
const pair = {
  write: ([truth, answer]) => `${truth + 1}-${answer + 1}`,
  read: (text) => {
    const found = /^([1-9]\d{0,3})-([1-9]\d{0,3})$/.exec(text);
    return found ? [Number(found[1]) - 1, Number(found[2]) - 1] : undefined;
  },
};

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const askCounts = latest(server, "confusion", { quiet: true });
  const askCell = latest(server, "cell");
  let counts = null; // the newest answer
  let matrix = [];
  let shown = []; // classes
  let wanted = ""; // the model that is asked about
  /** @type {[number, number] | null} */
  let chosen = null; // truth and answer
  let pictures = null; // of the chosen cell
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;

  async function look() {
    clearTimeout(timer);
    const model = wanted;
    const answer = await askCounts({ model, owner: owner() });
    if (!answer || model !== wanted) return;
    counts = answer;
    if (answer.state === "ready") {
      matrix = words.matrixOf(decode(answer.cells).data, answer.classes.length);
      shown = words.shownClasses(matrix);
      paint();
      choose(possible(chosen) || firstCell());
    } else {
      matrix = [];
      paint();
      if (root.offsetParent && (answer.state === "counting" || / still being read/.test(answer.reason || "")))
        timer = setTimeout(look, POLL);
    }
  }

  const possible = (cell) => (cell && matrix[cell[0]] && cell[1] < matrix.length ? cell : null);
  const firstCell = () =>
    counts.pairs.length ? [counts.pairs[0].truth, counts.pairs[0].answer] : [shown[0], shown[0]];

  // ---- the chosen cell -------------------------------------------------------------------------------------------
  async function choose(cell, focus = false) {
    chosen = cell;
    pictures = null;
    for (const one of root.querySelectorAll(".matrix button")) {
      const here = Number(one.dataset.truth) === cell[0] && Number(one.dataset.answer) === cell[1];
      one.setAttribute("aria-pressed", String(here));
      one.tabIndex = here ? 0 : -1;
      if (here && focus) one.focus();
    }
    if (!$('.matrix [tabindex="0"]') && $(".matrix button")) $(".matrix button").tabIndex = 0;
    $(".cell-title").textContent = `${words.cell(counts.classes, matrix, ...cell)}.`;
    touch();
    await more(0);
  }

  async function more(first) {
    const [truth, answer] = chosen;
    const told = await askCell({ model: counts.model, owner: owner(), truth, answer, first });
    if (!told) return;
    pictures = first ? { ...told, pictures: [...pictures.pictures, ...told.pictures] } : told;
    paintPictures();
  }

  function paintPictures() {
    fill($(".pictures"), pictures.pictures, (picture) => {
      const one = make("button", "picture");
      one.type = "button";
      const said = format.probability(picture.probability);
      one.title = `${picture.title}: ${said}. Open it in every tab`;
      one.setAttribute("aria-label", one.title);
      const image = make("img", picture.width <= 64 ? "tiny" : "");
      image.src = picture.preview;
      image.alt = "";
      one.append(image, make("span", "vx-number", said));
      one.addEventListener("click", () => store.set("wish", { picture: picture.name }));
      return one;
    });
    const left = pictures.total - pictures.pictures.length;
    $(".more").hidden = left <= 0;
    $(".more").textContent = `${format.count(left)} more`;
  }
  $(".more").addEventListener("click", () => more(pictures.pictures.length));

  // ---- the matrix ------------------------------------------------------------------------------------------------
  function paint() {
    $(".verdict").textContent = words.standing(counts);
    $(".counting").hidden = counts.state !== "counting";
    $(".counting").value = counts.total ? counts.done / counts.total : 0;
    $(".parts").hidden = counts.state !== "ready";
    if (counts.state !== "ready") return;
    const { classes } = counts;
    const most = words.largestMistake(matrix);
    $(".matrix").style.setProperty("--n", String(shown.length));
    const head = make("tr");
    head.append(make("td"), ...shown.map((j) => heading(classes[j], "col")));
    const rows = shown.map((i) => {
      const row = make("tr");
      row.append(heading(classes[i], "row"), ...shown.map((j) => cellOf(i, j, most)));
      return row;
    });
    $(".matrix").replaceChildren(head, ...rows);
    paintScales(most);
    $(".few").textContent =
      shown.length < classes.length
        ? `The ${shown.length} of ${format.count(classes.length)} classes with the most mistakes.`
        : "";
    paintLists();
  }

  function heading(name, scope) {
    const one = make("th");
    one.scope = scope;
    one.append(make("span", "", name));
    one.title = name;
    return one;
  }

  function cellOf(i, j, most) {
    const all = matrix[i].reduce((sum, n) => sum + n, 0);
    const n = matrix[i][j];
    const one = make("button", i === j ? "right" : "wrong", n ? format.compact(n) : "");
    one.type = "button";
    const share = all ? n / all : 0;
    one.style.setProperty("--share", String(i === j ? share : most ? share / most : 0));
    one.classList.toggle("strong", (i === j ? share : most ? share / most : 0) > 0.55);
    Object.assign(one.dataset, { truth: i, answer: j });
    one.title = words.cell(counts.classes, matrix, i, j);
    one.setAttribute("aria-label", one.title);
    one.addEventListener("click", () => choose([i, j]));
    const made = make("td");
    made.append(one);
    return made;
  }

  function paintScales(most) {
    const scale = (kind, text, end) => {
      const one = make("span", "vx-scale");
      one.append(make("span", "", `${text}: 0`), make("i", kind), make("span", "", end));
      return one;
    };
    $(".scales").replaceChildren(
      scale("right", "right, share of the row", "100 %"),
      scale("wrong", "wrong, share of the row", most ? format.percent(most) : "none"),
    );
  }

  function paintLists() {
    const { classes, pairs, recall, precision } = counts;
    fill($(".pairs"), pairs, ({ truth, answer, count }) => {
      const one = make("li");
      const open = make("button", "vx-button", `${classes[truth]} called ${classes[answer]}`);
      open.type = "button";
      open.addEventListener("click", () => choose([truth, answer]));
      one.append(open, make("span", "vx-number", format.count(count)));
      return one;
    });
    if (!pairs.length) $(".pairs").append(make("li", "vx-soft", "Nothing: all answers are right."));
    const order = classes.map((_, i) => i).sort((a, b) => (recall[a] ?? 2) - (recall[b] ?? 2));
    fill($(".classes"), order, (i) => {
      const one = make("li");
      const bar = make("i");
      bar.style.setProperty("--share", String(recall[i] ?? 0));
      const said = recall[i] === null ? "no picture" : format.percent(recall[i]);
      one.append(make("span", "name", classes[i]), bar, make("span", "vx-number", said));
      one.title =
        precision[i] === null
          ? `Never called ${classes[i]}`
          : `Of those called ${classes[i]}, ${format.percent(precision[i])} are`;
      return one;
    });
  }

  $(".matrix").addEventListener("keydown", (event) => {
    const by = ARROWS[event.key];
    const from = event.target.closest("button");
    if (!by || !from) return;
    event.preventDefault();
    const at = [Number(from.dataset.truth), Number(from.dataset.answer)].map((one) => shown.indexOf(one));
    const [row, col] = at.map((one, k) => Math.min(shown.length - 1, Math.max(0, one + by[k])));
    choose([shown[row], shown[col]], true);
  });

  saveMenu($(".vx-panel"), server, () => (counts?.state === "ready" ? { model: counts.model, owner: owner() } : null), {
    csv: "every count, a true class a row",
  });

  inLink(
    root,
    {
      cell: setting(
        pair,
        () => chosen,
        (value) => (chosen = value),
      ),
    },
    () => {
      if (counts?.state === "ready" && chosen) choose(possible(chosen) || firstCell());
    },
  );

  function draw(/** @type {import("../state").State} */ { model }) {
    if (!model) return;
    if (counts && model.name === wanted && counts.state === "ready") return;
    if (counts && model.name !== wanted) chosen = null;
    wanted = model.name;
    look();
  }

  offer(root, server, CONFUSION);
  return { topics: ["model", "catalogue"], draw };
});
