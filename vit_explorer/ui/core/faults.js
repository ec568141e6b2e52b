/* What an answer that did not come means, in a sentence, and whether to ask again. */

/** What is said of an answer that takes long. @param {number | null} before how many others come first, null where that is not known */
export function waiting(before) {
  if (before === null) return "Still waiting for the server’s answer.";
  return before === 0 ? "The server is working on this." : `Waiting for the server: ${before} before you.`;
}

/** What is said once a network answers by other weights than before. @param {string} model */
export const reweighed = (model) =>
  `The weights of ${model} were replaced on the server while this page was open: what is on screen is partly of the old ones. Load the page again; its link brings all of it back.`;

const BY_ITSELF = "This page asks again until there is an answer.";
const [OFTEN, SELDOM] = [4000, 60_000]; // ms, the longest between two attempts

/** By HTTP status; `again` false: asking again would bring the same. */
const FAULTS = {
  400: { said: "The server could not read what this page asked.", again: false },
  401: { said: "You are no longer logged in here. Load the page again to log in.", again: true },
  403: { said: "The server does not allow this.", again: false },
  404: { said: "The server was started anew with another version. Load the page again.", again: false },
  413: { said: "This is larger than the server accepts: make the picture or file smaller, then retry.", again: false },
  429: { said: "The server has too many requests at the moment.", again: true },
  500: { said: "The server failed at this (status 500); its log says why.", again: true },
  502: { said: "The server is not running behind its proxy (status 502).", again: true },
  503: { said: "The server is not ready (status 503).", again: true },
  504: { said: "The server took too long to answer (status 504).", again: true },
};
const AWAY = { said: "The server does not answer: it was stopped, or the network is gone.", again: true };

/**
 * @param {number} status of HTTP; 0 where no readable answer came
 * @param {boolean} once whether it was a command, which is not given twice
 * @returns {{sentence: string, again: boolean}}
 */
export function faultOf(status, once = false) {
  const known =
    FAULTS[status] ||
    (status === 0 ? AWAY : { said: `The server answered with status ${status}.`, again: status >= 500 });
  const more = !known.again ? "" : once ? " Try again when it is back." : ` ${BY_ITSELF}`;
  return { sentence: known.said + more, again: known.again };
}

/** Milliseconds before the next attempt, after so many failures: doubling, to a few seconds; seldom for a fault of the server. */
export const delay = (status, failures) => Math.min(1000 * 2 ** failures, status === 500 ? SELDOM : OFTEN);
