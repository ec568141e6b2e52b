/* Files of a person for training: gathered from a drop or a picker, and sent in parts. A folder travels as an archive. */
import { base64 } from "../core/files.js";
import { zipPieces, zipSize } from "./zip.js";

/** @typedef {import("./zip.js").Entry} Entry */
/** What is to be sent: `left` files were too large to be pictures. @typedef {{name: string, size: number, left: number, pieces: () => AsyncIterable<Uint8Array> | AsyncGenerator<Uint8Array>}} Parcel */

const ARCHIVE = /\.(zip|npz)$/i;
const SLICE = 2 ** 20; // bytes of a file that are read at once
const MAX_COUNT = 60_000; // files of a folder, which an archive of this kind can list

/** A sentence on why nothing can be sent. */
export class NotBrought extends Error {}

const bytesOf = async (/** @type {Blob} */ blob) => new Uint8Array(await blob.arrayBuffer());

/** A single archive as it is. @param {File} file @returns {Parcel} */
function ofFile(file) {
  async function* pieces() {
    for (let at = 0; at < file.size; at += SLICE) yield await bytesOf(file.slice(at, at + SLICE));
  }
  return { name: file.name, size: file.size, left: 0, pieces };
}

/**
 * Files with their paths as one archive; hidden ones and those over the limit of a picture stay behind.
 * @param {string} name @param {{path: string, file: File}[]} found @param {number} maxBytes @returns {Parcel}
 */
export function ofFolder(name, found, maxBytes) {
  const seen = found.filter(({ path }) => !path.split("/").some((part) => part.startsWith(".")));
  if (seen.length > MAX_COUNT) throw new NotBrought(`${name} holds over ${MAX_COUNT} files: take fewer.`);
  const taken = seen.filter(({ file }) => file.size <= maxBytes);
  if (!taken.length) throw new NotBrought(`${name} holds no files that could be pictures.`);
  const entries = taken.map(({ path, file }) => ({ path, size: file.size, read: () => bytesOf(file) }));
  return {
    name: `${name}.zip`,
    size: zipSize(entries),
    left: seen.length - taken.length,
    pieces: () => zipPieces(entries),
  };
}

/** What a picker of files or of a folder has given. @param {FileList | File[]} files @param {number} maxBytes @returns {Parcel} */
export function ofPicker(files, maxBytes) {
  const [first] = files;
  if (files.length === 1 && ARCHIVE.test(first.name) && !first.webkitRelativePath) return ofFile(first);
  const found = [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
  if (!found.some(({ path }) => path.includes("/")))
    throw new NotBrought("Bring a folder with one folder of pictures per class, or a .zip or .npz of one.");
  return ofFolder(found[0].path.split("/")[0], found, maxBytes);
}

/** What was dropped; to be called while the drop is handled. @param {DataTransfer} transfer @param {number} maxBytes @returns {Promise<Parcel>} */
export async function ofDrop(transfer, maxBytes) {
  const files = [...transfer.files];
  const tops = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const folders = tops.filter((entry) => entry.isDirectory);
  if (!folders.length) return ofPicker(files, maxBytes);
  /** @type {{path: string, file: File}[]} */
  const found = [];
  for (const folder of folders) await gather(folder, "", found);
  return ofFolder(folders.length === 1 ? folders[0].name : "pictures", found, maxBytes);
}

/** All files below an entry of a dropped folder. */
async function gather(entry, prefix, found) {
  const path = prefix + entry.name;
  if (entry.isFile) {
    found.push({ path, file: await new Promise((done, fail) => entry.file(done, fail)) });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail)); // about 100 at a time
    if (!some.length) return;
    for (const one of some) await gather(one, `${path}/`, found);
  }
}

/**
 * Send a parcel in parts; the name of the dataset, or null if the server refused or it was given up.
 * @param {Parcel} parcel
 * @param {(name: string, request: object) => Promise<any>} ask
 * @param {(share: number) => void} told how much has arrived, 0 to 1
 * @param {AbortSignal} signal
 */
export async function send(parcel, ask, told, signal) {
  const begun = await ask("bring", { name: parcel.name, size: parcel.size });
  if (!begun) return null;
  const { data, part_bytes: most } = begun;
  const buffer = new Uint8Array(most);
  let [at, filled] = [0, 0];
  const flush = async () => {
    const part = await base64(new Blob([buffer.subarray(0, filled)]));
    if (signal.aborted || !(await ask("bring_part", { data, at, part }))) return false;
    at += filled;
    filled = 0;
    told(Math.min(1, at / parcel.size));
    return true;
  };
  const drop = async () => {
    await ask("drop_own", { data });
    return null;
  };
  for await (const piece of parcel.pieces())
    for (let from = 0; from < piece.length; ) {
      const some = piece.subarray(from, from + most - filled);
      buffer.set(some, filled);
      filled += some.length;
      from += some.length;
      if (filled === most && !(await flush())) return drop();
    }
  if (filled && !(await flush())) return drop();
  return (await ask("bring_end", { data })) && !signal.aborted ? data : drop();
}
