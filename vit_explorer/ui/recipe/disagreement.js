/* How often the heads of a DeiT and its teacher disagree on the test split, asked in chunks, and examples to click. */
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { inLink } from "../core/link.js";
import { saveScreen } from "../core/screen.js";
import { ask, latest, poll } from "../core/server.js";
import { index, oneOf, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const NAMES = { cls: "CLS head", distillation: "distillation head", mean: "mean of both", teacher: "teacher" };
  const KINDS = {
    "cls right": ["heads differ", "CLS head right"],
    "distillation right": ["heads differ", "distillation head right"],
    "neither right": ["heads differ", "neither right"],
    "teacher right": ["DeiT wrong", "teacher right"],
    "teacher wrong": ["DeiT right", "teacher wrong"],
    "same mistake": ["DeiT and teacher", "the same mistake"],
  };
  let of = ""; // the model that the numbers are about
  let from = ""; // the sources of pictures there were: a download may bring its test pictures
  let told = null;
  let going = false;
  let kind = "distillation right";
  let start = 0;
  let strip = null; // the examples on screen

  const request = (more) => ({ model: store.get("model").name, ...more });
  const askState = latest(server, "disagree");
  const askExamples = latest(server, "examples");

  // ---- asking --------------------------------------------------------------------------------------------------
  async function look() {
    told = await askState(request({ go: false }));
    show();
    if (told?.right) examples();
  }

  /** One chunk of the test pictures after another. */
  const chunks = poll(async () => {
    const asked = of;
    const answer = await ask(server, "disagree", request({ go: true }));
    if (asked !== of) return null;
    if (answer) told = answer;
    if (!answer || told.done >= told.total) going = false;
    show();
    if (going) return 0;
    if (told?.right) examples();
    return null;
  });

  function go() {
    going = !going;
    show();
    if (going) chunks.now();
  }

  async function examples() {
    const count = told.kinds[kind];
    if (!count) {
      strip = null;
      showStrip();
      return;
    }
    const found = await askExamples(request({ kind, start: Math.min(start, count - 1) }));
    if (!found) return;
    strip = found;
    showStrip();
  }

  // ---- drawing -------------------------------------------------------------------------------------------------
  function rows(table, lines) {
    $(`${table} tbody`).replaceChildren(
      ...lines.map(([words, number]) => {
        const row = make("tr");
        row.append(make("td", "", words), make("td", "", number));
        return row;
      }),
    );
  }

  /** What the counts say of the two claims: whom the distillation head follows, and what the mean is worth. */
  function says() {
    const { right, agree } = told;
    const count = (one, other) => (agree.find((pair) => pair.one === one && pair.other === other) || {}).count;
    const better = Math.max(right.cls, right.distillation);
    const gain = (100 * (right.mean - better)) / told.done;
    const mean = `The mean of both is ${Math.abs(gain).toFixed(2)} points ${gain >= 0 ? "above" : "below"} the better head.`;
    const [cls, distillation] = [count("cls", "teacher"), count("distillation", "teacher")];
    if (cls === undefined) return mean;
    const points = (100 * (distillation - cls)) / told.done;
    const closer =
      points > 0
        ? "The distillation head answers more like the teacher than the CLS head"
        : points < 0
          ? "The CLS head answers more like the teacher than the distillation head"
          : "Both heads answer alike often like the teacher";
    return `${closer}${points ? `, by ${Math.abs(points).toFixed(2)} points` : ""}; the paper found the distillation head closer to the convnet. ${mean}`;
  }

  function show() {
    const complete = told && told.done === told.total;
    $(".go").textContent = going ? "Stop" : !told || !told.done ? "Ask them all" : "Go on";
    const missing = told && told.missing;
    $(".go").hidden = Boolean(complete || missing);
    $(".progress").value = told && !missing ? told.done / told.total : 0;
    $(".progress").hidden = !told || complete || missing || (!going && !told.done);
    const left = going && told && told.left !== null ? `, ${format.duration(told.left)} left` : "";
    $(".status").textContent = !told
      ? ""
      : missing
        ? missing
        : told.done
          ? `${format.outOf(told.done, told.total)} test pictures${left}`
          : `${format.count(told.total)} test pictures`;
    $(".found").hidden = !told || !told.right;
    if ($(".found").hidden) return;
    if (!(kind in told.kinds)) [kind, start] = [Object.keys(told.kinds)[0], 0]; // another DeiT, one without a teacher
    rows(
      ".right-table",
      Object.entries(told.right).map(([name, n]) => [NAMES[name], format.percent(n / told.done)]),
    );
    rows(
      ".agree-table",
      told.agree.map(({ one, other, count }) => [
        `${NAMES[one]} and ${NAMES[other]}`,
        format.percent(count / told.done),
      ]),
    );
    $(".says").textContent = says();
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.kind;
    fill($(".kinds"), Object.entries(told.kinds), ([name, n]) => {
      const button = make("button", "vx-button");
      button.type = "button";
      button.dataset.kind = name;
      button.setAttribute("aria-pressed", String(name === kind));
      button.append(make("small", "", KINDS[name][0]), make("span", "", `${KINDS[name][1]}: ${format.count(n)}`));
      button.addEventListener("click", () => {
        [kind, start] = [name, 0];
        show();
        examples();
      });
      return button;
    });
    if (focused) $(`[data-kind="${focused}"]`).focus();
  }

  function showStrip() {
    const { pictures, start: first, count: all } = strip || { pictures: [], start: 0, count: 0 };
    $(".shown").textContent = all
      ? `${KINDS[kind].join(", ")}: ${first + 1} to ${first + pictures.length} of ${format.count(all)}. Click one to look at it above.`
      : "There are none of these so far.";
    const current = store.get("trace") && store.get("trace").picture.name;
    fill($(".pictures"), pictures, ({ name, preview, truth, answers }) => {
      const button = make("button");
      button.type = "button";
      button.dataset.picture = name;
      button.setAttribute("aria-pressed", String(name === current));
      const image = make("img");
      image.src = preview;
      image.alt = "";
      button.append(
        image,
        make("b", "", truth),
        make("span", "", `CLS: ${answers.cls}`),
        make("span", "", `dist.: ${answers.distillation}`),
      );
      if (answers.teacher) button.append(make("span", "", `teacher: ${answers.teacher}`));
      button.addEventListener("click", () => store.set("wish", { picture: name }));
      return button;
    });
    $(".earlier").disabled = first === 0;
    $(".later").disabled = first + pictures.length >= all;
  }

  function draw(/** @type {import("../state").State} */ { model, trace, catalogue }) {
    if (!model || !trace || !catalogue) return;
    for (const button of root.querySelectorAll("[data-picture]"))
      button.setAttribute("aria-pressed", String(button.dataset.picture === trace.picture.name));
    const sources = catalogue.sources.join();
    if (of === model.name && from === sources) return;
    if (of) start = 0;
    [of, from] = [model.name, sources];
    [told, strip, going] = [null, null, false];
    show();
    look();
  }

  inLink(
    root,
    {
      kind: setting(
        oneOf(...Object.keys(KINDS)),
        () => kind,
        (value) => (kind = value || "distillation right"),
        "distillation right",
      ),
      from: setting(
        index,
        () => start,
        (value) => (start = value ?? 0),
        0,
      ),
    },
    () => {
      if (!told || !told.right) return;
      show();
      examples();
    },
  );
  $(".go").addEventListener("click", go);
  $(".earlier").addEventListener("click", () => {
    start = Math.max(0, strip.start - 12);
    examples();
  });
  $(".later").addEventListener("click", () => {
    start = strip.start + strip.pictures.length;
    examples();
  });
  saveScreen($(".vx-panel"), "disagreement");
  return { topics: ["model", "trace", "catalogue"], draw };
});
