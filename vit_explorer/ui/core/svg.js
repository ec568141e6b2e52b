/* SVG as text: the few elements that pictures of the page are made of, and such a picture as PNG. */

const SCALE = 2; // pixels of a PNG for one of the SVG
const SHOWN = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text that may stand between tags and in an attribute; XML knows no other control characters than tab and line ends. @param {unknown} text */
export const escaped = (text) =>
  String(text)
    .replace(/[^\P{Cc}\t\n\r]/gu, "")
    .replace(/[&<>"]/g, (letter) => SHOWN[letter]);

/** An element; attributes that are undefined, null or "" are left out, and numbers have two decimals. @param {string} name @param {Record<string, unknown>} attributes @param {string} inner */
export function tag(name, attributes, inner = "") {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([key, value]) => ` ${key}="${escaped(typeof value === "number" ? Math.round(100 * value) / 100 : value)}"`);
  return inner ? `<${name}${written.join("")}>${inner}</${name}>` : `<${name}${written.join("")}/>`;
}

/** @type {CanvasRenderingContext2D | null} */
let context = null;

/** A context on which letters are measured and colours looked up. */
export const pen = () => (context ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true }));

/** A line of words, squeezed where it would be wider than it may. @param {string} text @param {Record<string, unknown>} attributes of the element; its letters are asked for by them @param {number} width */
export function words(text, attributes, width) {
  pen().font = `${attributes["font-weight"] || 400} ${attributes["font-size"]}px ${attributes["font-family"]}`;
  const squeezed = pen().measureText(text).width > width ? { textLength: width, lengthAdjust: "spacingAndGlyphs" } : {};
  return text ? tag("text", { ...attributes, ...squeezed }, escaped(text)) : "";
}

/** Words broken into lines where one would be wider than it may. @param {string} text @param {string} font as CSS writes it @param {number} width @returns {string[]} */
export function lines(text, font, width) {
  pen().font = font;
  const done = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line ? `${line} ${word}` : word;
    if (line && pen().measureText(longer).width > width) done.push(line);
    line = line && pen().measureText(longer).width > width ? word : longer;
  }
  return line ? [...done, line] : done;
}

/** A whole picture. @param {number} width @param {number} height @param {string} title for who listens @param {string[]} marks @param {string} ground */
export function picture(width, height, title, marks, ground) {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  const inner = [tag("title", {}, escaped(title)), tag("rect", { width: w, height: h, fill: ground }), ...marks];
  return tag(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width: w, height: h, viewBox: `0 0 ${w} ${h}` },
    `\n${inner.join("\n")}\n`,
  );
}

/** Such a picture in pixels. @param {string} svg @returns {Promise<Blob>} */
export async function png(svg) {
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [SCALE * image.width, SCALE * image.height];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  } finally {
    URL.revokeObjectURL(address);
  }
}
