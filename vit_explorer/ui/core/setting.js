/* Settings of a view as text in a link: how each kind of value is written, and which text is one. */

/** @typedef {{read: () => string | null, write: (text: string | null) => void}} Setting `null` is its default */
/** @template T @typedef {{write(value: T): string, read(text: string): T | undefined}} Kind `undefined`: no value of this kind */

/**
 * A setting of a view, for `inLink`. @template T
 * @param {Kind<T>} kind
 * @param {() => T | null | undefined} get its value now; null or undefined while it is the default
 * @param {(value: T | null) => void} set null for its default
 * @param {T | (() => T | null)} [usual] the default, where `get` gives it like any other value
 * @returns {Setting}
 */
export function setting(kind, get, set, usual) {
  const same = (value) => {
    const other = typeof usual === "function" ? /** @type {() => T | null} */ (usual)() : usual;
    return other !== undefined && other !== null && kind.write(value) === kind.write(other);
  };
  return {
    read() {
      const value = get();
      return value === null || value === undefined || same(value) ? null : kind.write(value);
    },
    write(text) {
      const value = text === null ? undefined : kind.read(text);
      set(value === undefined ? null : value);
    },
  };
}

const whole = (text) => (/^-?\d{1,9}$/.test(text) ? Number(text) : undefined);

/** One of some words. @template {string} T @param {...T} words @returns {Kind<T>} */
export const oneOf = (...words) => ({
  write: (value) => value,
  read: (text) => words.find((word) => word === text),
});

/** A whole number, both bounds included. @returns {Kind<number>} */
export const integer = (low = -1e9, high = 1e9) => ({
  write: String,
  read: (text) => (whole(text) >= low && whole(text) <= high ? whole(text) : undefined),
});

/** A layer, a head, a step: counted from 0 in the scripts, from 1 in the link as on the page. @type {Kind<number>} */
export const index = {
  write: (value) => String(value + 1),
  read: (text) => (whole(text) >= 1 ? whole(text) - 1 : undefined),
};

/** A number, both bounds included. @returns {Kind<number>} */
export const number = (low, high) => ({
  write: (value) => String(Number(value.toPrecision(6))),
  read: (text) => (text.trim() !== "" && Number(text) >= low && Number(text) <= high ? Number(text) : undefined),
});

/** Yes or no. @type {Kind<boolean>} */
export const flag = {
  write: (value) => (value ? "yes" : "no"),
  read: (text) => (text === "yes" ? true : text === "no" ? false : undefined),
};

/** A name or other words of a person. @returns {Kind<string>} */
export const words = (longest = 200) => ({
  write: (value) => value,
  read: (text) => (text.length <= longest ? text : undefined),
});

/** Whole numbers, such as patches; "" in a link is an empty list. @returns {Kind<number[]>} */
export const integers = (low = 0, high = 1e9) => ({
  write: (values) => values.join("."),
  read(text) {
    const values = text === "" ? [] : text.split(".").map(whole);
    return values.every((value) => value >= low && value <= high) ? values : undefined;
  },
});
