/* The fold of one contender in the set-up: a field for everything that a person may change, its range beside it. */
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import * as plan from "./plan.js";
import * as words from "./words.js";

/**
 * Draw the fields of a contender.
 * @param {HTMLElement} box
 * @param {{entry: any, entries: any[], lobby: import("./types").Lobby, data: string, changed: () => void, close: () => void}} what
 */
export function show(box, { entry, entries, lobby, data, changed, close }) {
  const heading = make("div", "heading");
  const done = make("button", "vx-button", "Done");
  done.type = "button";
  done.addEventListener("click", close);
  heading.append(make("strong", "", "Advanced settings"), done);
  box.style.setProperty("--ink", `var(--vx-run-${entries.indexOf(entry) % 4})`);
  const { teachers } = lobby.datasets.find(({ name }) => name === data);
  const lists = { ...lobby.choices, teacher: teachers, start: plan.starts(entry, lobby, data) };
  const fields = Object.entries(words.FIELDS).map(([field, name]) =>
    lists[field]
      ? choice(field, name, entry, words.CHOICE_WORDS[field], lists[field], changed)
      : typed(field, name, entry, lobby, data, changed),
  );
  const another = () => {
    if (!plan.starts(entry, lobby, data).includes(plan.recipe(entry).start)) set(entry, "start", "");
    changed();
    show(box, { entry, entries, lobby, data, changed, close });
    box.querySelectorAll("select")[0].focus();
  };
  box.replaceChildren(heading, label(entry, entries, changed), model(entry, lobby, another), ...fields);
}

function field(name, input, range = "") {
  const [box, below] = [make("label"), make("span", "range", range)];
  box.append(make("span", "label", name), input, below);
  return { box, below };
}

/** A text field that tells beside it what it takes; what is wrong stays in it and in `entry.wrong`. */
function text(name, value, hint, entry, key, { check, put }, changed) {
  const input = make("input", "field");
  input.value = value;
  input.spellcheck = false;
  const { box, below } = field(name, input, hint);
  const look = () => {
    const problem = check(input.value);
    entry.wrong = { ...entry.wrong };
    if (problem) entry.wrong[key] = `${name} ${problem}`;
    else delete entry.wrong[key];
    below.textContent = problem || hint;
    input.setAttribute("aria-invalid", String(Boolean(problem)));
    for (const one of [input, below]) one.classList.toggle("bad", Boolean(problem));
    if (!problem) put(input.value);
    changed();
  };
  input.addEventListener("input", look);
  input.dataset.field = key;
  if (entry.wrong && entry.wrong[key] !== undefined) {
    input.value = entry.typed && entry.typed[key] !== undefined ? entry.typed[key] : value;
    look();
  }
  return box;
}

function label(entry, entries, changed) {
  return text(
    "Name",
    entry.label,
    "letters, digits, spaces",
    entry,
    "label",
    {
      check: (name) => {
        if (!plan.LABEL.test(name)) return "takes letters, digits, spaces and , . _ + -, at most 40";
        return entries.some((other) => other !== entry && other.label.toLowerCase() === name.toLowerCase())
          ? "is taken by another contender"
          : null;
      },
      put: (name) => (entry.label = name),
    },
    changed,
  );
}

function typed(key, name, entry, lobby, data, changed) {
  const value = plan.recipe(entry)[key];
  const range = plan.rangeWords(plan.range(lobby, key, data));
  const hint = key === "subset" ? `${range}; empty for all` : range;
  const shown = value === null || value === undefined ? "" : key === "lr" ? format.small(value) : String(value);
  return text(
    name,
    shown,
    hint,
    entry,
    key,
    {
      check: (given) => plan.wrong(key, given, lobby, data),
      put: (given) => set(entry, key, plan.number(given)),
    },
    changed,
  );
}

function set(entry, key, value) {
  if (JSON.stringify(entry.base[key]) === JSON.stringify(value)) delete entry.edits[key];
  else entry.edits[key] = value;
}

function select(name, value, options, put) {
  const input = make("select", "vx-select");
  fill(input, options, ([key, words]) => {
    const option = make("option", "", words);
    option.value = key;
    return option;
  });
  input.value = value;
  input.addEventListener("change", () => put(input.value));
  return field(name, input).box;
}

function choice(key, name, entry, words, choices, changed) {
  return select(
    name,
    plan.recipe(entry)[key],
    choices.map((one) => [one, words[one] || one]),
    (value) => {
      set(entry, key, value);
      changed();
    },
  );
}

function model(entry, lobby, changed) {
  return select(
    "Model",
    plan.recipe(entry).model,
    lobby.models.map(({ key, title }) => [key, title]),
    (value) => {
      set(entry, "model", value);
      changed();
    },
  );
}
