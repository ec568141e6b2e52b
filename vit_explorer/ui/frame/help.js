/* Help: what can be done in the open view, a word looked up, the keys, who sees a link, and the way back to the start. */
import { fill, make } from "../core/elements.js";
import { address, go, inLink, startOver, touch } from "../core/link.js";
import { cellAt } from "../core/pointer.js";
import { hush } from "../core/say.js";
import { ask } from "../core/server.js";
import { setting, words } from "../core/setting.js";
import { ofBrowser } from "../core/storage.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import * as here from "./here.js";
import { KEPT, whoOpens } from "./scenes.js";
import { about, found, NOTHING } from "./words.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const dialog = /** @type {HTMLDialogElement} */ ($(".sheet"));
  const field = /** @type {HTMLInputElement} */ ($(".sought"));
  let terms = []; // of the glossary
  let all = false; // whether the whole glossary is listed

  // ---- what is shown ---------------------------------------------------------------------------------------------
  /** The topics that the field's text is about and the entries that hold it; without a text all topics but the answers to questions. */
  function list() {
    const text = field.value.trim();
    const topics =
      text || all ? [...root.querySelectorAll("section")].filter(({ dataset }) => about(dataset.topic, text)) : null;
    for (const section of root.querySelectorAll("section"))
      section.hidden = topics ? !topics.includes(section) : section.matches(".answer");
    const entries = text || all ? found(terms, text) : [];
    fill($(".entries"), entries, (_, k) => {
      const { names, text: said, section } = entries[k];
      const entry = make("article");
      entry.append(make("h3", "", names.join(", ")), make("p", "", said), make("p", "vx-small vx-soft", section));
      return entry;
    });
    $(".body").scrollTop = 0;
    $(".all").setAttribute("aria-expanded", String(all));
    $(".all").textContent = all ? "Back to help" : "All words";
    const counted = entries.length ? `${entries.length} of ${terms.length} words` : NOTHING;
    $(".count").textContent = topics && (entries.length || !topics.length) ? counted : "";
  }

  /** What depends on the view, the address and the server. */
  function describe() {
    $(".place").textContent = here.place();
    const lines = here.lines();
    $(".here dl").replaceChildren(...lines.flatMap(([kind, text]) => [make("dt", "", kind), make("dd", "", text)]));
    const minutes = store.state.catalogue?.kept_minutes ?? 0;
    $(".who").textContent = whoOpens(address(), minutes);
    for (const one of root.querySelectorAll(".minutes")) one.textContent = String(minutes);
  }

  // ---- opening and closing ---------------------------------------------------------------------------------------
  /** @param {string} text to look up */
  async function open(text) {
    if (!terms.length) terms = (await ask(server, "words"))?.terms ?? [];
    if (store.get("stage")) return; // which has keys of its own
    hush();
    field.value = text;
    all = false;
    describe();
    list();
    if (!dialog.open) dialog.showModal();
    if (text || matchMedia("(pointer: fine)").matches) field.select();
    else $("h2").focus(); // a field would call up the keyboard of a phone
    touch();
  }
  const close = () => dialog.close();

  field.addEventListener("input", () => {
    list();
    touch();
  });
  $(".all").addEventListener("click", () => {
    all = !all;
    field.value = "";
    list();
    touch();
  });
  $(".shut").addEventListener("click", close);
  $(".tour").addEventListener("click", () => {
    close();
    go("tour=1");
  });
  for (const door of root.querySelectorAll("[data-go]"))
    door.addEventListener("click", () => {
      close();
      go(door.dataset.go);
    });
  $(".start-over").addEventListener("click", () => {
    ofBrowser.set(KEPT, "");
    close();
    startOver();
  });
  dialog.addEventListener("close", touch);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && !cellAt(event, dialog, 1, 1)) close(); // beside it; its own edge is the dialog too
  });
  dialog.addEventListener("keydown", (event) => event.stopPropagation()); // Escape closes it, and ends no tour
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.closest("input:not([type=range]), textarea, select");
    if (event.key === "?" && !typing && !document.querySelector("dialog[open]")) open("");
  });
  store.on("stage", (on) => on && close()); // an unseen dialog would lock the page
  store.on("helping", (wanted) => wanted && open(""));
  inLink(root, {
    words: setting(
      words(60),
      () => (dialog.open ? field.value.trim() || null : null),
      (text) => (text ? open(text) : close()),
    ),
  });
});
