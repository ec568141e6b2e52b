/* The Classify tab: a card for each picture, on it the five most likely classes of every model.
 *
 * Until the visitor adds or removes something, the one card is the picture of the frame; what a visitor brings is opened
 * there. How pictures become square is chosen in the frame, for the whole page.
 */
import { NONE } from "../core/answers.js";
import { fill, make, refusal } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { go, inLink } from "../core/link.js";
import { among, same } from "../core/names.js";
import { saveMenu } from "../core/save.js";
import { ask as askServer, latest } from "../core/server.js";
import { setting, words } from "../core/setting.js";
import * as store from "../core/store.js";
import * as told from "../core/told.js";
import { widget } from "../core/widget.js";
import { columns, fates } from "./answers.js";
import { makeCard } from "./cards.js";
import { knowledge, trust } from "./classify-words.js";
import { QUESTIONS } from "./questions.js";
import * as table from "./table.js";
import { waysIn } from "./ways.js";

/** @typedef {import("./cards.js").Card} Card */

export default widget((root, server) => {
  const MOST = 12; // pictures kept

  const $ = (selector) => root.querySelector(selector);
  /** @type {Card[]} */
  let cards = []; // as on screen, the newest first
  let fit = "crop";
  let fitOfTrace = null;
  let models = null; // how many there were when the cards were asked for
  let following = true;
  let asking = false;

  let names = [NONE]; // what is offered for a picture

  // ---- pictures come in --------------------------------------------------------------------------------------
  function complain(sentence) {
    const item = make("li", "", sentence);
    const close = make("button", "close", "×");
    close.type = "button";
    close.setAttribute("aria-label", "Dismiss this message");
    close.addEventListener("click", () => {
      item.remove();
      $(".problems").hidden = !$(".problems").children.length;
    });
    item.append(close);
    $(".problems").prepend(item);
    $(".problems").hidden = false;
  }

  /** What goes on, or what is here when nothing does. */
  function tell(sentence = "") {
    const n = cards.length;
    const here = n < MOST ? `${n} of ${MOST} pictures` : `${MOST} pictures, the next one replaces the last`;
    $(".status").textContent = sentence || here;
    tabulate();
    $(".clear").disabled = !n && $(".problems").hidden;
    $(".empty").hidden = n > 0;
  }

  /** Put a picture at a place of the list; one that is here already moves there. */
  function add(picture, place) {
    following = false;
    const known = cards.find((card) => card.picture.name === picture.name);
    const card = known || makeCard(picture, acts);
    cards = cards.filter((one) => one !== card);
    cards.splice(Math.min(place, cards.length), 0, card);
    card.element.remove();
    $(".cards").insertBefore(card.element, $(".cards").children[cards.indexOf(card)] || null);
    for (const old of cards.splice(MOST)) old.element.remove();
    markOpen();
    ask();
  }

  /** A visitor's own picture takes the place of the sample that is here by itself; the first of several is opened. */
  function addOwn(picture, place) {
    if (following && cards[0] && !cards[0].picture.name.startsWith("upload:"))
      for (const card of cards.splice(0)) card.element.remove();
    add(picture, place);
    if (!place) store.set("wish", { picture: picture.name });
  }

  /** @param {Card} card  @param {"remove" | "drop"} button of the next one that gets the focus */
  function remove(card, button) {
    following = false;
    const index = cards.indexOf(card);
    cards.splice(index, 1);
    card.element.remove();
    const next = cards[Math.min(index, cards.length - 1)];
    (next ? next.parts[button] : $(".choose")).focus();
    tell();
  }

  function clear() {
    following = false;
    cards = [];
    $(".cards").replaceChildren();
    $(".problems").replaceChildren();
    $(".problems").hidden = true;
    tell();
    $(".choose").focus();
  }

  // ---- the server is asked, one card at a time so that the times are honest --------------------------------------
  async function ask() {
    if (asking) return;
    asking = true;
    try {
      let card;
      while ((card = cards.find((one) => one.fit !== fit))) {
        card.element.classList.add("waiting");
        const request = { picture: card.picture.name, fit };
        card.refused = "";
        const answer = await askServer(server, "classify", request, { say: (sentence) => (card.refused = sentence) });
        card.fit = request.fit;
        card.results = answer && answer.results;
        card.element.classList.toggle("waiting", card.fit !== fit);
        drawCard(card);
      }
    } finally {
      asking = false; // also when a card could not be drawn, or nothing would be asked again
    }
  }

  // ---- the table -----------------------------------------------------------------------------------------------
  function tabulate() {
    table.write(
      $(".answers table"),
      cards,
      ({ truth }) => truth.box,
      ({ parts }) => parts.acts,
      explain,
    );
    $(".trust").textContent = trust(fates(cards));
    const models = columns(cards);
    if (models.length) $(".honest").textContent = knowledge(models);
    const classes = new Set(cards.flatMap(({ results }) => (results || []).flatMap((one) => one.classes)));
    if (names.length === 1 + classes.size && names.every((name) => name === NONE || classes.has(name))) return;
    names = [NONE, ...classes];
    fill($("datalist"), names, (name) => Object.assign(make("option"), { value: name }));
  }

  /** Where in this picture the answer of this model comes from. */
  const explain = ({ picture }, /** @type {string} */ model) =>
    go(`tab=attention&sub=explain&${new URLSearchParams({ picture: picture.name, model, fit })}`);

  /** What a person says that a picture shows, in place of its label: a class as the networks write it, or what was typed. */
  function say({ picture, truth }, text) {
    following = false; // the link holds what was told of these pictures
    const typed = text.trim();
    const { name, labels } = told.given(picture);
    const [label] = labels;
    told.tell(name, label && same(label, typed) ? "" : (among(names, [typed]) ?? typed));
    truth.show(told.of(name) || label || ""); // also where the same is meant as before
  }

  /** Judge by what is told now: in any tab, and by a link. */
  function judgeAnew() {
    for (const card of cards) {
      const picture = told.labelled(card.picture);
      if (picture === card.picture) continue;
      card.picture = picture;
      card.truth.show(picture.truth || "");
      drawCard(card);
    }
  }

  // ---- a card --------------------------------------------------------------------------------------------------
  const acts = {
    open: ({ picture }) => store.set("wish", { picture: picture.name, fit }),
    remove,
    say,
    again(/** @type {Card} */ card) {
      card.fit = null;
      ask();
    },
    wanted: () => (following = false), // whoever writes about a picture wants it
  };

  function drawCard(/** @type {Card} */ card) {
    card.draw();
    tabulate();
    card.truth.question(card.results ? told.of(card.picture.name) : "", names);
  }

  // ---- the ways in ---------------------------------------------------------------------------------------------
  waysIn(root, server, { most: MOST, add: addOwn, tell, complain });
  $(".left").addEventListener("click", () => {
    const trace = store.get("trace");
    if (!trace) return;
    add(trace.picture, 0);
    tell();
  });
  $(".clear").addEventListener("click", clear);
  $(".download").addEventListener("click", () => {
    $(".offer").hidden = true; // its progress stands at the left, a refusal here
    store.set("download", store.get("advice").name);
  });

  // ---- in a link -----------------------------------------------------------------------------------------------
  const find = latest(server, "find");
  let linkedTruths = []; // what the pictures of the newest link show, in its order
  const tellLinked = (card, i) => linkedTruths[i] && say(card, linkedTruths[i]); // what it does not tell stays told

  /** Show the pictures of a link in place of those that are here; null follows the frame again. */
  async function bringLinked(list) {
    if (!list) {
      if (!following) clear();
      following = true;
      return draw(store.state);
    }
    following = false;
    const found = await find({ pictures: list.split(" ") });
    if (!found) return undefined;
    for (const card of cards.splice(0)) card.element.remove();
    found.pictures.forEach((picture, i) => {
      add(picture, i);
      tellLinked(cards[i], list.split(" ").indexOf(picture.name));
    });
    const lost = found.missing;
    if (lost) complain(`${format.plural(lost, "picture")} of this link ${lost > 1 ? "are" : "is"} no longer here.`);
    return tell();
  }

  inLink(root, {
    pictures: setting(
      words(2000),
      () => {
        const held = !following || cards.some(({ picture }) => told.of(picture.name));
        return held ? cards.map(({ picture }) => picture.name).join(" ") : null;
      },
      bringLinked,
    ),
    truths: setting(
      words(2000),
      () => {
        const said = cards.map(({ picture }) => told.of(picture.name));
        return said.some(Boolean) ? said.join("|") : null;
      },
      (text) => {
        linkedTruths = (text || "").split("|");
        if (!following) cards.forEach(tellLinked);
      },
    ),
  });

  // ---- the frame -----------------------------------------------------------------------------------------------
  function setFit(next) {
    fit = next;
    root.classList.toggle("letterbox", fit === "letterbox");
    for (const card of cards) card.element.classList.toggle("waiting", card.fit !== fit);
    ask();
  }

  function markOpen() {
    const { picture } = store.get("trace") || { picture: null };
    for (const card of cards) {
      const open = card.picture.name === picture?.name;
      card.element.classList.toggle("current", open);
      card.parts.place.textContent = open ? "open now" : "open in every tab";
      card.parts.show.textContent = open ? "open now" : "open";
      card.parts.show.setAttribute("aria-label", `${card.parts.show.textContent}: ${card.picture.title}, in every tab`);
    }
  }

  function draw(/** @type {import("../state").State} */ { trace, catalogue, advice, refused }) {
    fill($(".refused"), refused ? [refused] : [], (sentence) => refusal(sentence, () => store.set("refused", null)));
    $(".offer").hidden = !advice;
    if (advice) {
      const { title, megabytes, n_classes } = advice;
      $(".offer span").textContent = `None of these classes fits? ${title} knows ${format.count(n_classes)}.`;
      $(".download").textContent = `Get ${title} (${format.download(megabytes)})`;
    }
    root.classList.toggle("narrow", root.clientWidth < 760);
    root.classList.toggle("slim", root.clientWidth < 480);
    if (!trace || !catalogue) return;
    judgeAnew();
    if (models !== null && models !== catalogue.models.length) {
      for (const card of cards) card.fit = null; // another model has its say
      ask();
    }
    models = catalogue.models.length;
    if (trace.fit !== fitOfTrace) setFit((fitOfTrace = trace.fit));
    if (following && (!cards.length || cards[0].picture.name !== trace.picture.name)) {
      for (const card of cards.splice(0)) card.element.remove();
      add(trace.picture, 0);
      following = true;
    }
    markOpen();
    tell();
  }
  const write = (/** @type {any} */ { format }) => table.file(cards, format);
  saveMenu(
    $(".answers"),
    write,
    () => ({}),
    { csv: "each answer, judged", json: "every class’s probability" },
    { png: "the table", svg: "the table, words as words" },
  );

  offer(root, server, QUESTIONS);
  return { topics: ["catalogue", "trace", "told", "advice", "refused"], draw };
});
