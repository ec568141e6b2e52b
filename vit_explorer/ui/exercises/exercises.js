/* The sheet: three exercises with doors to the views that show what they ask for, and answers that are checked. */
import { fill, make } from "../core/elements.js";
import { outOf } from "../core/format.js";
import { go } from "../core/link.js";
import { saveScreen } from "../core/screen.js";
import { ask } from "../core/server.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import { CHECKS, isRight, SIZES } from "./checks.js";
import { SHEET } from "./sheet.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  /** @type {import("../core/payloads").CostsPayload | null} */
  let costs = null; // once they are asked for

  // ---- the sheet ---------------------------------------------------------------------------------------------------
  /** @param {import("./sheet.js").Exercise} exercise */
  function section(exercise) {
    const [panel, list, foot] = [make("section", "vx-panel"), make("ol"), make("div", "vx-row foot")];
    const [button, count] = [make("button", "vx-button primary check", "Check"), make("span", "count vx-small")];
    const title = make("h3", "", exercise.title);
    button.type = "button";
    button.setAttribute("aria-label", `Check exercise ${exercise.title}`);
    count.setAttribute("role", "status");
    button.addEventListener("click", () => check(exercise, panel));
    fill(list, exercise.tasks, (task, index) => item(task, `vx-exercise-${exercise.id}-${index + 1}`));
    foot.append(button, count);
    panel.append(title, make("p", "vx-small aim", exercise.aim), list, foot);
    return panel;
  }

  /** @param {import("./sheet.js").Task} task @param {string} id */
  function item(task, id) {
    const line = make("li");
    if ("link" in task) {
      const door = make("button", "vx-button door", `${task.door} →`);
      door.type = "button";
      door.addEventListener("click", () => go(task.link));
      line.append(make("span", "say", task.say), " ", door);
      return line;
    }
    const field = task.options ? options(task.options) : make("input", "vx-select");
    if (field instanceof HTMLInputElement)
      Object.assign(field, { type: "text", inputMode: "decimal", autocomplete: "off" });
    field.id = id;
    field.dataset.check = task.check;
    const label = make("label", "say", task.say);
    label.htmlFor = id;
    const result = make("span", "result vx-small");
    line.append(label, " ", field, make("span", "unit vx-small vx-soft", task.unit || ""), result);
    field.addEventListener("input", () => mark(result, "", ""));
    return line;
  }

  /** @param {string[]} names */
  function options(names) {
    const select = make("select", "vx-select");
    fill(select, ["", ...names], (name) => make("option", "", name));
    return select;
  }

  // ---- checking ----------------------------------------------------------------------------------------------------
  /** @param {HTMLElement} result @param {string} state @param {string} words */
  function mark(result, state, words) {
    result.dataset.state = state;
    result.textContent = words;
  }

  /** @param {import("./sheet.js").Exercise} exercise @param {HTMLElement} panel */
  async function check(exercise, panel) {
    costs ??= await ask(server, "costs", SIZES);
    const facts = { state: store.state, costs };
    const fields = [...panel.querySelectorAll("[data-check]")];
    let right = 0;
    for (const field of fields) {
      const result = field.parentElement.querySelector(".result");
      const known = CHECKS[field.dataset.check](facts);
      const answer = field instanceof HTMLSelectElement ? field.selectedIndex - 1 : field.value;
      if (answer === -1 || answer === "") mark(result, "", "");
      else if (known.why) mark(result, "open", known.why);
      else {
        const good = isRight(known, answer);
        right += Number(good);
        mark(result, good ? "right" : "wrong", good ? "✓ right" : "✗ not yet: look again");
      }
    }
    panel.querySelector(".count").textContent = `${outOf(right, fields.length)} right`;
  }

  fill($(".sheet"), SHEET, section);
  $(".intro .vx-row").append(saveScreen(root, () => ["exercises"]));
  $(".print").addEventListener("click", () => window.print());
});
