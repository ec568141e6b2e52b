/* The two colour tables of the page. */

// Anchors of matplotlib's viridis and PuOr_r, evenly spaced; between them colours are interpolated linearly.
const SEQUENTIAL =
  "440154 481a6c 472f7d 414487 39568c 31688e 2a788e 23888e 1f988b 22a884 35b779 54c568 7ad151 a5db36 d2e21b fde725";
const DIVERGING =
  "2d004b 441469 5b3794 7963a4 978dbd b3abd2 cdc9e2 e4e3ef f7f6f6 faead7 fdd6a2 fdb863 ee9d3c d97f15 be630a 9c4d07 7f3b08";

function lut(anchors) {
  const stops = anchors.split(" ").map((hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  const table = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(place), stops.length - 2);
    for (let c = 0; c < 3; c++) {
      table[3 * i + c] = stops[low][c] + (place - low) * (stops[low + 1][c] - stops[low][c]);
    }
  }
  return table;
}

export const sequential = lut(SEQUENTIAL);
export const diverging = lut(DIVERGING);

/** CSS colour of a value on a table, `low`..`high` being its ends. */
export function colour(table, value, low, high) {
  const i = 3 * Math.max(0, Math.min(255, Math.round((255 * (value - low)) / (high - low || 1))));
  return `rgb(${table[i]},${table[i + 1]},${table[i + 2]})`;
}

/** Relative luminance of a colour of a table, 0 to 1 (WCAG 2.2). */
export function luminance(red, green, blue) {
  const [r, g, b] = [red, green, blue].map((c) => (c <= 10 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Black or white, whichever has more contrast on a colour: 4.5 to 1 at least. */
export function inkOnRgb(red, green, blue) {
  const light = luminance(red, green, blue);
  return (light + 0.05) / 0.05 > 1.05 / (light + 0.05) ? "#000" : "#fff";
}

/** Black or white on the colour of a value on a table. */
export function inkOn(table, value, low, high) {
  const i = 3 * Math.max(0, Math.min(255, Math.round((255 * (value - low)) / (high - low || 1))));
  return inkOnRgb(table[i], table[i + 1], table[i + 2]);
}
