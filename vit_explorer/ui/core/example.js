/* The lines of Python behind a view: with the name of the model on screen, and copied on demand. */
import { say } from "./say.js";
import * as store from "./store.js";

const MODEL = /load_checkpoint\("[^"]+"\)(?=\nimage)/;

/** An example with the model on screen in place of its own. @param {string} script @param {string} model */
export const withModel = (script, model) => script.replace(MODEL, `load_checkpoint(${JSON.stringify(model)})`);

export function followExamples() {
  document.addEventListener(
    "toggle",
    ({ target }) => {
      const model = store.get("model");
      if (!(target instanceof HTMLDetailsElement) || !target.matches(".vx-python[open]") || !model) return;
      const code = target.querySelector("code");
      code.textContent = withModel(code.textContent, model.name);
    },
    true,
  );
  document.addEventListener("click", async ({ target }) => {
    const button = target instanceof Element ? target.closest(".vx-python .copy") : null;
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    } catch {
      say("The browser did not allow copying: mark the lines and copy them yourself.");
    }
  });
}
