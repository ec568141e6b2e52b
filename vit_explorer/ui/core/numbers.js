/* Words for numbers. */

export const count = (n) => Math.round(n).toLocaleString("en-US");

/** 1234567 -> "1.23 M", with the full number left to a title. */
export function short(n) {
  const units = [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e3, " k"]];
  for (const [size, unit] of units) if (n >= size) return (n / size).toPrecision(3) + unit;
  return String(Math.round(n * 100) / 100);
}

export const percent = (p) => (p >= 0.9995 ? "> 99.9 %" : p < 0.001 ? "< 0.1 %" : `${(100 * p).toFixed(1)} %`);
/** With its sign, but for what rounds to zero: "+0.31", "−0.31", "0.00". */
export const signed = (x, digits = 2) => {
  const text = Math.abs(x).toFixed(digits);
  return Number(text) === 0 ? text : (x < 0 ? "−" : "+") + text;
};
export const milliseconds = (s) => (s < 1 ? `${(1000 * s).toFixed(1)} ms` : `${s.toFixed(2)} s`);

/** Three significant digits of a share in percent: "12.3 %", "3.20 %", "0.0457 %". */
export function share(value) {
  if (value === 0) return "0 %";
  const percent = 100 * value;
  return `${percent >= 0.001 ? percent.toPrecision(3) : percent.toExponential(2)} %`;
}

/** "8 s", "1 min 20 s", "2 h 5 min" */
export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 3600) return `${Math.round(s / 60)} min`;
  return `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`;
}
