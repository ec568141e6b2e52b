/* The presets of a race: the first few are in sight, the others behind a button; arrow keys choose. */
import { button, fill, make } from "../core/elements.js";

const FIRST = 3; // presets that are in sight at first

/** @param {HTMLElement} root of the set-up @param {ReturnType<typeof import("./draft.js").makeDraft>} draft @param {() => any} lobby */
export function presets(root, draft, lobby) {
  const $ = (/** @type {string} */ selector) => /** @type {any} */ (root.querySelector(selector));
  let all = false; // whether all were asked for

  function build() {
    fill($(".presets"), lobby().presets, ({ name, title, teaches }) => {
      const one = button("", () => draft.choosePreset(name), "preset");
      one.dataset.name = name;
      one.title = teaches;
      one.setAttribute("role", "radio");
      one.append(make("strong", "", title), make("span", "", teaches));
      return one;
    });
    $(".others").textContent = `${lobby().presets.length - FIRST} more`;
  }

  /** Mark the chosen one, and say what it teaches. */
  function show() {
    if ($(".teaches").textContent !== draft.preset.teaches) $(".teaches").textContent = draft.preset.teaches;
    const few = !all && lobby().presets.indexOf(draft.preset) < FIRST;
    for (const [k, one] of [...$(".presets").children].entries()) {
      const chosen = one.dataset.name === draft.preset.name;
      one.setAttribute("aria-checked", String(chosen));
      one.tabIndex = chosen ? 0 : -1;
      one.hidden = few && k >= FIRST;
    }
    $(".others").hidden = !few;
  }

  $(".others").addEventListener("click", () => {
    all = true;
    show();
    $(".presets").children[FIRST].focus();
  });
  $(".presets").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const every = lobby().presets;
    draft.choosePreset(every[(every.indexOf(draft.preset) + step + every.length) % every.length].name);
    $('.preset[aria-checked="true"]').focus();
  });
  return { build, show };
}
