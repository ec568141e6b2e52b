/* A table whose columns sort by a button in each head, and rows that light up with their points in a plot. Columns
 * that matter less are folded away until a button asks for all. */
import { fill, make } from "../core/elements.js";
import { flag, oneOf, setting } from "../core/setting.js";

/**
 * @typedef {{key: string, title: string, note?: string, value: (row: any) => number | string | null,
 *   cell: (row: any) => string | Node, text?: boolean, rises?: boolean, folded?: boolean}} Column  `text`: set left; `rises`: the
 *   first press sorts from low to high; `folded`: shown with all columns only
 *
 * Fill `table` and keep it sorted. Rows without a value stand last, whichever way.
 *
 * @param {HTMLTableElement} table  @param {Column[]} columns
 * @param {{start: [string, "ascending" | "descending"], id: (row: any) => string, hover: (id: string | null) => void,
 *   all: HTMLElement, turned: () => void}} how `all`: the button that unfolds; `turned`: called when it has
 */
export function sortable(table, columns, { start, id, hover, all, turned }) {
  let [by, direction] = start;
  let rows = [];
  const head = make("thead");
  const body = make("tbody");
  const line = make("tr");
  for (const column of columns) {
    const cell = make("th", kindOf(column));
    cell.scope = "col";
    cell.dataset.key = column.key;
    const button = make("button", "sort", column.title);
    button.type = "button";
    if (column.note) button.title = column.note;
    button.addEventListener("click", () => {
      const first = column.rises ? "ascending" : "descending";
      const other = direction === "ascending" ? "descending" : "ascending";
      direction = by === column.key ? other : first;
      by = column.key;
      show();
    });
    cell.append(button);
    line.append(cell);
  }
  head.append(line);
  table.append(head, body);

  const none = (value) => value === null || value === undefined;

  function sorted() {
    const { value } = columns.find(({ key }) => key === by);
    const sign = direction === "ascending" ? 1 : -1;
    return [...rows].sort((one, other) => {
      const [a, b] = [value(one), value(other)];
      if (none(a) || none(b)) return Number(none(a)) - Number(none(b));
      return sign * (typeof a === "string" ? a.localeCompare(String(b)) : Number(a) - Number(b));
    });
  }

  function makeRow(row) {
    const element = make("tr");
    element.dataset.id = id(row);
    columns.forEach((column, k) => {
      const cell = make(k ? "td" : "th", `${kindOf(column)}${column.text ? "" : " vx-number"}`.trim());
      if (k) cell.dataset.key = column.key;
      else cell.scope = "row";
      cell.append(column.cell(row));
      element.append(cell);
    });
    element.addEventListener("pointerenter", () => hover(id(row)));
    element.addEventListener("pointerleave", () => hover(null));
    return element;
  }

  function show() {
    for (const cell of /** @type {HTMLElement[]} */ ([...line.children]))
      cell.setAttribute("aria-sort", cell.dataset.key === by ? direction : "none");
    const focused = body.contains(document.activeElement) ? document.activeElement.closest("tr").dataset.id : null;
    fill(body, sorted(), makeRow);
    /** @type {HTMLElement | null} */
    const again = focused && body.querySelector(`[data-id="${CSS.escape(focused)}"] button`);
    if (again) again.focus();
  }

  /** Show other rows, sorted as before. */
  function put(next) {
    rows = next;
    show();
  }

  /** How it is sorted, in a link: "column-rising" or "column-falling". */
  const linked = setting(
    oneOf(...columns.flatMap(({ key }) => [`${key}-ascending`, `${key}-descending`])),
    () => `${by}-${direction}`,
    (text) => {
      [by, direction] = text ? /** @type {any} */ (text.split("-")) : start;
      show();
    },
    start.join("-"),
  );

  /** Show all columns, or only those that are not folded. */
  function unfold(on) {
    table.classList.toggle("few", !on);
    table.closest(".parts").classList.toggle("unfolded", on);
    all.setAttribute("aria-pressed", String(on));
    turned();
  }
  const unfolded = () => all.getAttribute("aria-pressed") === "true";
  all.addEventListener("click", () => unfold(!unfolded()));
  table.classList.add("few");
  /** Whether all columns are shown, in a link. */
  const unfolding = setting(flag, unfolded, (on) => unfold(on ?? false), false);

  /** Light up a row. */
  function light(which) {
    for (const element of /** @type {HTMLElement[]} */ ([...body.children]))
      element.classList.toggle("lit", element.dataset.id === which);
  }

  return { light, linked, unfolding, unfold, put };
}

/** @param {Column} column */
const kindOf = ({ text, folded }) => [text && "text", folded && "folded"].filter(Boolean).join(" ");
