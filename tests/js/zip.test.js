import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { NotBrought, ofFolder, ofPicker, send } from "../../vit_explorer/ui/train/bring.js";
import { crc32, zipPieces, zipSize } from "../../vit_explorer/ui/train/zip.js";

const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);

/** @param {AsyncIterable<Uint8Array> | AsyncGenerator<Uint8Array>} pieces */
async function joined(pieces) {
  const parts = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts);
}

test("the check sum is that of the standard", () => {
  assert.equal(crc32(bytes("123456789")), 0xcbf43926);
  assert.equal(crc32(bytes("")), 0);
});

test("an archive holds each file as it is, under its name, and has the size that was told", async () => {
  const texts = { "pets/cat/1.jpg": "one", "pets/dög/2.jpg": "", "pets/cat/ü.png": "x".repeat(70_000) };
  const entries = Object.entries(texts).map(([path, text]) => ({
    path,
    size: text.length,
    read: async () => bytes(text),
  }));
  const archive = await joined(zipPieces(entries));
  assert.equal(archive.length, zipSize(entries));
  const folder = mkdtempSync(join(tmpdir(), "zip-"));
  try {
    writeFileSync(join(folder, "pets.zip"), archive);
    const script =
      "import json, sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None;" +
      "print(json.dumps({name: z.read(name).decode() for name in z.namelist()}))";
    const told = execFileSync("python3", ["-c", script, join(folder, "pets.zip")], { encoding: "utf8" });
    assert.deepEqual(JSON.parse(told), texts);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const file = (/** @type {string} */ path, /** @type {number} */ size) => ({
  path,
  file: new File([new Uint8Array(size)], path.split("/").at(-1) || ""),
});

test("hidden and oversized files of a folder stay behind", async () => {
  const found = [
    file("pets/cat/1.png", 10),
    file("pets/.git/x", 10),
    file("pets/cat/.DS_Store", 10),
    file("pets/cat/film.mp4", 99),
  ];
  const parcel = ofFolder("pets", found, 50);
  assert.equal(parcel.name, "pets.zip");
  assert.equal(parcel.left, 1);
  assert.equal((await joined(parcel.pieces())).length, parcel.size);
  assert.throws(() => ofFolder("pets", [file("pets/cat/.DS_Store", 10)], 50), NotBrought);
});

test("single pictures are no dataset, an archive is", () => {
  assert.throws(() => ofPicker([new File([], "a.png"), new File([], "b.png")], 50), NotBrought);
  assert.equal(ofPicker([new File([new Uint8Array(7)], "UP.NPZ")], 50).size, 7);
});

test("a parcel is sent in parts that follow each other, and dropped when one is refused", async () => {
  const parcel = ofPicker([new File([bytes("0123456789")], "a.zip")], 50);
  /** @type {any[]} */
  const asked = [];
  const shares = /** @type {number[]} */ ([]);
  globalThis.FileReader = /** @type {any} */ (
    class {
      result = "";
      onload() {}
      readAsDataURL(/** @type {Blob} */ blob) {
        blob.arrayBuffer().then((buffer) => {
          this.result = `data:;base64,${Buffer.from(buffer).toString("base64")}`;
          this.onload();
        });
      }
    }
  );
  const ask =
    (/** @type {string[]} */ ...refused) =>
    async (/** @type {string} */ name, /** @type {any} */ request) => {
      asked.push([name, request]);
      if (refused.includes(name)) return null;
      return name === "bring" ? { data: "own-1", part_bytes: 4 } : {};
    };
  const { signal } = new AbortController();
  assert.equal(await send(parcel, ask(), (share) => shares.push(share), signal), "own-1");
  const parts = asked.filter(([name]) => name === "bring_part").map(([, { at, part }]) => [at, atob(part)]);
  assert.deepEqual(parts, [
    [0, "0123"],
    [4, "4567"],
    [8, "89"],
  ]); // prettier-ignore
  assert.deepEqual(shares, [0.4, 0.8, 1]);
  asked.length = 0;
  assert.equal(await send(parcel, ask("bring_part"), () => {}, signal), null);
  assert.deepEqual(
    asked.map(([name]) => name),
    ["bring", "bring_part", "drop_own"],
  ); // prettier-ignore
});
