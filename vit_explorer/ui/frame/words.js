/* The glossary in a dialog: a word is looked up by typing a part of it. */
import { fill, make } from "../core/elements.js";
import { touch } from "../core/link.js";
import { cellAt } from "../core/pointer.js";
import { ask } from "../core/server.js";
import * as store from "../core/store.js";

/** @typedef {import("../core/payloads").WordPayload} Term */

/**
 * The entries in which a text occurs: first those with a name that begins with it, then those with a name that holds it, then
 * those whose words do; all of them, in the glossary's order, for an empty text.
 * @param {Term[]} terms @param {string} text @returns {Term[]}
 */
export function found(terms, text) {
  const wanted = text.trim().toLowerCase();
  const names = (/** @type {Term} */ term) => term.names.map((name) => name.toLowerCase());
  const kinds = [
    (term) => names(term).some((name) => name.startsWith(wanted)),
    (term) => names(term).some((name) => name.includes(wanted)),
    (term) => term.text.toLowerCase().includes(wanted),
  ];
  return [...new Set(kinds.flatMap((kind) => terms.filter(kind)))];
}

/** Whether a text looks for the way back to the page as it opens, which stands below the entries. @param {string} text */
export const seeksStart = (text) => /^(start o|start ag|reset|defaults?$)/i.test(text.trim());

/** @param {HTMLElement} root of the header @param {import("../state").Server} server */
export function dictionary(root, server) {
  const dialog = /** @type {HTMLDialogElement} */ (root.querySelector(".words"));
  const $ = (selector) => /** @type {any} */ (dialog.querySelector(selector));
  const field = /** @type {HTMLInputElement} */ ($(".sought"));
  /** @type {Term[]} */
  let terms = [];

  function list() {
    const entries = found(terms, field.value);
    fill($(".entries"), entries, (_, k) => {
      const { names, text, section } = entries[k];
      const entry = make("section");
      entry.append(make("h3", "", names.join(", ")), make("p", "", text), make("p", "vx-small vx-soft", section));
      return entry;
    });
    $(".entries").scrollTop = 0;
    const start = seeksStart(field.value);
    $(".start-over").classList.toggle("primary", start);
    $(".count").textContent = start
      ? "Start over stands at the foot of this window."
      : entries.length
        ? `${entries.length} of ${terms.length} entries`
        : "No entry holds this. Try a part of the word.";
  }

  /** @param {string} text */
  async function open(text) {
    if (!terms.length) terms = (await ask(server, "words"))?.terms ?? [];
    if (!terms.length || store.get("stage")) return;
    field.value = text;
    list();
    if (!dialog.open) dialog.showModal();
    field.focus();
    field.select();
    touch();
  }

  field.addEventListener("input", () => {
    list();
    touch();
  });
  $(".shut").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", touch);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && !cellAt(event, dialog, 1, 1)) dialog.close(); // beside it; its own edge is the dialog too
  });
  dialog.addEventListener("keydown", (event) => event.stopPropagation()); // Escape closes it, and ends no tour
  store.on("stage", (on) => on && dialog.close()); // which hides the header, and an unseen dialog would lock the page
  return {
    open,
    /** What is looked up; null while the dialog is closed. */
    sought: () => (dialog.open ? field.value.trim() || null : null),
    close: () => dialog.close(),
  };
}
