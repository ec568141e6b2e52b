/* A second window for who speaks: what the room sees, what comes next, and the time. */

const STYLE =
  "body{font:20px/1.4 system-ui,sans-serif;margin:32px;color:#14181d;background:#fff}h1{font-size:34px;margin:0 0 12px}" +
  "p{margin:0 0 16px}.note{font-size:28px;font-weight:600}.screen{padding:8px 14px;color:#fff;background:#14181d}:is(.where,.screen,.note):empty{display:none}.sentence{font-size:28px}.time{font-size:48px;font-variant-numeric:tabular-nums}.soft{color:#55606d}";

/**
 * The keys of a clicker go to the window in front, so what is pressed in this one is handed to the stage.
 * @param {(event: KeyboardEvent) => void} press @param {(event: KeyboardEvent) => void} release
 * @returns {{open: () => boolean, tell: (now: {title: string, where: string, sentence: string, note: string, next: string, screen: string}) => void}}
 */
export function notes(press, release) {
  /** @type {Window | null} */
  let view = null;
  let began = 0;

  function open() {
    view = window.open("", "vx-notes", "width=900,height=620");
    if (!view) return false; // the browser allows no second window
    began = began || Date.now();
    const { document: page } = view;
    page.title = "Notes";
    page.head.replaceChildren(Object.assign(page.createElement("style"), { textContent: STYLE }));
    const parts = ["h1.title", "p.where", "p.screen", "p.note", "p.sentence", "p.next", "p.time", "p.soft"].map(
      (name) => {
        const [tag, style] = name.split(".");
        return Object.assign(page.createElement(tag), { className: style });
      },
    );
    parts.at(-1).textContent = "Minutes since these notes were opened, and the time of day.";
    page.body.replaceChildren(...parts);
    Object.assign(page, { onkeydown: press, onkeyup: release }); // in place of those of a window that was open before
    return true;
  }

  function tell({ title, where, sentence, note, next, screen }) {
    if (!view || view.closed) return;
    const put = (name, text) => {
      const part = view.document.querySelector(name);
      if (part && part.textContent !== text) part.textContent = text;
    };
    put(".title", title);
    put(".where", where);
    put(".screen", screen && `The screen is ${screen}: the next key brings the picture back.`);
    put(".note", note);
    put(".sentence", sentence);
    put(".next", next ? `Next: ${next}` : "This is the last scene.");
    const minutes = Math.floor((Date.now() - began) / 60_000);
    put(".time", `${minutes} min · ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`);
  }

  return { open, tell };
}
