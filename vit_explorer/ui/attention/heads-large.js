/* A head enlarged: its map over the picture, where a token is read off. */
import * as store from "../core/store.js";
import { moveToken } from "../core/tokens.js";
import * as maps from "./maps.js";

/** @typedef {{seen: any, large: any, key: string, query: string}} Drawn the place of the map, and the inks of the other token and of the query */

/** The map, with the query and one other token. @param {HTMLElement} figure @param {import("../state").State} state @param {Drawn} drawn */
export function draw(figure, state, { seen, large, key, query }, { values, end, other, token }) {
  const [map, marks] = figure.querySelectorAll("canvas");
  maps.large(map, seen, state.trace, values, end, large.width, maps.mix(state));
  maps.largeMarks(marks, seen, large, [
    [other, key],
    [token, query],
  ]);
}

/**
 * Read off a token under the pointer or by arrow keys; Enter or a click makes it the query.
 * @param {HTMLElement} figure
 * @param {{shown: () => Drawn | null, pointed: () => number | null, point: (token: number | null) => void}} how `shown`: what is drawn, null while nothing is
 */
export function input(figure, { shown, pointed, point }) {
  const [, marks] = figure.querySelectorAll("canvas");
  marks.addEventListener("pointermove", (event) => {
    const now = shown();
    if (now) point(maps.largeToken(event, marks, now.seen, now.large));
  });
  marks.addEventListener("pointerleave", () => point(null));
  marks.addEventListener("click", () => pointed() !== null && store.pin(pointed()));
  marks.addEventListener("keydown", (event) => {
    const now = shown();
    if (!now) return;
    if (event.key === "Enter" && pointed() !== null) store.pin(pointed());
    else if (!moveToken(event.key, now.seen.grid, pointed(), point)) return;
    event.preventDefault();
  });
}
