/* Uploaded pictures on screen and in the scenes: the server keeps them while this page is open. */
import { say } from "../core/say.js";
import { ask } from "../core/server.js";
import * as store from "../core/store.js";
import { sendAgain } from "../core/uploads.js";

const OFTEN = 3; // times in the minutes for which the server keeps a picture that nobody asks for
const FIRST = 20_000; // ms until the first time: scenes of a link may be old

/** @param {import("../state").Server} server @param {() => string[]} scenes names of the pictures in them */
export function keepUploads(server, scenes) {
  const missed = new Set(); // what has been said

  async function ping() {
    const minutes = store.state.catalogue?.kept_minutes ?? 1;
    setTimeout(ping, (minutes * 60_000) / OFTEN);
    const shown = document.hidden ? "" : (store.state.trace?.picture.name ?? ""); // a forgotten tab keeps no room
    const pictures = [...new Set([shown, ...scenes()])].filter((name) => name.startsWith("upload:"));
    if (!pictures.length) return;
    const answer = await ask(server, "keep_uploads", { pictures }, { quiet: true, say() {} });
    for (const name of answer?.missing ?? []) {
      if ((await sendAgain(name)) || missed.has(name) || !scenes().includes(name)) continue;
      missed.add(name);
      say("The server no longer has an uploaded picture of your scenes: upload it again and keep its scene anew.");
    }
  }
  setTimeout(ping, FIRST);
}
