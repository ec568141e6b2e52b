/* The mask switched on and off in a view: the switch, the network's answer with the mask and without, its shares without. */
import { make } from "../core/elements.js";
import { question } from "../core/question.js";
import { oneOf, setting } from "../core/setting.js";
import * as windows from "./data.js";
import * as wording from "./unmasked.js";

/** @typedef {import("../state").State} State */

/** The buttons of the switch, in a group. */
function buttonsOf() {
  const group = make("div", "vx-segments");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "The network with its mask or without");
  for (const which of ["on", "off"]) {
    const button = make("button", "vx-button", `Mask ${which}`);
    button.type = "button";
    button.dataset.mask = which;
    group.append(button);
  }
  return group;
}

/**
 * The switch of a view, in its `.answers`: the buttons, and the sentence `.answer`.
 * @param {HTMLElement} root @param {import("../state").Server} server
 * @param {() => void} changed the switch was pressed, or an answer has come: the view draws itself
 */
export function maskSwitch(root, server, changed) {
  const answers = root.querySelector(".answers");
  const [group, sentence] = [buttonsOf(), make("p", "answer vx-small")];
  sentence.setAttribute("role", "status");
  answers.append(group, sentence);
  const buttons = /** @type {HTMLElement[]} */ ([...group.children]);
  let masked = true;
  let both = null; // the newest answers, and the blocks without the mask
  const { ask, fits } = question(root, server, "unmasked", {
    wanted: windows.request,
    keep(told, state) {
      const { blocks } = JSON.parse(told.question);
      const seen = windows.view(state);
      const bare = new Map(blocks.map((index, k) => [index, windows.bare(seen.blocks[index], told.weights[k])]));
      both = { ...told, bare };
    },
    draw: changed,
  });
  for (const button of buttons) {
    button.addEventListener("click", () => {
      masked = button.dataset.mask === "on";
      changed();
    });
  }

  /** The answers to what is on screen, where they are known. */
  const known = (/** @type {State} */ state) => (both && fits(state) ? both : null);

  return {
    masked: () => masked,
    /** A block of the chosen pair as the network computes it with the mask off; null where that is on, or not yet known. @param {State} state */
    bare: (state, block) => (masked ? null : (known(state)?.bare.get(block.index) ?? null)),
    known,
    /** Show the switch where there is a mask and a network that names classes, and where `wanted`. @param {State} state */
    draw(state, wanted = true) {
      const seen = windows.view(state);
      answers.hidden = !wanted || !seen.classes.length || seen.blocks.every((one) => !one.masked);
      for (const button of buttons)
        button.setAttribute("aria-pressed", String((button.dataset.mask === "on") === masked));
      if (answers.hidden) return;
      if (!masked) ask(state);
      sentence.textContent = wording.answers(seen, known(state), !masked);
    },
    setting: setting(
      oneOf("on", "off"),
      () => (masked ? "on" : "off"),
      (value) => (masked = value !== "off"),
      "on",
    ),
  };
}
