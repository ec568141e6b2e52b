/* The list of scenes: named, annotated, put in order, shown and deleted by pointer and keys. */
import { fill, make } from "../core/elements.js";
import { hush } from "../core/say.js";
import { reordered, withWords, wordsOf } from "./scenes.js";

const LONGEST = 160; // letters of a name or a note
const ACTS = { show: ["Show", "show"], up: ["↑", "move up"], down: ["↓", "move down"], drop: ["Delete", "delete"] };

/**
 * @param {HTMLDialogElement} dialog
 * @param {{scenes: () => string[], here: () => number, keep: (next: string[]) => void, add: (say: (sentence: string) => void) => void, copy: (say: (sentence: string) => void) => Promise<string>, show: (index: number) => void, begin: () => void, titleOf: (scene: string) => string}} deck
 */
export function sceneList(dialog, { scenes, here, keep, add, copy, show, begin, titleOf }) {
  const $ = (selector) => /** @type {HTMLElement} */ (dialog.querySelector(selector));

  /** A button that can do nothing now keeps its place: the next click meets what it was meant for. @param {string} selector @param {boolean} able */
  function enable(selector, able) {
    /** @type {HTMLButtonElement} */ ($(selector)).disabled = !able;
  }

  /** @param {string} [told] what was done */
  function list(told = "") {
    const all = scenes();
    fill($("ol"), all, (_, k) => row(all[k], k, all.length));
    for (const button of [".from-first", ".copy-all"]) enable(button, all.length > 0);
    enable(".keep-this", here() < 0);
    $(".by-hand").hidden = true;
    $(".told").textContent = told || (all.length ? "" : "No scene is kept yet.");
  }

  /** @param {string} scene @param {number} k @param {number} count */
  function row(scene, k, count) {
    const item = make("li");
    if (k === here()) item.setAttribute("aria-current", "true");
    const usual = titleOf(withWords(scene, { called: "" }));
    item.append(
      make("span", "place", String(k + 1)),
      field(k, "called", `Name of scene ${k + 1}`, usual),
      field(k, "note", `Your notes on scene ${k + 1}`, "Your notes, for the second window (N)"),
    );
    for (const [act, [words, does]] of Object.entries(ACTS)) {
      const button = make("button", `vx-button ${act}`, words);
      button.type = "button";
      button.setAttribute("aria-label", `Scene ${k + 1}, ${titleOf(scene)}: ${does}`);
      button.disabled = (act === "up" && k === 0) || (act === "down" && k === count - 1);
      button.addEventListener("click", () => perform(act, k));
      item.append(button);
    }
    return item;
  }

  /** @param {number} k @param {"called" | "note"} key @param {string} label @param {string} placeholder */
  function field(k, key, label, placeholder) {
    const input = make("input", `vx-select ${key}`);
    Object.assign(input, { type: "text", maxLength: LONGEST, placeholder, value: wordsOf(scenes()[k])[key] });
    input.setAttribute("aria-label", label);
    input.addEventListener("input", () => keep(scenes().with(k, withWords(scenes()[k], { [key]: input.value }))));
    return input;
  }

  /** @param {string} act @param {number} k */
  function perform(act, k) {
    const all = scenes();
    if (act === "show") {
      dialog.close();
      return show(k);
    }
    const to = act === "drop" ? k : k + (act === "up" ? -1 : 1);
    keep(act === "drop" ? all.toSpliced(k, 1) : reordered(all, k, to));
    const left = scenes().length;
    list(
      act === "drop"
        ? `Deleted; ${left} ${left === 1 ? "scene is" : "scenes are"} left.`
        : `Scene ${k + 1} is now scene ${to + 1} of ${left}.`,
    );
    const beside = dialog.querySelectorAll("li")[Math.min(to, left - 1)];
    const buttons = /** @type {HTMLButtonElement[]} */ ([...(beside?.querySelectorAll(`.${act}, .up, .down`) ?? [])]);
    const next = buttons.find((one) => one.matches(`.${act}`) && !one.disabled) ?? buttons.find((one) => !one.disabled);
    (next ?? $(".shut")).focus(); // the keyboard stays with the scene that was moved
  }

  $(".from-first").addEventListener("click", () => {
    dialog.close();
    begin();
  });
  $(".keep-this").addEventListener("click", () => {
    add(list);
    $(".shut").focus(); // its button can do no more
  });
  $(".copy-all").addEventListener("click", async () => {
    const link = await copy((sentence) => $(".told").replaceChildren(sentence));
    const field = /** @type {HTMLInputElement} */ ($(".by-hand"));
    field.hidden = !link;
    field.value = link;
    if (link) field.select();
  });
  $(".shut").addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", (event) => event.stopPropagation()); // Escape closes it, and leaves no stage
  return {
    open() {
      hush();
      list();
      dialog.showModal();
    },
    close: () => dialog.close(),
  };
}
