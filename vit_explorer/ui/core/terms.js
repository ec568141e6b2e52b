/* Terms of the glossary: pointed at, focused or tapped, a term shows its entry. The server marks them, see terms.py. */

const AWAY = 8; // px between a term and its entry
/** @type {HTMLElement | null} */
let shown = null; // the term whose entry stands

function card() {
  const found = document.getElementById("vx-term");
  if (found) return found;
  const made = document.createElement("div");
  made.id = "vx-term";
  made.setAttribute("role", "tooltip");
  made.append(document.createElement("p"), document.createElement("small"));
  document.body.append(made);
  return made;
}

/** @param {HTMLElement} term */
function show(term) {
  const entry = card();
  const [text, section] = /** @type {any} */ (entry).children;
  text.textContent = term.dataset.text;
  section.textContent = `Glossary, ${term.dataset.section}`;
  term.setAttribute("aria-describedby", entry.id);
  entry.classList.add("shown");
  const [at, size] = [term.getBoundingClientRect(), entry.getBoundingClientRect()];
  const left = Math.max(AWAY, Math.min(at.left, innerWidth - size.width - AWAY));
  const below = at.bottom + AWAY + size.height <= innerHeight;
  entry.style.left = `${left}px`;
  entry.style.top = `${below ? at.bottom + AWAY : Math.max(AWAY, at.top - AWAY - size.height)}px`;
  shown = term;
}

function hide() {
  if (!shown) return;
  shown.removeAttribute("aria-describedby");
  card().classList.remove("shown");
  shown = null;
}

/** @param {Event} event @returns {HTMLElement | null} */
const termOf = ({ target }) => (target instanceof Element ? target.closest(".vx-term") : null);

export function followTerms() {
  for (const kind of ["pointerover", "focusin", "click"]) {
    document.addEventListener(kind, (event) => {
      const term = termOf(event);
      if (term) show(term);
      else if (kind !== "focusin" && shown !== document.activeElement) hide();
    });
  }
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hide());
  document.addEventListener("scroll", hide, true);
}
