/* What a view shows, as the answer to a question that follows from the state. */
import { make } from "./elements.js";
import { queue } from "./server.js";
import * as store from "./store.js";

/** @typedef {import("../state").State} State */

/**
 * Ask when the question changes, and keep the answer. A refusal stands in the view until there is an answer.
 *
 * `wanted(state)` is the request, and `same(state)` what two requests with the same answer have in common, if not all;
 * `keep(answer, state)` receives what came, with its `question`; `draw(state)` draws it, and asks again. `kind` is
 * `queue` where many questions come in a row, as from a slider, or `latest` where an older answer may take long. `refused()` may choose
 * something else, where a link named what is not here.
 * @param {HTMLElement} root of the view
 * @param {import("../state").Server} server
 * @param {string} name of the function
 * @param {{wanted: (state: State) => object, same?: (state: State) => object, keep: (answer: any, state: State) => void,
 *   draw: (state: State) => void, kind?: typeof queue, refused?: () => void}} how
 */
export function question(root, server, name, { wanted, same = wanted, keep, draw, kind = queue, refused = () => {} }) {
  let [asked, answered] = ["", ""];
  const notice = make("p", "vx-panel vx-refusal");
  const send = kind(server, name, { say: (sentence) => (notice.textContent = sentence) });

  async function ask(/** @type {State} */ state) {
    const mine = JSON.stringify(same(state));
    if (mine === asked) return;
    asked = mine;
    if (mine === answered) return; // what is on screen, while another question is under way
    const answer = await send(wanted(state));
    if (answer && !fits(store.state)) {
      answered = mine;
      notice.remove();
      keep({ ...answer, question: mine }, store.state);
      draw(store.state);
    } else if (!answer && asked === mine) {
      asked = ""; // the next choice or redraw asks again
      root.prepend(notice);
      refused();
    }
  }

  /** Whether the newest answer is that to what is wanted now. */
  const fits = (/** @type {State} */ state) => answered !== "" && answered === JSON.stringify(same(state));

  return { ask, fits };
}
