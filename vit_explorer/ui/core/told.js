/* What the visitor has told that pictures show. It goes before the labels of the server wherever an answer is judged, as long as
 * this window is open: the frame puts it into the trace, of which every view is drawn. */
import { ofWindow } from "./storage.js";
import * as store from "./store.js";

/** @typedef {import("./payloads").PicturePayload} PicturePayload */

const KEY = "vx-told";
const MOST = 200; // pictures, the newest

/** @type {WeakMap<PicturePayload, PicturePayload>} what has been told of, as the server gave it */
const asGiven = new WeakMap();

store.set("told", JSON.parse(ofWindow.get(KEY) ?? "{}"));
store.on("told", (told) => ofWindow.set(KEY, JSON.stringify(told)));

/** What the visitor told of a picture; "" where that is nothing. @param {string} name of the picture */
export const of = (name) => store.get("told")[name] ?? "";

/** Tell what a picture shows; "" lets its own labels stand again. @param {string} name of the picture @param {string} what */
export function tell(name, what) {
  if (what === of(name)) return;
  const others = Object.entries(store.get("told")).filter(([other]) => other !== name);
  store.set("told", Object.fromEntries([...others, ...(what ? [[name, what]] : [])].slice(-MOST)));
}

/** The picture as the server gave it. @param {PicturePayload} picture */
export const given = (picture) => asGiven.get(picture) ?? picture;

/** The picture with what was told of it in place of its labels. @param {PicturePayload} picture @returns {PicturePayload} */
export function labelled(picture) {
  const own = given(picture);
  const told = of(own.name);
  if (!told) return own;
  if (picture.truth === told) return picture;
  const made = { ...own, truth: told, labels: [told] };
  asGiven.set(made, own);
  return made;
}
