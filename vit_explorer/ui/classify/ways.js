/* How pictures come into the Classify tab: chosen, dropped, pasted or taken by the camera, read one after the other. */
import { wireCamera } from "../core/camera.js";
import { base64, intoField } from "../core/files.js";
import * as format from "../core/format.js";
import * as store from "../core/store.js";
import { visible } from "../core/tabs.js";
import { send } from "../core/uploads.js";

/**
 * @param {HTMLElement} root
 * @param {import("../state").Server} server
 * @param {{most: number, add: (picture: import("../core/payloads").PicturePayload, place: number) => void, tell: (sentence?: string) => void, complain: (sentence: string) => void}} how `add` what was read, of `most` at a time; `tell` what goes on, `complain` of what cannot be used
 */
export function waysIn(root, server, { most, add, tell, complain }) {
  const $ = (selector) => root.querySelector(selector);
  let reading = Promise.resolve(); // the files being read, one after the other
  let shots = 0;
  let pasted = 0;

  /** Read files one by one; each bad one leaves a sentence, the others go on. */
  async function take(files) {
    let added = 0;
    for (const [index, { file, title }] of files.entries()) {
      if (added === most) {
        complain(`${files.length - index} more files were left out: this page holds ${most} pictures at a time.`);
        break;
      }
      tell(files.length > 1 ? `Reading ${index + 1} of ${files.length}: ${title}` : `Reading ${title}`);
      const picture = await read(file, title, (sentence) => complain(`${title}: ${sentence}`));
      if (picture) add(picture, added++);
    }
    tell();
  }

  /** What the server made of a file; null, once a sentence says why it is no picture. */
  async function read(file, title, refuse) {
    const limit = (store.get("catalogue") || {}).max_bytes || Infinity;
    if (file.size > limit) {
      refuse(`This file is over ${format.megabytes(limit)}; make the picture smaller, then retry.`);
      return null;
    }
    let data = "";
    try {
      if (file.size) data = await base64(file);
    } catch {
      refuse("This cannot be read as a file; if it is a folder, drop the pictures inside it.");
      return null;
    }
    return send(server, "take", { title, data }, { say: refuse });
  }

  /** @param {(File | Blob)[]} files  @param {(file: File) => string} [name] */
  function bring(files, name = (file) => file.name || "Picture") {
    const named = files.map((file) => ({ file, title: name(/** @type {File} */ (file)) }));
    const next = () => take(named);
    reading = reading.then(next, next); // also when the files before them could not be shown
  }

  $(".choose").addEventListener("click", () => $(".file").click());
  $(".zone").addEventListener("click", (event) => {
    if (!event.target.closest("button, input, .live")) $(".file").click();
  });
  $(".file").addEventListener("change", (event) => {
    bring([...event.target.files]);
    event.target.value = "";
  });
  root.addEventListener("dragover", (event) => {
    event.preventDefault();
    root.classList.add("dropping");
  });
  root.addEventListener("dragleave", (event) => {
    if (!root.contains(/** @type {Node} */ (event.relatedTarget))) root.classList.remove("dropping");
  });
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    root.classList.remove("dropping");
    if (event.dataTransfer.files.length) bring([...event.dataTransfer.files]);
    else complain("What was dropped is no file: save the picture first, then drop its file here.");
  });
  // Before the frame hears of it, which leaves alone what has been prevented.
  window.addEventListener(
    "paste",
    (event) => {
      if (!visible(root) || !event.clipboardData || !event.clipboardData.files.length || intoField(event)) return;
      event.preventDefault();
      bring([...event.clipboardData.files], (file) =>
        !file.name || file.name === "image.png" ? `Pasted picture ${++pasted}` : file.name,
      );
    },
    true,
  );

  wireCamera(root, (shot) => bring([shot], () => `Camera picture ${++shots}`), complain);
}
