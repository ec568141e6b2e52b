/* Rows of tabs, of pictures to choose from and of buttons are one stop for the Tab key; arrow keys move inside. */

const ROW = '[role="tablist"], [role="listbox"], [role="toolbar"]';
const ITEM = '[role="tab"], [role="option"], [role="toolbar"] :is(button, select, summary, a)';
const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/** @param {Element} row @returns {HTMLElement[]} */
const itemsOf = (row) =>
  [...row.querySelectorAll(ITEM)].filter(
    (item) => item.closest(ROW) === row && !item.disabled && item.checkVisibility(),
  );

/** @param {EventTarget} target */
const itemAt = (target) => (target instanceof Element ? /** @type {HTMLElement} */ (target.closest(ITEM)) : null);

/** Where the arrow, Home or End key leads from an item of a row, and null for any other key; rows have no ends. */
export function next(key, at, count) {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return key in STEPS ? (at + STEPS[key] + count) % count : null;
}

/** Let one item of a row be reached by the Tab key: the given one, or else the selected one. */
function settle(row, stop = row.querySelector('[aria-selected="true"]')) {
  const items = itemsOf(row);
  const chosen = items.includes(stop) ? stop : items[0];
  for (const item of items) item.tabIndex = item === chosen ? 0 : -1;
}

/** Scroll a row, and nothing else, so far that an item of it is seen whole. */
function bringIntoSight(row, item) {
  if (!item || row.scrollWidth <= row.clientWidth) return;
  const [inner, outer] = [item.getBoundingClientRect(), row.getBoundingClientRect()];
  const margin = outer.width / 8; // the next one shows too
  row.scrollLeft += Math.min(0, inner.left - outer.left - margin) || Math.max(0, inner.right - outer.right + margin);
}

/** Watch all rows of the page, those too that come later. */
export function rove() {
  document.addEventListener("focusin", ({ target, relatedTarget }) => {
    const item = itemAt(target);
    const row = item && item.closest(ROW);
    if (!row) return;
    const selected = row.querySelector('[aria-selected="true"]');
    const entered = relatedTarget instanceof Node && !row.contains(relatedTarget);
    settle(row, item);
    if (entered && selected && selected !== item && item.matches(":focus-visible")) selected.focus();
  });
  document.addEventListener("keydown", (event) => {
    const item = itemAt(event.target);
    const row = item && item.closest(ROW);
    if (!row || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    const items = itemsOf(row);
    if (item.matches("select") && !["ArrowLeft", "ArrowRight"].includes(event.key)) return; // the others choose in it
    const to = next(event.key, items.indexOf(item), items.length);
    if (to === null) return;
    event.preventDefault();
    items[to].focus();
  });
  new MutationObserver((records) => {
    const rows = new Set(records.map(({ target }) => /** @type {Element} */ (target).closest(ROW)));
    for (const row of rows) {
      if (!row) continue;
      if (!row.contains(document.activeElement)) settle(row);
      bringIntoSight(row, row.querySelector('[aria-selected="true"]'));
    }
  }).observe(document.body, { subtree: true, attributeFilter: ["aria-selected"] });
}

/** Bring the keyboard to the view that is open, past the header, the rail and the tabs. */
export function focusView() {
  const panels = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('#tabs [role="tabpanel"]'));
  const open = [...panels].filter((panel) => panel.checkVisibility()).at(-1); // of a tab with views, the view
  if (!open) return;
  open.tabIndex = -1;
  open.focus();
}
