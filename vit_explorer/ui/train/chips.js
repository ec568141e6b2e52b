/* The contenders of a set-up as cards: what each is, with buttons to edit and to remove it, and one to add another. */
import { button, make } from "../core/elements.js";
import * as plan from "./plan.js";

/**
 * @param {HTMLElement} root of the set-up
 * @param {ReturnType<typeof import("./draft.js").makeDraft>} draft
 * @param {() => any} lobby
 */
export function contenders(root, draft, lobby) {
  const focus = (selector) => /** @type {HTMLElement} */ (root.querySelector(selector)).focus();

  function chip(entry, i) {
    const box = make("div", "chip");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", entry.label);
    box.style.setProperty("--ink", `var(--vx-run-${i})`);
    box.classList.toggle("wrong", Object.keys(entry.wrong).length > 0);
    const tools = make("div", "tools");
    const edit = tool("Edit", () => unfold(entry), `Edit ${entry.label}`);
    edit.setAttribute("aria-expanded", String(entry === draft.edited));
    tools.append(edit);
    if (draft.entries.length > 1) tools.append(tool("×", () => remove(entry), `Remove ${entry.label}`));
    const about = plan.chipWords(entry, draft.entries, lobby()) + (Object.keys(entry.edits).length ? " · edited" : "");
    box.append(make("strong", "", entry.label), tools, make("span", "about", about));
    return box;
  }

  function tool(text, act, label) {
    const one = button(text, act, "");
    one.title = label;
    one.setAttribute("aria-label", label);
    return one;
  }

  /** Write all cards anew. */
  function show() {
    /** @type {HTMLElement[]} */
    const cards = draft.entries.map(chip);
    if (draft.entries.length && draft.entries.length < plan.MOST) {
      const add = () => {
        draft.grow();
        focus(".editor .field");
      };
      cards.push(button("+ Add a contender", add, "add"));
    }
    root.querySelector(".chips").replaceChildren(...cards);
  }

  /** Open a contender's form, or close it if it is open. */
  function unfold(entry) {
    draft.unfold(entry);
    if (draft.edited) focus(".editor .field");
    else focus(`.chip:nth-child(${draft.entries.indexOf(entry) + 1}) .tools button`);
  }

  function remove(entry) {
    draft.remove(entry);
    focus(".chip .tools button");
  }

  return { show, unfold };
}
