/* One ingredient of the recipe, applied to the picture at hand: which one, how strong, and a roll of the dice.
 *
 * Topic "recipe": {ingredient, strengths: {ingredient: strength}, seed}. The same three give the same view.
 */
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { question } from "../core/question.js";
import { saveScreen } from "../core/screen.js";
import { index, integer, number, oneOf, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import * as views from "../core/views.js";
import { widget } from "../core/widget.js";
import * as bars from "./bars.js";
import * as scenes from "./scenes.js";
import { ingredients } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const FIRST = { ingredient: "crop-flip", strengths: {}, seed: 102 };
  let answer = null; // the newest
  let pass = 0; // of the passes with dropped branches, the one that is looked at
  let linkedPass = 0; // of a link, for the next answer

  const chosen = () => store.get("recipe") || FIRST;
  const choose = (values) => store.set("recipe", { ...chosen(), ...values });

  // ---- asking --------------------------------------------------------------------------------------------------
  function wanted(/** @type {import("../state").State} */ state) {
    const { ingredient, strengths, seed } = chosen();
    return { ...views.request(state), ingredient, strength: strengths[ingredient] ?? null, seed };
  }
  /** Whether the answer is about this picture in this model, if not about all that was chosen since. */
  const near = (/** @type {import("../state").State} */ state) =>
    answer !== null && answer.about === JSON.stringify(views.request(state));
  const { ask, fits } = question(root, server, "ingredient", {
    wanted,
    keep(told, state) {
      answer = { ...told, about: JSON.stringify(views.request(state)) };
      [pass, linkedPass] = [linkedPass, 0];
      if (answer.kind !== "depth" || pass >= answer.kept.length) pass = 0;
    },
    draw,
    refused() {
      if (chosen().ingredient in chosen().strengths) choose({ strengths: {} }); // a link's, which is not possible
    },
  });

  // ---- controls ------------------------------------------------------------------------------------------------
  inLink(
    root,
    {
      ingredient: setting(
        oneOf(...[...root.querySelectorAll("[data-ingredient]")].map(({ dataset }) => dataset.ingredient)),
        () => chosen().ingredient,
        (ingredient) => choose({ ingredient: ingredient || FIRST.ingredient }),
        FIRST.ingredient,
      ),
      strength: setting(
        number(0, 999),
        () => chosen().strengths[chosen().ingredient],
        (strength) => choose({ strengths: { ...chosen().strengths, [chosen().ingredient]: strength ?? undefined } }),
        () => answer && facts().usual,
      ),
      roll: setting(
        integer(0, 9999),
        () => chosen().seed,
        (seed) => choose({ seed: seed ?? FIRST.seed }),
        FIRST.seed,
      ),
      pass: setting(
        index,
        () => pass,
        (value) => (pass = linkedPass = value ?? 0),
        0,
      ),
    },
    () => draw(store.state),
  );
  for (const button of root.querySelectorAll("[data-ingredient]")) {
    button.addEventListener("click", () => choose({ ingredient: button.dataset.ingredient }));
  }
  /** What there is to know of the chosen ingredient: every answer says it of all, so that the controls need not wait. */
  const facts = () => answer.ingredients[chosen().ingredient];
  const setStrength = (strength) => choose({ strengths: { ...chosen().strengths, [chosen().ingredient]: strength } });
  $(".strength").addEventListener("input", (event) => {
    if (!answer) return;
    const strength = facts().values[Number(event.target.value)];
    $(".value").textContent = String(strength);
    setStrength(strength);
  });
  $(".usual").addEventListener("click", () => setStrength(facts().usual));
  $(".roll").addEventListener("click", () => choose({ seed: 1 + Math.floor(Math.random() * 9999) }));

  function showControls() {
    const { ingredient: name, strengths, seed } = chosen();
    const { what, source, look, unit, values, usual, usual_of: whose, trained } = facts();
    const strength = strengths[name] ?? usual;
    $(".what").textContent = what;
    $(".source").textContent = `${source}.`;
    $(".vx-look").textContent = look;
    $(".unit").textContent = unit;
    const slider = $(".strength");
    slider.max = values.length - 1;
    slider.value = values.indexOf(strength);
    slider.setAttribute("aria-valuetext", `${unit} ${strength}`);
    $(".value").textContent = String(strength);
    $(".usual").disabled = strength === usual;
    $(".usual").textContent = `${whose}: ${usual}`;
    const without = trained === 0 || (name === "repeats" && trained === 1);
    $(".trained").textContent =
      trained === null ? "" : `This model: ${without ? "trained without" : `trained with ${trained}`}.`;
    $(".dice").hidden = name === "smoothing" || (name === answer.ingredient && answer.kind === "none");
    $(".seed").textContent = `roll ${seed}`;
  }

  // ---- what it does ----------------------------------------------------------------------------------------------
  function show(/** @type {import("../state").State} */ state) {
    const { trace } = state;
    const seen = { ...answer, classes: trace.classes, size: trace.size, pass };
    showControls();
    const take = (seed) => choose({ seed });
    const look = (number) => {
      pass = number;
      draw(store.state);
    };
    const scene = {
      pictures: scenes.pictures,
      mix: scenes.mix,
      smoothing: scenes.smoothing,
      batch: scenes.batch,
      depth: scenes.depth,
      none: scenes.none,
    }[answer.kind];
    scene($(".scene"), seen);
    $(".parts").dataset.kind = answer.kind;
    if (answer.rolls) scenes.rolls($(".below"), seen, take);
    else if (answer.kind === "depth") scenes.passes($(".below"), seen, look);
    else $(".below").replaceChildren();
    const after = answer.kind === "depth" ? scenes.chancesOf(answer, pass) : answer.after;
    $(".outcome").textContent = bars.outcome(answer, after, trace.classes);
    $(".note").textContent = bars.note(seen);
    bars.draw($(".bars"), bars.series(answer, after), trace.classes, answer.kind === "smoothing" ? 10 : 5);
  }

  function draw(/** @type {import("../state").State} */ state) {
    if (!views.ready(state)) return;
    for (const button of root.querySelectorAll("[data-ingredient]")) {
      button.setAttribute("aria-pressed", String(button.dataset.ingredient === chosen().ingredient));
    }
    ask(state);
    root.classList.toggle("waiting", !fits(state));
    if (near(state)) show(state);
  }
  saveScreen($(".vx-panel"), "ingredient");

  offer(root, server, ingredients(wanted));
  return { topics: ["model", "trace", "recipe"], draw, predicts: true };
});
