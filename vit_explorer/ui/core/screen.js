/* A view as it stands on screen, as a figure and as numbers: for views of which the server draws no figure. */
import { drawing } from "./drawing.js";
import { base64, fileStem } from "./files.js";
import { saveMenu } from "./save.js";
import * as store from "./store.js";
import { png } from "./svg.js";

const FIGURES = { png: "this view as it stands", svg: "the same, words as words" };

/**
 * The save menu of such a view.
 * @param {HTMLElement} panel
 * @param {string | (() => string[])} name of the view, for the file's name, to which model and picture are added; or all of it
 * @param {() => (string | number)[][]} [rows] its numbers, a line of names first; those of its table, if it has one, if not given
 */
export function saveScreen(panel, name, rows = panel.querySelector("table") && (() => tableRows(panel))) {
  const words = () => {
    const { trace, model } = store.state;
    return typeof name === "string" ? [model.name, trace.picture.title, name] : name();
  };
  const picture = () => drawing(panel, words().join(", "));
  const files = {
    png: { mime: "image/png", made: () => png(picture()) },
    svg: { mime: "image/svg+xml", made: () => new Blob([picture()]) },
    csv: { mime: "text/csv", made: () => new Blob([csv(rows())]) },
  };
  const send = async (/** @type {any} */ { format }) => {
    const { mime, made } = files[format];
    return { filename: `${fileStem(words())}.${format}`, mime, data: await base64(await made()) };
  };
  return saveMenu(panel, send, () => ({}), rows ? { csv: "its numbers" } : {}, FIGURES);
}

const tableRows = (panel) =>
  [...panel.querySelectorAll("table tr")].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));

/** With the mark by which spreadsheets know UTF-8. @param {(string | number)[][]} rows */
export function csv(rows) {
  const cell = (value) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  return `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}
