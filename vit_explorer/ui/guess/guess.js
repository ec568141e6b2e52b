/* Guess first: a question about the view on screen, answered before the view shows the answer. */
import { clearCanvas, rgbImage } from "../core/draw.js";
import { fill, make } from "../core/elements.js";
import { filled, onScreen } from "../core/guess.js";
import { byHand } from "../core/hand.js";
import { go } from "../core/link.js";
import { cellAt } from "../core/pointer.js";
import { ask } from "../core/server.js";
import * as store from "../core/store.js";
import * as tabs from "../core/tabs.js";
import { inkOf } from "../core/theme.js";
import { moveToken, tokenName } from "../core/tokens.js";
import { outlinePatch, overlay } from "../core/views.js";
import { widget } from "../core/widget.js";
import { allowed, judge } from "./patch.js";
import { score, subjectOf } from "./score.js";

const SIDE = 176; // px of the picture on which a patch is guessed
const PASSING = ["token", "positionPair", "raceNow", "raceData"]; // topics that change many times a second, and decide nothing here
const HIDDEN = "data-vx-hidden"; // marks what would give the answer away

export default widget((root) => {
  const button = root.querySelector(".open");
  const panel = root.querySelector(".vx-guess-panel");
  const $ = (selector) => panel.querySelector(selector);
  const marks = score();
  /** @type {import("../core/guess.js").Offer | null} */
  let asked = null; // the question in the panel
  /** @type {import("../core/guess.js").Posed} */
  let posed = {};
  /** @type {import("../core/guess.js").Found | null} */
  let found = null; // once it is answered
  /** @type {number | null} */
  let guess = null; // the option, or the patch, that is chosen
  let about = ""; // what it is asked about
  let turn = 0; // counts questions: the answer to an older one is not waited for

  // ---- opening and closing -----------------------------------------------------------------------------------------
  const key = (/** @type {import("../core/guess.js").Offer} */ { question }) => subjectOf(question, store.state);

  /** Ask the next question of the views on screen that can be asked: one that was not answered yet, if there is one. */
  async function next() {
    const mine = ++turn;
    const all = onScreen();
    const from = asked ? all.findIndex(({ question }) => question === asked.question) + 1 : 0;
    const turned = [...all.slice(from), ...all.slice(0, from)];
    const [fresh, old] = [turned.filter((one) => !marks.has(key(one))), turned.filter((one) => marks.has(key(one)))];
    let chosen = fresh[0] || old[0];
    for (const offered of [...fresh, ...old]) {
      if ((await posedOf(offered)).missing) continue;
      chosen = offered;
      break;
    }
    if (mine === turn && tabs.visible(chosen.root)) open(chosen);
  }

  /** @param {import("../core/guess.js").Offer} offered @returns {Promise<import("../core/guess.js").Posed>} */
  async function posedOf({ server, question }) {
    const { state } = store;
    if (!state.trace || !state.model) return { missing: "There is no picture yet." };
    return question.pose(state, asking(server));
  }

  /** @param {import("../state").Server} server @returns {import("../core/guess.js").Ask} */
  const asking = (server) => (name, request) => ask(server, name, request);

  /** Ask a question in the view that it is about. @param {import("../core/guess.js").Offer} offered @param {boolean} focus */
  function open(offered, focus = true) {
    const view = offered?.root.closest('#tabs [role="tabpanel"] .column, #tabs .tabitem');
    if (!view) return;
    turn++;
    unmask();
    [asked, found, guess] = [offered, null, null];
    [posed, about] = [{}, key(asked)];
    view.prepend(panel);
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    pose();
    if (focus) $("h2").focus();
  }

  /** @param {boolean} focus whether it was left by the person, who goes on at the button */
  function close(focus) {
    if (!asked) return;
    turn++;
    unmask();
    asked = null;
    panel.hidden = true;
    root.append(panel);
    button.setAttribute("aria-expanded", "false");
    if (focus) button.focus();
  }

  function mask() {
    for (const selector of asked.question.hides)
      for (const element of document.querySelectorAll(`#tabs ${selector}`)) element.setAttribute(HIDDEN, "");
  }

  function unmask() {
    for (const element of document.querySelectorAll(`[${HIDDEN}]`)) element.removeAttribute(HIDDEN);
  }

  // ---- asking ------------------------------------------------------------------------------------------------------
  async function pose() {
    const mine = turn;
    const { state } = store;
    mask();
    $("h2").textContent = "A question …";
    $("form").hidden = true;
    const came = await posedOf(asked);
    if (mine !== turn) return; // closed, or another question meanwhile
    posed = came;
    const { missing, words, options } = posed;
    $("h2").textContent = missing ?? filled(asked.question.ask, words);
    $("form").hidden = Boolean(missing);
    if (missing) {
      unmask();
      return;
    }
    $(".options").hidden = !options;
    $(".stack").hidden = Boolean(options);
    fill($(".options"), options || [], option);
    if (!options) {
      clearCanvas($(".scene"), SIDE, SIDE).drawImage(image(), 0, 0, SIDE, SIDE);
      $(".scene").setAttribute("aria-label", state.trace.picture.title);
      $(".spots").setAttribute("aria-label", "Your guess: arrow keys choose a patch, Enter answers");
      spots();
    }
    show();
  }

  const image = () => rgbImage(store.state.trace.rgb.data, store.state.trace.size, store.state.trace.size);

  /** @param {string} text @param {number} index */
  function option(text, index) {
    const label = make("label");
    const radio = make("input");
    Object.assign(radio, { type: "radio", name: "vx-guess", value: String(index) });
    radio.addEventListener("change", () => choose(index));
    label.append(radio, make("span", "", text), make("small"));
    return label;
  }

  /** @param {number} value */
  function choose(value) {
    if (found) return;
    guess = value;
    if (!posed.options) spots();
    show();
  }

  /** The patch that the question is about, the guessed one, and once it is known the right one. */
  function spots() {
    const { grid } = store.state.trace;
    clearCanvas($(".spots"), SIDE, SIDE);
    if (found) for (const patch of found.right) outlinePatch($(".spots"), SIDE, patch, grid, inkOf("--vx-key"), false);
    if (posed.token >= 0) outlinePatch($(".spots"), SIDE, posed.token, grid, inkOf("--vx-text"), false);
    if (guess !== null) outlinePatch($(".spots"), SIDE, guess, grid, inkOf("--vx-query"), false);
  }

  /** What is to be done. @param {number[]} grid */
  function hint(grid) {
    if (posed.options) return "Choose, and press Answer.";
    const chosen = guess === null ? byHand("Click a patch of the picture") : `You chose ${tokenName(guess, grid)}`;
    return `${chosen}, and press Answer. ${allowed(grid)}`;
  }

  function show() {
    const { grid } = store.state.trace;
    $(".picked").textContent = found ? "" : [hint(grid), "What would give it away is hidden until then."].join(" ");
    $(".answer").hidden = Boolean(found);
    $(".answer").disabled = guess === null;
    $(".outcome").hidden = !found;
    $(".foot").hidden = !found;
    for (const radio of panel.querySelectorAll("input")) radio.disabled = Boolean(found);
  }

  // ---- answering ---------------------------------------------------------------------------------------------------
  /** @param {boolean} again a guess that stood until now */
  async function answer(again = false) {
    if (guess === null || (found && !again)) return;
    if (key(asked) !== about) {
      open(asked); // something was chosen meanwhile that makes it another question
      return;
    }
    const mine = ++turn;
    $(".answer").disabled = true;
    const answered = await asked.question.check(store.state, asking(asked.server), posed);
    if (mine !== turn) return; // another question, picture or model meanwhile
    if (!answered) {
      show();
      return;
    }
    found = answered;
    unmask();
    tell();
    if (!again) $($(".next").hidden ? ".close" : ".next").focus({ preventScroll: true }); // what had the focus is gone or at rest
    if (found.link) go(found.link);
  }

  function tell() {
    const { grid, size, rgb } = store.state.trace;
    const undecided = found.right.length === 0;
    const judged = posed.options || undecided ? null : judge(guess, found.right, grid, found.values);
    const right = judged ? judged.right : found.right.includes(guess);
    if (!undecided) marks.add(about, right);
    const told = undecided ? found.why : filled(asked.question.told, { ...posed.words, ...found.words });
    $(".outcome").dataset.state = undecided ? "undecided" : right ? "right" : "wrong";
    $(".outcome strong").textContent = undecided
      ? found.waits
        ? "Not yet."
        : "The numbers do not decide it."
      : right
        ? "Right."
        : "No.";
    $(".outcome span").textContent = [told, judged?.words].filter(Boolean).join(" ");
    for (const [index, label] of [...panel.querySelectorAll("label")].entries()) {
      const good = found.right.includes(index);
      label.dataset.state = good ? "right" : index === guess && !undecided ? "wrong" : "";
      label.querySelector("small").textContent = good
        ? "✓ so it is"
        : index === guess && !undecided
          ? "✗ your guess"
          : "";
    }
    if (!posed.options) {
      if (found.values)
        overlay($(".scene"), SIDE, rgb.data, size, found.values, grid, Math.max(...Array.from(found.values)));
      spots();
    }
    $(".count").textContent = marks.words();
    $(".next").textContent = "Another question";
    $(".next").hidden = onScreen().length < 2;
    button.querySelector(".score").textContent = marks.words() && ` · ${marks.words()}`;
    show();
  }

  // ---- input -------------------------------------------------------------------------------------------------------
  button.addEventListener("click", () => (asked ? close(true) : next()));
  $(".close").addEventListener("click", () => close(true));
  $(".next").addEventListener("click", next);
  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    answer();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    close(true);
  });
  $(".spots").addEventListener("click", (event) => {
    const { grid } = store.state.trace;
    const cell = cellAt(event, $(".spots"), grid[0], grid[1]);
    if (cell) choose(cell[0] * grid[1] + cell[1]);
  });
  $(".spots").addEventListener("keydown", (event) => {
    const { grid } = store.state.trace;
    if (event.key === "Enter") answer();
    else if (event.key === "Escape" || !moveToken(event.key, grid, guess, choose)) return;
    event.preventDefault();
  });

  // ---- following the page ------------------------------------------------------------------------------------------
  /** The button where there is a question; a panel whose view has gone is put away. */
  function follow() {
    button.hidden = onScreen().length === 0;
    if (asked && !tabs.visible(asked.root)) close(false);
  }
  new MutationObserver(follow).observe(document.body, {
    subtree: true,
    attributes: true,
    attributeFilter: ["aria-selected"],
  });
  store.follow((topics) => {
    if (topics.includes("offered")) follow();
    if (!asked || topics.every((topic) => PASSING.includes(topic))) return;
    if (posed.missing || key(asked) !== about)
      open(asked, false); // what was missing has come, or it is another picture
    else if (found?.waits && topics.includes(found.waits)) answer(true);
    else if (!posed.options && topics.includes("theme")) spots();
  });
  follow();
});
