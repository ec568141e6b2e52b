/* One state for the whole page, by topics, and the token that is marked in all views.
 *
 * State topics: "catalogue", "model", "trace" (payloads of the server), "token" (the marked token: patch index from 0,
 * CLS_TOKEN for CLS, DISTILLATION_TOKEN for the one after it in a DeiT, or null), "theme" ("light" | "dark"), "wish" ({picture?, model?, fit?}, what the frame is asked to
 * show), "refresh" (asks the frame for the catalogue anew) and "settled" (what it shows now, once all is drawn). A tab may
 * add topics of its own.
 */

export const state = { token: null, theme: "light" };
const listeners = new Map(); // topic -> Set of functions
const followers = new Set(); // functions that are told which topics have changed
export let pinned = null; // the token that stays marked while the pointer is on none

/** The present value of a topic. */
export const get = (topic) => state[topic];

export function set(topic, value) {
  update({ [topic]: value });
}

/** Set several topics at once: no view ever sees one of them new and another old. */
export function update(values) {
  Object.assign(state, values);
  const topics = Object.keys(values);
  for (const topic of topics) for (const listener of listeners.get(topic) || []) listener(values[topic]);
  for (const follower of followers) follower(topics);
}

export function on(topic, listener) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(listener);
  if (state[topic] !== undefined && state[topic] !== null) listener(state[topic]);
}

/** Mark a token while the pointer is on it; null goes back to the pinned one. */
export function point(token) {
  const next = token === null ? pinned : token;
  if (next !== state.token) set("token", next);
}

/** Mark a token until another is pinned; null lets go of it. */
export function pin(token) {
  pinned = token;
  set("token", token);
}

/** Be told of all changes, as lists of topics, until `stop()` of what comes back is called. */
export function follow(follower) {
  followers.add(follower);
  return { stop: () => followers.delete(follower) };
}
