/* "Keep this model": a name, and the model stands in the page's list, where every tab works on it. */
import { make } from "../core/elements.js";
import * as store from "../core/store.js";
import { openTab } from "../core/tabs.js";
import * as calls from "./calls.js";

const NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;
const RULE = "a name of small letters, digits and hyphens, at most 40";
const kept = new Map(); // "race/label" -> the name it was kept under
const drawn = new WeakMap(); // box -> what it shows

/** A name that no model has yet. */
function suggestion(contender) {
  const taken = new Set(((store.get("catalogue") || {}).models || []).map(({ name }) => name));
  const base = `${contender.label}-${/^[\w-]+$/.test(contender.recipe.data) ? contender.recipe.data : "own"}`
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .slice(0, 34);
  let [name, n] = [`my-${base}`, 2];
  while (taken.has(name)) name = `my-${base}-${n++}`;
  return name;
}

/** Draw the row of a card: nothing while it trains, a button, the form, or where to see the kept model. */
export function show(box, race, contender) {
  const key = `${race.name}/${contender.label}`;
  const able = ["finished", "paused", "failed"].includes(race.state) && contender.steps.length > 0;
  const state = kept.has(key) ? `kept ${kept.get(key)}` : able ? "offer" : "none";
  if (drawn.get(box) === state || (drawn.get(box) === "form" && state === "offer")) return;
  drawn.set(box, state);
  if (state === "none") box.replaceChildren();
  else if (state === "offer") offer(box, race, contender);
  else
    seen(
      box,
      kept.get(key),
      contender.snapshots.some(({ positions }) => positions),
    );
}

function button(text, act, className = "vx-button") {
  const one = make("button", className, text);
  one.type = "button";
  one.addEventListener("click", act);
  return one;
}

function offer(box, race, contender) {
  box.replaceChildren(button("Keep this model", () => form(box, race, contender), "vx-button keep-model"));
}

function form(box, race, contender) {
  drawn.set(box, "form");
  const input = make("input");
  input.value = suggestion(contender);
  input.maxLength = 40;
  input.spellcheck = false;
  input.setAttribute("aria-label", `Name for ${contender.label}: ${RULE}`);
  const told = make("span", "told");
  told.setAttribute("role", "status");
  const send = button("Keep", () => keep(), "vx-button primary");
  const back = button("Cancel", () => {
    offer(box, race, contender);
    drawn.set(box, "offer");
    box.querySelector("button").focus();
  });
  const say = (text, bad) => {
    told.textContent = text;
    told.classList.toggle("bad", bad);
  };
  async function keep() {
    const name = input.value.trim();
    if (!NAME.test(name)) return say(`Give ${RULE}.`, true);
    const request = { race: race.name, label: contender.label, name };
    send.disabled = true;
    say("Keeping: its accuracy on all test pictures is looked up or measured…", false);
    const answer = await calls.order("keep", request, { say: (sentence) => say(sentence, true) });
    send.disabled = false;
    if (!answer) return undefined;
    kept.set(`${race.name}/${contender.label}`, name);
    store.set("refresh", { kept: name });
    drawn.delete(box);
    show(box, race, contender);
    box.querySelector("button").focus();
    return undefined;
  }
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") keep();
    if (event.key === "Escape") back.click();
  });
  box.replaceChildren(input, send, back, told);
  input.focus();
  input.select();
}

function seen(box, name, hasPositions) {
  const words = make("span", "told", `Kept as ${name}: every tab works on it.`);
  const go = button(hasPositions ? "See its positions" : "Classify with it", () => {
    store.set("wish", { model: name });
    openTab(hasPositions ? "positions" : "classify");
  });
  box.replaceChildren(words, go);
}
