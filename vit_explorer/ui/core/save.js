/* The menu by which a view is saved: the same in every view, at the top right of its panel. */
import { make } from "./elements.js";
import { saveFile } from "./files.js";
import { ask } from "./server.js";

const FIGURES = { png: "figure, pixels", svg: "figure, vectors", pdf: "figure, vectors" };

/**
 * @param {HTMLElement} panel
 * @param {import("../state").Server | ((request: object) => Promise<any>)} server whose function "export" writes the file, or
 *   such a function
 * @param {() => object | null} wanted the request but for its format; null where there is nothing to save
 * @param {Record<string, string>} data what is in the files of numbers, by their format
 */
export function saveMenu(panel, server, wanted, data, figures = /** @type {Record<string, string>} */ (FIGURES)) {
  const send = typeof server === "number" ? (/** @type {object} */ request) => ask(server, "export", request) : server;
  const [menu, summary] = [make("details", "vx-save"), make("summary", "vx-button", "Save")];
  const choices = make("div", "choices");
  menu.append(summary, choices);

  async function save(format) {
    const request = wanted();
    menu.open = false;
    summary.focus();
    if (!request) return;
    summary.textContent = "Saving…";
    const file = await send({ ...request, format });
    summary.textContent = "Save";
    if (file) saveFile(file.filename, file.mime, file.data);
  }

  for (const [format, words] of Object.entries({ ...figures, ...data })) {
    const button = make("button", "vx-button", format.toUpperCase());
    button.type = "button";
    button.dataset.format = format;
    button.append(make("small", "", words));
    button.addEventListener("click", () => save(format));
    choices.append(button);
  }
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    summary.focus();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (!menu.contains(/** @type {Node} */ (target))) menu.open = false;
  });
  panel.prepend(menu);
  return menu;
}
