/* A .zip archive of files as they are, made piece by piece, so that a folder travels as one file (APPNOTE 6.3.10, 4.3). */

/** @typedef {{path: string, size: number, read: () => Promise<Uint8Array>}} Entry */

const UTF8_NAMES = 0x800; // flag of a member
const JANUARY_1980 = 0x21; // the first date that there is; times are not told
const VERSION = 20; // that is needed to read it: 2.0

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** CRC-32 of bytes. @param {Uint8Array} bytes */
export function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = TABLE[(sum ^ byte) & 0xff] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

/** Numbers of 2 or 4 bytes, the lowest byte first. @param {[number, 2 | 4][]} fields */
function numbers(fields) {
  const bytes = new Uint8Array(fields.reduce((total, [, width]) => total + width, 0));
  let at = 0;
  for (const [value, width] of fields)
    for (let i = 0; i < width; i++) bytes[at++] = Math.floor(value / 2 ** (8 * i)) & 0xff;
  return bytes;
}

/** What the local header and the directory say alike of a member. @returns {[number, 2 | 4][]} */
const described = (sum, size, nameLength) => [
  [VERSION, 2],
  [UTF8_NAMES, 2],
  [0, 2], // stored
  [0, 2],
  [JANUARY_1980, 2],
  [sum, 4],
  [size, 4],
  [size, 4],
  [nameLength, 2],
  [0, 2],
];

/** The pieces of the archive in their order. @param {Iterable<Entry>} entries */
export async function* zipPieces(entries) {
  const directory = [];
  let at = 0;
  for (const { path, read } of entries) {
    const name = new TextEncoder().encode(path);
    const bytes = await read();
    const sum = crc32(bytes);
    const header = numbers([[0x04034b50, 4], ...described(sum, bytes.length, name.length)]);
    directory.push(
      numbers([
        [0x02014b50, 4],
        [VERSION, 2],
        ...described(sum, bytes.length, name.length),
        [0, 2],
        [0, 2],
        [0, 2],
        [0, 4],
        [at, 4],
      ]),
      name,
    );
    yield header;
    yield name;
    yield bytes;
    at += header.length + name.length + bytes.length;
  }
  const length = directory.reduce((total, part) => total + part.length, 0);
  const count = directory.length / 2;
  yield* directory;
  yield numbers([
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [count, 2],
    [count, 2],
    [length, 4],
    [at, 4],
    [0, 2],
  ]); // prettier-ignore
}

/** About how many bytes the archive will have. @param {Entry[]} entries */
export const zipSize = (entries) =>
  entries.reduce((total, { path, size }) => total + size + 2 * new TextEncoder().encode(path).length + 76, 22);
