/* Packed arrays of the server, see arrays.py. */

/** @typedef {{data: Float32Array | Uint8Array | Int8Array | Int16Array, shape: number[], scale: number, at: (...index: number[]) => number}} Packed */

/** The index of the largest number. @param {number[] | Float32Array} values */
export const best = (values) => values.indexOf(Math.max(...values));

const ARRAYS = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array, int16: Int16Array };

/**
 * Unpack what arrays.pack or pack_shares made. `at(i, j, ...)` is the value with its scale; `data` holds the stored
 * numbers, or the values themselves where logarithms were stored.
 * @param {import("./payloads").Packed} packed
 * @returns {Packed}
 */
export function decode(packed) {
  const text = atob(packed.data);
  const bytes = new Uint8Array(text.length);
  for (let k = 0; k < bytes.length; k++) bytes[k] = text.charCodeAt(k); // many times as fast as Uint8Array.from
  const logs = packed.dtype === "log2";
  const data = logs ? powers(new Uint16Array(bytes.buffer), packed.scale) : new ARRAYS[packed.dtype](bytes.buffer);
  const { shape } = packed;
  const scale = logs ? 1 : packed.scale;
  const at = (...index) => {
    let flat = 0;
    for (let axis = 0; axis < shape.length; axis++) flat = flat * shape[axis] + index[axis];
    return data[flat] * scale;
  };
  return { data, shape, scale, at };
}

let table = new Float32Array(0); // 2 ** -(code * step) for every code; the step is the same for all payloads

function powers(codes, step) {
  if (!table.length)
    table = Float32Array.from({ length: 65536 }, (_, code) => (code === 65535 ? 0 : 2 ** (-code * step)));
  const values = new Float32Array(codes.length);
  for (let k = 0; k < codes.length; k++) values[k] = table[codes[k]];
  return values;
}
