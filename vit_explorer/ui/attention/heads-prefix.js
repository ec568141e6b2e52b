/* A button for each token in front of the patches, which makes it the query. */
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import * as store from "../core/store.js";
import { prefixNames, tokenOfIndex } from "../core/tokens.js";

const INKED = ["CLS", "distillation"]; // those with a colour of their own

/** @param {HTMLElement} row */
export function prefixButtons(row) {
  const buttons = () => /** @type {HTMLButtonElement[]} */ ([...row.children]);
  return {
    list(/** @type {number} */ nPrefix) {
      const names = prefixNames();
      if (
        buttons()
          .map(({ dataset }) => dataset.token)
          .join() === names.join()
      )
        return;
      fill(row, names, (name, index) => {
        const button = make(
          "button",
          `vx-button ${INKED.includes(name) ? name.toLowerCase() : "register"}`,
          format.capital(name),
        );
        button.type = "button";
        button.dataset.token = name;
        button.addEventListener("click", () => store.pin(tokenOfIndex(index, nPrefix)));
        return button;
      });
    },
    press(/** @type {number} */ token, /** @type {number} */ nPrefix) {
      for (const [index, button] of buttons().entries())
        button.setAttribute("aria-pressed", String(token === tokenOfIndex(index, nPrefix)));
    },
  };
}
