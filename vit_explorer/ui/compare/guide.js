/* Which one for my problem: three questions, one at a time, and the answer with its reasons. */
import { fill, make } from "../core/elements.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { saveScreen } from "../core/screen.js";
import { latest, ask as send } from "../core/server.js";
import { setting, words } from "../core/setting.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import { finding, leads } from "./guide-words.js";
import { GUIDE } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const FROM = { here: "found here", published: "published", paper: "paper" };
  const askAdvice = latest(server, "advice");
  let questions = null;
  /** @type {import("./guide-words.js").Way[]} */
  let ways = [];
  let asked = false;
  let given = []; // keys of the options, one for each question answered
  let remembered = []; // those that were taken back, to be shown as pressed

  /** As many answers as there are options for, from the first question on. */
  const possible = (keys) => {
    const wrong = questions.findIndex(({ options }, k) => !options.some(({ key }) => key === keys[k]));
    return wrong < 0 ? keys.slice(0, questions.length) : keys.slice(0, wrong);
  };

  inLink(
    root,
    {
      answers: setting(
        words(),
        () => given.join("."),
        (text) => ([given, remembered] = [text ? text.split(".") : [], []]),
        "",
      ),
    },
    () => questions && show(false),
  );

  const optionOf = (k) => questions[k].options.find(({ key }) => key === given[k]);

  function path() {
    fill($(".path"), questions, (question, k) => {
      const item = make("li", k < given.length ? "done" : k === given.length ? "now" : "");
      item.append(
        make("span", "", `${k + 1}. ${question.title}`),
        make("strong", "", k < given.length ? optionOf(k).title : ""),
      );
      if (k === given.length) item.setAttribute("aria-current", "step");
      return item;
    });
    $(".back").disabled = $(".again").disabled = given.length === 0;
    const all = leads(ways, given);
    $(".leads .finding").textContent = finding(all);
    fill($(".leads ul"), all, ({ advice, all: n, open }) => {
      const item = make("li", open ? "open" : "");
      const dots = make("span", "dots");
      dots.setAttribute("role", "img");
      dots.setAttribute("aria-label", `${open} of ${n} ways open`);
      dots.append(...Array.from({ length: n }, (_, k) => make("i", k < open ? "on" : "")));
      item.append(make("span", "", advice), dots);
      return item;
    });
  }

  /** Show what comes next; `moved` puts the focus there, which the pressed button has lost. */
  async function show(moved = true) {
    given = possible(given);
    path();
    if (given.length < questions.length) ask(questions[given.length], moved);
    else await answer(moved);
  }

  function ask(question, moved) {
    const title = heading(question.title);
    const options = make("div", "options");
    options.append(
      ...question.options.map((option) => {
        const button = make("button", "vx-button option", option.title);
        button.type = "button";
        button.dataset.option = option.key;
        button.setAttribute("aria-pressed", String(remembered[given.length] === option.key));
        button.append(make("span", "", option.note));
        button.addEventListener("click", () => {
          given = [...given, option.key];
          show();
        });
        return button;
      }),
    );
    options.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const all = /** @type {HTMLElement[]} */ ([...options.children]);
      all[(all.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + step + all.length) % all.length].focus();
    });
    $(".stage").replaceChildren(title, make("p", "vx-soft", question.why), options);
    if (moved)
      /** @type {HTMLElement} */ (options.querySelector('[aria-pressed="true"]') || options.firstChild).focus();
  }

  function heading(text) {
    const title = make("h3", "", text);
    title.tabIndex = -1;
    return title;
  }

  async function answer(moved) {
    const request = Object.fromEntries(questions.map(({ key }, k) => [key, given[k]]));
    const told = await askAdvice(request);
    if (!told) {
      if (given.length === questions.length) given = given.slice(0, -1);
      path();
      return;
    }
    const title = heading(told.advice);
    title.classList.add("advice");
    const reasons = make("ul", "reasons");
    reasons.setAttribute("aria-label", "Reasons");
    fill(reasons, told.reasons, ({ text, source, kind }) => {
      const item = make("li");
      const said = make("span", "", text);
      said.append(make("span", "source", source));
      item.append(make("span", `from ${kind}`, FROM[kind]), said);
      return item;
    });
    const beside = make("div", "beside");
    beside.append(part("Or try", told.instead, "instead"), part("What would change it", told.change, "change"));
    $(".stage").replaceChildren(title, reasons, beside);
    if (told.models.length) $(".stage").append(models(told.models));
    if (moved) title.focus();
  }

  function part(title, text, name) {
    const element = make("div", name);
    element.append(make("h4", "", title), make("p", "", text));
    return element;
  }

  function models(names) {
    const row = make("div", "models vx-small");
    row.append(make("span", "vx-soft", "The small one of its kind, to look at:"));
    row.append(
      ...names.map((name) => {
        const button = make("button", "vx-button", name);
        button.type = "button";
        button.addEventListener("click", () => store.set("wish", { model: name }));
        return button;
      }),
    );
    return row;
  }

  $(".back").addEventListener("click", () => {
    remembered = [...given];
    given = given.slice(0, -1);
    show();
  });
  $(".again").addEventListener("click", () => {
    given = [];
    remembered = [];
    show();
  });

  async function load() {
    asked = true;
    const told = await send(server, "questions");
    asked = Boolean(told);
    if (!told) return;
    ({ questions, ways } = told);
    show(false);
    send(server, "count");
  }

  function draw() {
    if (!questions && !asked) load();
  }
  saveScreen($(".vx-panel"), () => ["which one"]);

  offer(root, server, GUIDE);
  return { topics: [], draw };
});
