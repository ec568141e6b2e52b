/* One state for the whole page, by topics (../state.d.ts), and the token that is marked in all views. */

/** @typedef {import("../state").State} State */
/** @typedef {import("../state").Topic} Topic */

/** What is on screen now. Read it; it is written with set and update. @type {State} */
export const state = /** @type {any} */ ({ token: null, theme: "light" });
const listeners = new Map(); // topic -> Set of functions
const followers = new Set(); // functions that are told which topics have changed
export let pinned = null; // the token that stays marked while the pointer is on none

/** The present value of a topic. @template {Topic} T @param {T} topic @returns {State[T]} */
export const get = (topic) => state[topic];

/** @template {Topic} T @param {T} topic @param {State[T]} value */
export function set(topic, value) {
  update({ [topic]: value });
}

/** Set several topics at once: no view ever sees one of them new and another old. @param {Partial<State>} values */
export function update(values) {
  Object.assign(state, values);
  const topics = Object.keys(values);
  for (const topic of topics) for (const listener of listeners.get(topic) || []) listener(values[topic]);
  for (const follower of followers) follower(topics);
}

/** Hear of a topic: its value now, if it has one, and each later one. @template {Topic} T @param {T} topic @param {(value: State[T]) => void} listener */
export function on(topic, listener) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(listener);
  if (state[topic] !== undefined && state[topic] !== null) listener(state[topic]);
}

/** Hear of a topic's next value alone. @template {Topic} T @param {T} topic @param {(value: State[T]) => void} listener */
export function once(topic, listener) {
  const follower = follow((topics) => {
    if (!topics.includes(topic)) return;
    follower.stop();
    listener(state[topic]);
  });
}

/** Mark a token while the pointer is on it; null goes back to the pinned one. @param {number | null} token */
export function point(token) {
  const next = token === null ? pinned : token;
  if (next !== state.token) set("token", next);
}

/** Mark a token until another is pinned; null lets go of it. @param {number | null} token */
export function pin(token) {
  pinned = token;
  set("token", token);
}

/** Pin a token while other topics change: no view sees it with their old values. @param {number | null} token @param {Partial<State>} values */
export function pinWith(token, values) {
  pinned = token;
  update({ ...values, token });
}

/** Be told of all changes, as lists of topics, until `stop()` of what comes back is called. @param {(topics: string[]) => void} follower */
export function follow(follower) {
  followers.add(follower);
  return { stop: () => followers.delete(follower) };
}
