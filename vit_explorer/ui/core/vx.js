/* What all widgets share: one state for the whole page, the life of a widget, and calls to the server.
 *
 * State topics: "catalogue", "model", "trace" (payloads of the server), "token" (the marked token: patch index from 0,
 * CLS_TOKEN for CLS, DISTILLATION_TOKEN for the one after it in a DeiT, or null), "theme" ("light" | "dark"), "wish" ({picture?, model?, fit?}, what the frame is asked to
 * show), "refresh" (asks the frame for the catalogue anew) and "settled" (what it shows now, once all is drawn). A widget may
 * add topics of its own.
 */
"use strict";

window.vx = (() => {
  const [CLS_TOKEN, DISTILLATION_TOKEN] = [-1, -2]; // below 0: the learned tokens in front of the patches, from the first on
  const widgets = {};
  const state = { token: null, theme: "light" };
  const listeners = new Map(); // topic -> Set of functions
  const views = new Set();
  let pinned = null;

  // ---- state -------------------------------------------------------------------------------------------------
  function set(topic, value) {
    update({ [topic]: value });
  }

  /** Set several topics at once: no view ever sees one of them new and another old. */
  function update(values) {
    Object.assign(state, values);
    const topics = Object.keys(values);
    for (const topic of topics) for (const listener of listeners.get(topic) || []) listener(values[topic]);
    for (const view of views) view.changed(topics);
  }

  function on(topic, listener) {
    if (!listeners.has(topic)) listeners.set(topic, new Set());
    listeners.get(topic).add(listener);
    if (state[topic] !== undefined && state[topic] !== null) listener(state[topic]);
  }

  /** Mark a token while the pointer is on it; null goes back to the pinned one. */
  function point(token) {
    const next = token === null ? pinned : token;
    if (next !== state.token) set("token", next);
  }

  /** Mark a token until another is pinned; null lets go of it. */
  function pin(token) {
    pinned = token;
    set("token", token);
  }

  // ---- widgets -----------------------------------------------------------------------------------------------
  /**
   * Define a widget. `build(root, server)` returns {topics?, draw?, mark?}: `draw(state)` paints everything and is
   * called when one of its topics, the theme or its width changes; `mark(state)` paints only the marked token and is
   * called on every pointer move. Neither is called while the widget is not on screen: it catches up when it is.
   */
  function widget(name, build) {
    widgets[name] = build;
  }

  function mount(name, element, server) {
    const root = element.querySelector(".vx-widget");
    const parts = widgets[name](root, server);
    if (!parts || (!parts.draw && !parts.mark)) return;
    const topics = new Set([...(parts.topics || ["model", "trace"]), "theme"]);
    let stale = true; // something changed that is not painted yet
    let width = element.clientWidth; // 0 while its tab is closed; kept here because asking makes the browser lay out
    const paint = () => {
      stale = width === 0;
      if (stale) return;
      if (parts.draw) parts.draw(state);
      if (parts.mark) parts.mark(state);
    };
    const view = {
      changed(changes) {
        if (changes.some((topic) => topics.has(topic))) paint();
        else if (!changes.includes("token") || !parts.mark) return;
        else if (width > 0 && !stale) parts.mark(state);
        else stale = true;
      },
    };
    views.add(view);
    new ResizeObserver(() => {
      if (!root.isConnected) views.delete(view);
      const before = width;
      width = element.clientWidth;
      if (width > 0 && (stale || Math.abs(width - before) > 1)) paint();
    }).observe(element);
    paint();
  }

  // ---- server ------------------------------------------------------------------------------------------------
  const latest = new Map(); // channel -> number of the newest call
  let pending = 0; // calls under way

  /**
   * Ask the server. Of several calls on one channel only the newest is answered; the others give null. An answer
   * {error} is shown to the person and gives null too.
   */
  async function call(channel, server, name, request) {
    const ticket = (latest.get(channel) || 0) + 1;
    latest.set(channel, ticket);
    pending++;
    try {
      const answer = await server[name](request);
      if (latest.get(channel) !== ticket) return null;
      if (answer && answer.error) {
        say(answer.error);
        return null;
      }
      return answer;
    } catch (error) {
      if (latest.get(channel) === ticket) say("The server did not answer. Is it still running? Then try again.");
      return null;
    } finally {
      pending--;
    }
  }

  /** Resolves when no call is under way and what the last one brought has been drawn. */
  async function idle() {
    do await new Promise((resolve) => setTimeout(resolve));
    while (pending > 0);
  }

  /** One sentence to the person, for as long as it takes to read. */
  function say(sentence) {
    let box = document.getElementById("vx-say");
    if (!box) {
      box = document.createElement("div");
      box.id = "vx-say";
      box.setAttribute("role", "alert");
      document.body.append(box);
    }
    box.textContent = sentence;
    box.classList.add("shown");
    clearTimeout(say.timer);
    say.timer = setTimeout(() => box.classList.remove("shown"), 4000 + 40 * sentence.length);
  }

  /** Save bytes (base64) as a file. */
  function save(filename, mime, base64) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes], { type: mime }));
    link.download = filename;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  /** The bytes of a file or blob as base64. */
  function base64(file) {
    return new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(file);
    });
  }

  // ---- elements, motion, theme ----------------------------------------------------------------------------------
  /**
   * A function that writes words once before the next frame, with the newest arguments: marks come at every move of the
   * pointer, and words written at once would make each other view lay out the page again.
   */
  function beforeFrame(write) {
    let newest = null;
    return (...words) => {
      if (newest === null) {
        requestAnimationFrame(() => {
          const last = newest;
          newest = null;
          write(...last);
        });
      }
      newest = words;
    };
  }

  /** Fill a list element with rows made by `row(item, index)`; keeps no old children. */
  function fill(element, items, row) {
    element.replaceChildren(...items.map(row));
  }

  /** make("div", "class names", "text") */
  function make(tag, className = "", text = "") {
    const element = document.createElement(tag);
    element.className = className;
    if (text !== "") element.textContent = text;
    return element;
  }

  /** The three cells of one line of a .vx-bars grid: a class, a bar as long as its probability, the percentage. */
  function barCells(name, probability, style = "") {
    const bar = make("div", `bar ${style}`.trim());
    const length = make("i");
    length.style.width = `${100 * probability}%`;
    bar.append(length);
    return [make("span", style, name), bar, make("span", `vx-number ${style}`.trim(), vx.percent(probability))];
  }

  /** Open a tab of the page by its id, also where the tabs that do not fit stand in a menu. */
  function openTab(id) {
    const inMenu = [...document.querySelectorAll("#tabs .overflow-dropdown button")];
    const tab = document.querySelector(`#tabs [role="tab"][data-tab-id="${id}"]`) || inMenu.find((one) => one.textContent.trim().toLowerCase() === id);
    if (tab) tab.click();
  }

  /** Where picture and tabs stand one above the other, a person who opens a tab is brought to it. */
  document.addEventListener("click", ({ target, isTrusted }) => {
    const tab = isTrusted && target.closest("#tabs > .tab-wrapper button");
    if (!tab || !matchMedia("(max-width: 899px)").matches || tab.closest(".overflow-menu > button")) return;
    document.querySelector("#tabs").scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
  });

  const inks = new Map(); // of the present theme; asking the browser each time would make it lay out the page

  /** A CSS custom property of the page, such as "--vx-query". */
  function ink(name) {
    if (!inks.has(name)) inks.set(name, getComputedStyle(document.body).getPropertyValue(name).trim());
    return inks.get(name);
  }

  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  function followTheme() {
    const read = () => (document.body.classList.contains("dark") ? "dark" : "light");
    const follow = () => {
      inks.clear();
      set("theme", read());
    };
    follow();
    new MutationObserver(() => read() !== state.theme && follow()).observe(document.body, {
      attributes: true,
      attributeFilter: ["class"],
    });
  }
  if (document.body) followTheme();
  else document.addEventListener("DOMContentLoaded", followTheme);

  return {
    CLS_TOKEN, DISTILLATION_TOKEN, barCells, base64, beforeFrame, calm, call, fill, get: (topic) => state[topic], idle, ink, make, mount, on, openTab, pin, pinned: () => pinned,
    point, save, say, set, update, widget,
  };
})();
