/* What the browser keeps for a visitor. Where it forbids that, as in an iframe of another site, a word is kept until the page is left. */

/** @param {() => Storage} open which throws where storage is forbidden */
export function safe(open) {
  const kept = new Map();
  return {
    /** @param {string} key @returns {string | null} */
    get(key) {
      try {
        return open().getItem(key) ?? kept.get(key) ?? null;
      } catch {
        return kept.get(key) ?? null;
      }
    },
    /** @param {string} key @param {string} value */
    set(key, value) {
      kept.set(key, value);
      try {
        open().setItem(key, value);
      } catch {
        // forbidden or full: see above
      }
    },
  };
}

export const ofBrowser = safe(() => localStorage);
export const ofWindow = safe(() => sessionStorage);
