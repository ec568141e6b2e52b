/* Files from the person and to the person. */

/** Save bytes (base64) as a file. */
export function saveFile(filename, mime, base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: mime }));
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** The name of a file without its ending: words in any language, with dashes between them. @param {string[]} words */
export const fileStem = (words) => words.join("-").replace(/[^\p{L}\p{N}]+/gu, "-");

/** Whether a paste is for a field that is written in: there text comes before a picture of it. */
export const intoField = ({ target, clipboardData }) =>
  clipboardData.types.includes("text/plain") &&
  Boolean(/** @type {Element} */ (target).closest?.("input, textarea, select, [contenteditable]"));

/** The bytes of a file or blob as base64. */
export function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const address = String(reader.result);
      resolve(address.slice(address.indexOf(",") + 1));
    };
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
