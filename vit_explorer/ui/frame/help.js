/* Help: what can be done in the open view, anything looked up, the keys, who sees a link, and the way back to the start. */
import { button, make } from "../core/elements.js";
import { address, go, inLink, startOver, touch } from "../core/link.js";
import { cellAt } from "../core/pointer.js";
import { hush } from "../core/say.js";
import { ask } from "../core/server.js";
import { setting, words } from "../core/setting.js";
import { ofBrowser } from "../core/storage.js";
import * as store from "../core/store.js";
import * as tabs from "../core/tabs.js";
import { widget } from "../core/widget.js";
import { ANSWERS } from "./answers.js";
import * as here from "./here.js";
import { KEPT, whoOpens } from "./scenes.js";
import { PLACES } from "./term-places.js";
import { NOTHING, search } from "./words.js";

/** @typedef {import("./words.js").Entry & {element: () => HTMLElement}} Shown */

/** What the button to a place says. @param {string} link of an entry */
function nameOf(link) {
  const { tab, sub, present } = Object.fromEntries(new URLSearchParams(link));
  if (present) return "Present";
  return tab ? [tab, sub].filter(Boolean).map(tabs.nameOf).join(" · ") : `Back to ${here.place()}`;
}

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const dialog = /** @type {HTMLDialogElement} */ ($(".sheet"));
  const field = /** @type {HTMLInputElement} */ ($(".sought"));
  const sections = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("section")]); // what stands here without a search
  let terms = []; // of the glossary
  let all = false; // whether the whole glossary is listed

  // ---- what is shown ---------------------------------------------------------------------------------------------
  /** @param {(string | Node)[]} title @param {string} text @param {string | undefined} link to where it is done @param {string} [note] */
  function article(title, text, link, note = "") {
    const [made, heading] = [make("article"), make("h3")];
    heading.append(...title);
    made.append(heading, make("p", "", text));
    if (note) made.append(make("p", "vx-small vx-soft", note));
    if (link !== undefined) made.append(button(nameOf(link), () => leave(link)));
    return made;
  }

  /** @param {import("../core/payloads").WordPayload} term @returns {Shown} */
  function ofTerm({ names, text, section }) {
    const [link, also = ""] = PLACES[names[0]] ?? [];
    return { names, text, also, element: () => article([names.join(", ")], text, link, `Glossary, ${section}`) };
  }

  /** @param {HTMLElement} line of the keys @returns {Shown} */
  function ofKey(line) {
    const names = [...line.querySelectorAll("kbd")].map((key) => key.textContent);
    const text = line.nextElementSibling.textContent;
    return {
      names,
      text,
      also: line.dataset.also,
      element: () => article([...line.cloneNode(true).childNodes], text, line.dataset.go),
    };
  }

  /** Everything that can be looked up; of equals the first is shown first. @returns {Shown[]} */
  const entries = () => [
    ...ANSWERS.map(({ title, text, go: link, also }) => {
      const said = text.replace("{minutes}", String(minutes()));
      return { names: [title], text: said, also, element: () => article([title], said, link) };
    }),
    ...sections.map((section) => ({
      names: [section.querySelector("h3").firstChild.textContent],
      text: section.querySelector("div")?.textContent ?? "",
      also: section.dataset.also,
      element: () => section,
    })),
    ...[.../** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".keys dt"))].map(ofKey),
    ...terms.map(ofTerm),
  ];

  /** The entries that the field's text asks for; without a text the glossary, or what stands here. */
  function list() {
    const text = field.value.trim();
    const { best, held } = search(entries(), text);
    const listed = text ? best : all ? terms.map(ofTerm) : null;
    const shown = listed?.map(({ element }) => element()) ?? sections;
    for (const old of root.querySelectorAll("article")) old.remove();
    for (const section of sections) section.hidden = !shown.includes(section);
    $(".body").append(...shown);
    $(".body").scrollTop = 0;
    $(".all").setAttribute("aria-expanded", String(all));
    $(".all").textContent = all ? "Back to help" : "All words";
    const counted = held > best.length ? `The best ${best.length} of ${held}` : `${held} found`;
    $(".count").textContent = text ? (held ? counted : NOTHING) : all ? `${terms.length} words` : "";
  }

  const minutes = () => store.state.catalogue?.kept_minutes ?? 0;

  /** What depends on the view, the address and the server. */
  function describe() {
    $(".place").textContent = here.place();
    const lines = here.lines();
    $(".here dl").replaceChildren(...lines.flatMap(([kind, text]) => [make("dt", "", kind), make("dd", "", text)]));
    $(".who").textContent = whoOpens(address(), minutes());
    for (const one of root.querySelectorAll(".minutes")) one.textContent = String(minutes());
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

  /** Close it, and go where something is done. @param {string} link "": here */
  function leave(link) {
    close();
    if (link) go(link);
  }

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
  for (const door of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("button[data-go]")))
    door.addEventListener("click", () => leave(door.dataset.go));
  $(".copy").addEventListener("click", () => {
    close();
    store.set("copying", store.state.copying + 1 || 1);
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
