/* A measurement on the server: begun, followed and stopped by the .start, .stop, .bar and .told that it puts behind the
 * heading in the view's .measure, if it has one.
 *
 * name: of the key under which a window remembers the measurement that it began.
 * calls: the server's functions {start, look, stop}; asks(): what is asked for.
 * first: how it stands before the server has said so. took(before): called after every new word of the server.
 */
import { button, make } from "./elements.js";
import { ask, poll } from "./server.js";
import { ofWindow } from "./storage.js";

export function makeMeasuring(root, server, { name, calls, asks, first, took, everyMs = 400 }) {
  const $ = (selector) => root.querySelector(selector);
  const KEY = `vx-${name}`;
  let status = first;

  const bar = Object.assign(make("progress", "bar idle"), { max: 1, value: 0 });
  bar.setAttribute("aria-label", "Share of the measurement that is done");
  const told = make("span", "told vx-small");
  told.setAttribute("role", "status");
  $(".measure").append(
    button("Measure here", begin, "vx-button start"),
    button("Stop", end, "vx-button stop"),
    bar,
    told,
  );
  $(".stop").disabled = true;

  const mine = () => ofWindow.get(KEY);

  function take(answer) {
    const before = status;
    status = answer;
    took(before);
  }

  /** Look again and again while a measurement runs. */
  const following = poll(async () => {
    const before = status;
    const answer = await ask(server, calls.look, { id: mine() }, { quiet: true });
    if (answer && status === before) take(answer); // not one that was asked for before something newer came
    return status.running && root.isConnected ? everyMs : null;
  });

  async function begin() {
    $(".start").disabled = true;
    const answer = await ask(server, calls.start, asks(), { once: true });
    if (answer) {
      ofWindow.set(KEY, answer.id);
      take(answer);
    }
    following.now();
  }
  async function end() {
    $(".stop").disabled = true;
    const answer = await ask(server, calls.stop, { id: mine() });
    if (answer) take(answer);
  }

  /** Buttons, bar and words: now(running) says what is measured at the moment, blocked that it cannot begin. */
  function show(now, blocked = false) {
    const { running } = status;
    $(".start").disabled = Boolean(running) || blocked;
    $(".stop").disabled = !(running && running.mine);
    $(".bar").classList.toggle("idle", !running);
    $(".bar").value = running ? running.share : 0;
    $(".told").textContent = running ? `${progress(running)}${now(running)}` : "";
  }

  function progress({ share, left, mine: own }) {
    const rest = left === null ? "" : `, about ${Math.max(1, Math.round(left))} s left`;
    return `${own ? "" : "Somebody is measuring: "}${Math.round(100 * share)} %${rest}`;
  }

  return { now: () => status, follow: following.now, show };
}
