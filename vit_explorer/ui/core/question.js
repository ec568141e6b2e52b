/* What a view shows, as the answer to a question that follows from the state. */
import { make } from "./elements.js";
import { ask as askServer, queue, underWay } from "./server.js";
import * as store from "./store.js";

/** @typedef {import("../state").State} State */

/**
 * Ask when the question changes, and keep the answer. A refusal stands in the view until there is an answer.
 *
 * `wanted(state)` is the request, and `same(state)` what two requests with the same answer have in common, if not all;
 * `keep(answer, state)` receives what came, with its `question`; `draw(state)` draws it, and asks again. `kind` is
 * `queue` where many questions come in a row, as from a slider, or `latest` where an older answer may take long. `refused()` may choose
 * something else, where a link named what is not here. With `ahead` the question about another picture is put while that picture is
 * analysed, so that the server works on both at once: for answers that take a pass of the network themselves.
 * @param {HTMLElement} root of the view
 * @param {import("../state").Server} server
 * @param {string} name of the function
 * @param {{wanted: (state: State) => object, same?: (state: State) => object, keep: (answer: any, state: State) => void,
 *   draw: (state: State) => void, kind?: typeof queue, refused?: () => void, ahead?: boolean}} how
 */
export function question(
  root,
  server,
  name,
  { wanted, same = wanted, keep, draw, kind = queue, refused = () => {}, ahead = false },
) {
  let [asked, answered] = ["", ""];
  const notice = make("p", "vx-panel vx-refusal");
  const send = kind(server, name, { say: (sentence) => (notice.textContent = sentence) });

  let giveUp = new AbortController();
  let early = { of: "", answer: /** @type {Promise<object | null>} */ (Promise.resolve(null)) }; // asked ahead
  if (ahead) {
    store.on("coming", ({ picture, model, fit }) => {
      giveUp.abort();
      const { trace, model: shown } = store.state;
      if (answered === "" || shown.name !== model || root.offsetParent === null) return;
      const next = { ...store.state, trace: { ...trace, picture: { ...trace.picture, name: picture }, fit } };
      giveUp = new AbortController();
      const quietly = { quiet: true, say() {}, signal: giveUp.signal };
      early = { of: JSON.stringify(same(next)), answer: askServer(server, name, wanted(next), quietly) };
    });
  }

  async function ask(/** @type {State} */ state) {
    const mine = JSON.stringify(same(state));
    if (mine === asked) return;
    asked = mine;
    if (mine === answered) return; // what is on screen, while another question is under way
    const known = mine === early.of ? await underWay(early.answer) : null;
    if (asked !== mine) return; // another one was put while this one came
    const answer = known || (await send(wanted(state)));
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
