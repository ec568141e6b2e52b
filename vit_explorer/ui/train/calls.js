/* How the Train tab asks the server. Polls are not counted as work under way of the page, as those of call in core/server.js are. */
import { say } from "../core/say.js";

const LOST = "The server did not answer. Is it still running? Then try again.";
let server = null;
let secret = null;

/** The secret by which the server knows its visitor again; it goes from this browser to that server alone. */
function owner() {
  if (secret) return secret;
  try {
    secret = localStorage.getItem("vx-owner");
  } catch {
    secret = null; // storage is forbidden here: the visitor is known until the page is left
  }
  if (!secret) {
    secret = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    try {
      localStorage.setItem("vx-owner", secret);
    } catch {
      // as above
    }
  }
  return secret;
}

/** Ask the server; a refusal comes back as {refused: sentence}, with `lost` if it did not answer at all. */
export async function tryAsk(name, request = {}) {
  try {
    const answer = await server[name]({ owner: owner(), ...request });
    return answer && answer.error ? { refused: answer.error } : answer;
  } catch {
    return { refused: LOST, lost: true };
  }
}

/** Ask the server; a refusal is said to the person, and null comes back. */
export async function ask(name, request = {}) {
  const answer = await tryAsk(name, request);
  if (!answer.refused) return answer;
  say(answer.refused);
  return null;
}

/** @param {object} functions of the server, that the first widget of the tab was given */
export const connect = (functions) => (server = functions);
