/* Calls to the server. */
import { say } from "./say.js";

const latest = new Map(); // channel -> number of the newest call
let pending = 0; // calls and modules under way

/**
 * Ask the server. Of several calls on one channel only the newest is answered; the others give null. An answer
 * {error} is shown to the person and gives null too.
 * @template {string} Name
 * @param {string} channel
 * @param {import("../state").Server} server
 * @param {Name} name
 * @param {object} request
 * @returns {Promise<import("../state").Answer<Name> | null>}
 */
export async function call(channel, server, name, request) {
  const ticket = (latest.get(channel) || 0) + 1;
  latest.set(channel, ticket);
  pending++;
  try {
    const answer = await server[name](request);
    if (latest.get(channel) !== ticket) return null;
    if (answer && answer.error) {
      say(answer.error);
      return null;
    }
    return answer;
  } catch {
    if (latest.get(channel) === ticket) say("The server did not answer. Is it still running? Then try again.");
    return null;
  } finally {
    pending--;
  }
}

/** Resolves when no call is under way and what the last one brought has been drawn. */
export async function idle() {
  do await new Promise((resolve) => setTimeout(resolve));
  while (pending > 0);
}

/** Count a promise among what is under way until it has an outcome. @template T @param {Promise<T>} promise */
export async function underWay(promise) {
  pending++;
  try {
    return await promise;
  } finally {
    pending--;
  }
}
