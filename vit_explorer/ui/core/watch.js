/* Work of the server that takes long and is done only while a page waits for it: begun, followed and left. */
import { ask, latest, poll } from "./server.js";

const EVERY = 400; // ms between two looks at how far it is
const PAGE = Math.random().toString(36).slice(2);
let begun = 0; // each wait has a name of its own: that one is over, said late, does not end the next

/**
 * `names` are those of the server's functions; `heard` is called with each word of the progress.
 * @param {HTMLElement} root of the view
 * @param {import("../state").Server} server
 * @param {{work: string, progress: string, leave: string}} names
 * @param {(at: any) => void} heard
 */
export function watched(root, server, names, heard) {
  const send = latest(server, names.work);
  /** @type {object | null} */
  let question = null; // whose answer is waited for
  let page = ""; // by which the server knows who waits

  const following = poll(async () => {
    const mine = question;
    if (!mine || !root.isConnected) return null;
    const at = await ask(server, names.progress, { question: mine, page }, { quiet: true });
    if (at && mine === question) heard(at);
    return EVERY;
  });

  /** Wait no longer: the server stops what nobody waits for, and the code after an await of `begin` does not go on. */
  function leave() {
    const mine = question;
    question = null;
    send.forget();
    if (mine) ask(server, names.leave, { question: mine, page }, { quiet: true });
  }

  /** The answer, null once a sentence has said why there is none. @param {object} request */
  async function begin(request) {
    leave();
    question = request;
    page = `${PAGE}-${++begun}`;
    following.now();
    const answer = await send(request);
    question = null;
    return answer;
  }

  return { begin, leave, waiting: () => question !== null };
}
