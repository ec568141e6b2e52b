/* What the browser keeps for a visitor. Where it forbids that, as in an iframe of another site, a word is kept until the page is left. */

/** @param {() => Storage} open which throws where storage is forbidden */
export function safe(open) {
  const kept = new Map(); // what could not be stored
  return {
    /** @param {string} key @returns {string | null} */
    get(key) {
      try {
        return kept.get(key) ?? open().getItem(key);
      } catch {
        return kept.get(key) ?? null;
      }
    },
    /** @param {string} key @param {string} value */
    set(key, value) {
      try {
        open().setItem(key, value);
        kept.delete(key);
      } catch {
        kept.set(key, value); // forbidden or full
      }
    },
  };
}

export const ofBrowser = safe(() => localStorage);
export const ofWindow = safe(() => sessionStorage);
