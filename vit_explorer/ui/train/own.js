/* A person's own pictures in the set-up of a race: brought, read by the server, shown with what was skipped, deleted. */
import { button, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { inform } from "../core/say.js";
import * as store from "../core/store.js";
import * as bring from "./bring.js";
import * as calls from "./calls.js";
import * as races from "./data.js";
import * as words from "./own-words.js";

const POLL = 700; // ms between two questions how far the server has read
const FEW_CLASSES = 12; // that are shown without being asked for

/**
 * @param {HTMLElement} root of the widget
 * @param {(name: string) => void} choose a dataset for the race
 */
export function ownPictures(root, choose) {
  const $ = (selector) => root.querySelector(selector);
  const box = $(".own");
  let answer = null; // of "own"
  let wanted = null; // the dataset that is chosen once it has been read
  let left = 0; // files of it that stayed behind
  let told = ""; // why the last one was not taken
  /** @type {AbortController | null} */
  let sending = null;
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;

  const maxBytes = () => (store.get("catalogue") || {}).max_bytes || Infinity;
  const refuse = (sentence) => {
    told = sentence;
  };

  async function look() {
    clearTimeout(timer);
    const next = await calls.ask("own", {}, { quiet: true, say: refuse });
    if (!next) return paint();
    const ready = (list) => (list ? list.held.filter(({ state }) => state === "ready").map(({ data }) => data) : []);
    const [before, now] = [ready(answer), ready(next)];
    answer = next;
    if (before.join() !== now.join()) await races.refreshLobby();
    if (now.includes(wanted)) {
      choose(wanted);
      wanted = null;
    }
    if (answer.held.some(({ state }) => state === "reading")) timer = setTimeout(look, POLL);
    return paint();
  }

  async function take(parcel) {
    if (sending) return;
    told = "";
    sending = new AbortController();
    const { signal } = sending;
    try {
      const { name, left: behind, ...rest } = await parcel();
      if (answer && rest.size > answer.megabytes * 2 ** 20)
        throw new bring.NotBrought(words.tooLarge(name, rest.size, answer));
      paint(0);
      const ask = (what, request) => calls.order(what, request, { quiet: true, say: refuse });
      wanted = await bring.send(
        { name, left: behind, ...rest },
        ask,
        (share) => !signal.aborted && paint(share),
        signal,
      );
      left = behind;
    } catch (error) {
      told = error instanceof bring.NotBrought ? error.message : "These files cannot be read: choose them again.";
    }
    sending = null;
    await look();
  }

  async function remove({ data, title }) {
    if (!(await calls.order("drop_own", { data }))) return;
    told = "";
    inform(`${title} has been deleted.`);
    await look();
    $(".own .pick-folder").focus();
  }

  // ---- what is here --------------------------------------------------------------------------------------------
  function card(one) {
    const made = make("article", `held ${one.state}`);
    const head = make("header");
    head.append(
      make("strong", "", one.title),
      labelled("Delete", () => remove(one), `Delete ${one.title} from the server`),
    );
    made.append(head, make("p", "vx-small", words.about(one)));
    if (one.state === "reading") {
      const bar = make("progress");
      bar.setAttribute("aria-label", `Reading ${one.title}`);
      if (one.total) [bar.max, bar.value] = [one.total, one.done];
      made.append(bar);
    }
    if (one.state !== "ready") return made;
    made.append(counts(one), ...remarks(one));
    const use = labelled("Race on them", () => choose(one.data), `Race on ${one.title}`);
    use.classList.add("primary");
    head.insertBefore(use, head.lastChild);
    return made;
  }

  function counts(one) {
    const list = make("ul", "classes");
    const most = Math.max(...one.classes.map(({ train, test }) => train + test));
    const few = one.classes.slice(0, FEW_CLASSES).map(({ name, train, test }) => {
      const row = make("li");
      const bar = make("i");
      bar.style.setProperty("--share", String((train + test) / most));
      row.append(
        make("span", "name", name),
        bar,
        make("span", "vx-number", `${format.count(train)} + ${format.count(test)}`),
      );
      return row;
    });
    if (one.n_classes > few.length) few.push(make("li", "vx-soft", `and ${one.n_classes - few.length} more classes`));
    list.append(...few);
    list.setAttribute("aria-label", "Classes, with their training and test pictures");
    return list;
  }

  function remarks(one) {
    const found = one.notes.map((note) => make("p", "vx-small vx-soft", note));
    if (one.data === wanted && left) found.push(make("p", "vx-small vx-soft", words.leftBehind(left)));
    if (!one.n_skipped) return found;
    const skipped = make("details", "vx-small");
    const list = make("ul");
    list.append(...one.skipped.map(({ name, reason }) => make("li", "", `${name}: ${reason}`)));
    if (one.n_skipped > one.skipped.length)
      list.append(make("li", "vx-soft", `and ${format.count(one.n_skipped - one.skipped.length)} more`));
    skipped.append(make("summary", "", words.skipped(one.n_skipped)), list);
    return [...found, skipped];
  }

  function labelled(text, act, label) {
    const one = button(text, act);
    one.setAttribute("aria-label", label);
    return one;
  }

  // ---- drawing -------------------------------------------------------------------------------------------------
  /** @param {number | null} share of the files that has arrived, null while none are sent */
  function paint(share = null) {
    const busy = sending !== null;
    for (const one of [$(".own .pick-folder"), $(".own .pick-file")]) one.disabled = busy;
    $(".own .sending").hidden = !busy;
    if (busy) $(".own .sending progress").value = share || 0;
    $(".own .sending .words").textContent = busy ? words.sending(share || 0) : "";
    $(".own .told").textContent = told;
    if (!answer) return;
    $(".own .terms").textContent = words.terms(answer, store.get("lobby")?.keeps);
    const opened = new Set(
      [...box.querySelectorAll("details[open]")].map((one) => one.closest("[data-data]").dataset.data),
    );
    fill($(".own .list"), [...answer.held].reverse(), (one) => {
      const made = card(one);
      made.dataset.data = one.data;
      if (opened.has(one.data)) for (const details of made.querySelectorAll("details")) details.open = true;
      return made;
    });
  }

  $(".own .pick-folder").addEventListener("click", () => $(".own .folder").click());
  $(".own .pick-file").addEventListener("click", () => $(".own .archive").click());
  for (const input of box.querySelectorAll("input[type=file]"))
    input.addEventListener("change", () => {
      const files = [...input.files];
      input.value = "";
      if (files.length) take(async () => bring.ofPicker(files, maxBytes()));
    });
  $(".own .quit").addEventListener("click", () => sending?.abort());
  box.addEventListener("dragover", (event) => {
    event.preventDefault();
    box.classList.add("dropping");
  });
  box.addEventListener("dragleave", (event) => {
    if (!box.contains(event.relatedTarget)) box.classList.remove("dropping");
  });
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("dropping");
    const dropped = bring.ofDrop(event.dataTransfer, maxBytes()); // its entries can be asked for only now
    take(() => dropped);
  });

  /** Show or hide it. */
  function toggle(open = box.hidden) {
    box.hidden = !open;
    if (open) look();
    else clearTimeout(timer);
  }

  return { toggle };
}
