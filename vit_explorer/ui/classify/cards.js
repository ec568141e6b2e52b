/* A card of the Classify tab: one picture, how it came in, and what every model says of it. */
import { verdict } from "../core/answers.js";
import { fill, make } from "../core/elements.js";
import * as store from "../core/store.js";
import * as told from "../core/told.js";
import { modelBlock, views, waitingView } from "./card.js";
import { truthField } from "./truth.js";

/** `fit`: as it was when the results came; `refused`: why there are none. */
/** @typedef {{picture: import("../core/payloads").PicturePayload, element: HTMLElement, parts: Record<string, HTMLElement>, truth: import("./truth.js").TruthField, fit: string | null, results: import("../core/payloads").TimedPrediction[] | null, refused: string, draw: () => void}} Card */
/** @typedef {{open: (card: Card) => void, remove: (card: Card, button: "remove" | "drop") => void, again: (card: Card) => void, say: (card: Card, text: string) => void, wanted: () => void}} Acts what its buttons and its field do */

/** @param {import("../core/payloads").PicturePayload} picture @param {Acts} acts @returns {Card} */
export function makeCard(picture, acts) {
  const element = make("div", "vx-panel card");
  element.setAttribute("role", "listitem");
  const parts = {
    verdict: make("p", "verdict"),
    remove: make("button", "close", "×"),
    open: make("button", "open"),
    place: make("span", "place vx-small"),
    seen: make("div", "seen"),
    models: make("div", "models"),
    acts: make("span", "acts"), // in its row of the table
    show: make("button", "show", "open"),
    drop: make("button", "close", "×"),
  };
  const truth = truthField(picture.title, (text) => acts.say(card, text), acts.wanted);
  /** @type {Card} */
  const card = {
    picture: told.labelled(picture),
    ...{ element, parts, truth, fit: null, results: null, refused: "" },
    draw: () => draw(card, acts),
  };
  truth.show(card.picture.truth || "");
  const image = make("img", Math.max(picture.width, picture.height) <= 64 ? "tiny" : "");
  image.src = picture.preview;
  image.alt = picture.title;
  parts.open.append(image, parts.place);
  parts.acts.append(parts.show, parts.drop);
  for (const button of [parts.open, parts.show]) {
    button.type = "button";
    button.addEventListener("click", () => acts.open(card));
  }
  for (const name of /** @type {const} */ (["remove", "drop"])) {
    parts[name].type = "button";
    parts[name].setAttribute("aria-label", `Remove ${picture.title}`);
    parts[name].title = "Remove";
    parts[name].addEventListener("click", () => acts.remove(card, name));
  }
  const head = make("div", "head");
  head.append(
    make("h3", "", picture.title),
    make("span", "vx-soft vx-small", `${picture.width} × ${picture.height} pixels`),
    parts.verdict,
    parts.remove,
  );
  const original = make("figure");
  original.append(parts.open);
  const pictures = make("div", "pictures");
  pictures.append(original, parts.seen);
  const body = make("div", "body");
  body.append(pictures, parts.models);
  element.append(head, body);
  draw(card, acts);
  return card;
}

/** Paint what is known of a card; before its results come, their places are kept free. @param {Card} card @param {Acts} acts */
function draw(card, acts) {
  const { results, picture, parts, refused } = card;
  const last = (model) => Number(model.data !== "cifar10");
  const expected = (store.get("catalogue") || { models: [] }).models
    .filter((model) => model.n_classes)
    .sort((a, b) => last(a) - last(b));
  const models = results || (refused ? [] : expected);
  parts.verdict.textContent = refused || (results ? verdict(results, picture.labels) : "Classifying");
  parts.verdict.classList.toggle("refused", Boolean(refused));
  if (refused) {
    const again = make("button", "vx-button", "Try again");
    again.type = "button";
    again.addEventListener("click", () => acts.again(card));
    parts.verdict.append(" ", again);
  }
  parts.models.style.setProperty(
    "--columns",
    String(models.length === 4 ? 2 : Math.max(1, Math.min(3, models.length))),
  );
  card.element.classList.toggle("many", models.length > 2);
  fill(parts.models, models, (model) => modelBlock(model, picture.labels));
  parts.seen.replaceChildren(...(results ? views(results, picture.title) : [waitingView()]));
}
