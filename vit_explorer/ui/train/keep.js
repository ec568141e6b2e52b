/* "Keep this model": a name, and the model stands in the page's list and is chosen, so that the views show it. "More epochs" sets
 * a race up that goes on from the kept weights.
 */
import { button, make } from "../core/elements.js";
import { go } from "../core/link.js";
import { isUnderWay } from "../core/race-states.js";
import * as store from "../core/store.js";
import * as calls from "./calls.js";
import * as races from "./data.js";
import * as plan from "./plan.js";
import { modelName } from "./words.js";

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

const RESTS = ["finished", "paused", "failed"]; // states of a race whose contenders can be kept as they stand

/** Draw the row of a card: nothing where this visitor keeps no models of it, a button, which waits for the end of its training, the form, or where to see the kept model. */
export function show(box, race, contender) {
  const key = `${race.name}/${contender.label}`;
  const able = contender.finished || (RESTS.includes(race.state) && contender.steps.length > 0);
  const due = isUnderWay(race) && !contender.failed;
  const offered = able ? "offer" : due ? "wait" : "none";
  const state = kept.has(key) ? `kept ${kept.get(key)}` : race.keeps ? offered : "none";
  if (kept.has(key) && drawn.get(box) === state) tell(box, kept.get(key));
  if (drawn.get(box) === state || (drawn.get(box) === "form" && state === "offer")) return;
  drawn.set(box, state);
  if (state === "none") box.replaceChildren();
  else if (state === "wait") wait(box);
  else if (state === "offer") offer(box, race, contender);
  else seen(box, race, contender, kept.get(key));
}

/** What can be done once its training has come to its end, whoever else of the race still trains. */
function wait(box) {
  const later = make("button", "vx-button keep-later", "Keep this model");
  later.disabled = true;
  box.replaceChildren(later, make("span", "vx-small vx-soft", "when finished"));
}

function offer(box, race, contender) {
  box.replaceChildren(
    button("Keep this model", () => form(box, race, contender), "vx-button keep-model"),
    ...further(box, race, contender),
  );
}

/** The button that goes on from a contender that came to its end; it keeps the model first, under the suggested name. */
function further(box, race, contender) {
  if (!contender.finished) return [];
  const more = button(
    "More epochs",
    async () => {
      more.disabled = true;
      const name = kept.get(`${race.name}/${contender.label}`) || suggestion(contender);
      const told = make("span", "told bad");
      told.setAttribute("role", "status");
      const done = await keepAs(race, contender, name, (sentence) => {
        told.textContent = sentence;
        box.append(told);
      });
      more.disabled = false;
      if (!done) return;
      show(box, race, contender);
      await races.refreshLobby();
      const next = { label: plan.continued(contender.label), recipe: contender.recipe, edits: { start: name } };
      const from = { contenders: [next], preset: race.preset, probe: race.probe };
      store.set("setup", { open: true, from, sought: true });
    },
    "vx-button more-epochs",
  );
  more.title = "Set up a race that starts from this model's weights";
  return [more];
}

/** Keep a contender's model unless it is kept already; false where the server refuses, which `say` is told. */
async function keepAs(race, contender, name, say) {
  const key = `${race.name}/${contender.label}`;
  if (kept.has(key)) return true;
  const answer = await calls.order("keep", { race: race.name, label: contender.label, name }, { say });
  if (!answer) return false;
  kept.set(key, name);
  store.set("refresh", { kept: name });
  return true;
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
    const name = modelName(input.value);
    input.value = name; // what it will be called
    if (!NAME.test(name)) return say(`Give ${RULE}.`, true);
    send.disabled = true;
    say("Keeping: its accuracy on all test pictures is looked up or measured…", false);
    const done = await keepAs(race, contender, name, (sentence) => say(sentence, true));
    send.disabled = false;
    if (!done) return undefined;
    store.set("wish", { model: name });
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

function seen(box, race, contender, name) {
  const hasPositions = contender.snapshots.some(({ positions }) => positions);
  const words = make("span", "told");
  words.setAttribute("role", "status");
  const door = button(hasPositions ? "See its positions" : "Classify with it", () => {
    store.set("wish", { model: name });
    go(`tab=${hasPositions ? "positions" : "classify"}`);
  });
  box.replaceChildren(words, door, ...further(box, race, contender));
  tell(box, name);
}

/** Say where a kept model is, and whether the views show it. */
function tell(box, name) {
  const chosen = store.get("model")?.name === name;
  const words = `Kept as ${name}${chosen ? " and chosen: every view shows it now." : ": every view shows it once it is chosen."}`;
  const told = box.querySelector(".told");
  if (told.textContent !== words) told.textContent = words;
}
