/* Pictures that this page has sent. A server that was started anew has forgotten them: it is sent them again. */
import { ask } from "./server.js";

const MOST = 64e6; // characters of base64 that are kept for that, of the newest pictures
/** @type {Map<string, {size: number, again: () => Promise<any>}>} */
const sent = new Map();

/**
 * Send a picture; see `ask`.
 * @param {import("../state").Server} server
 * @param {string} name of the function that takes it
 * @param {{data: string, title: string}} request `data` is base64
 * @param {import("./server.js").Options} options
 * @returns {Promise<import("./payloads").PicturePayload | null>}
 */
export async function send(server, name, request, options = {}) {
  const again = () => ask(server, name, request, options);
  const picture = await again();
  if (!picture) return null;
  sent.delete(picture.name);
  sent.set(picture.name, { size: request.data.length, again });
  let total = 0;
  for (const [kept, { size }] of [...sent].reverse()) if ((total += size) > MOST) sent.delete(kept);
  return picture;
}

/** Send a picture again; whether the server has it now. @param {string} name */
export const sendAgain = async (name) => Boolean(await sent.get(name)?.again());
