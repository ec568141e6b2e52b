/* A view as it stands on screen, as a picture and as numbers: for views of which the server draws no figure. */
import { colour, diverging, sequential } from "./colours.js";
import { make } from "./elements.js";
import { fileStem } from "./files.js";
import { saveMenu } from "./save.js";
import * as store from "./store.js";

const SCALE = 2; // pixels of the file for one of the page
const NO_COLOUR = /^rgba\(.*, 0\)$|^transparent$/;

/**
 * The save menu of such a view.
 * @param {HTMLElement} panel
 * @param {string | (() => string[])} name of the view, for the file's name, to which model and picture are added; or all of it
 * @param {() => (string | number)[][]} [rows] its numbers, a line of names first; those of its table, if it has one, if not given
 */
export function saveScreen(panel, name, rows = panel.querySelector("table") && (() => tableRows(panel))) {
  const files = {
    png: { mime: "image/png", data: () => picture(panel).toDataURL("image/png").split(",")[1] },
    csv: { mime: "text/csv", data: () => base64(csv(rows())) },
  };
  const send = async (/** @type {any} */ { format }) => {
    const { trace, model } = store.state;
    const words = typeof name === "string" ? [model.name, trace.picture.title, name] : name();
    return { filename: `${fileStem(words)}.${format}`, mime: files[format].mime, data: files[format].data() };
  };
  return saveMenu(panel, send, () => ({}), rows ? { csv: "its numbers" } : {}, { png: "this view as it stands" });
}

// ---- numbers -------------------------------------------------------------------------------------------------
const tableRows = (panel) =>
  [...panel.querySelectorAll("table tr")].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));

/** With the mark by which spreadsheets know UTF-8. @param {(string | number)[][]} rows */
export function csv(rows) {
  const cell = (value) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  return `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

function base64(text) {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}

// ---- the picture ---------------------------------------------------------------------------------------------
/** Boxes, words, canvases and images of an element, each where the browser has put it. @param {HTMLElement} element */
function picture(element) {
  const frame = element.getBoundingClientRect();
  const canvas = Object.assign(make("canvas"), { width: SCALE * frame.width, height: SCALE * frame.height });
  const context = canvas.getContext("2d");
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(SCALE, SCALE);
  context.translate(-frame.left, -frame.top);
  const seen = (/** @type {any} */ node) =>
    node.nodeType === Node.TEXT_NODE || (node.checkVisibility() && !node.matches(".vx-save, input, button.play"))
      ? NodeFilter.FILTER_ACCEPT
      : NodeFilter.FILTER_REJECT;
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, seen);
  for (let node = /** @type {any} */ (element); node; node = walker.nextNode())
    if (node.nodeType === Node.TEXT_NODE) words(context, node);
    else box(context, node);
  return canvas;
}

function box(context, element) {
  const style = getComputedStyle(element);
  const { left, top, width, height } = element.getBoundingClientRect();
  const map = { sequential, diverging }[element.className];
  context.beginPath();
  context.roundRect(left, top, width, height, Number.parseFloat(style.borderTopLeftRadius) || 0);
  if (map) {
    const gradient = context.createLinearGradient(left, 0, left + width, 0);
    for (let stop = 0; stop <= 8; stop++) gradient.addColorStop(stop / 8, colour(map, stop / 8, 0, 1));
    context.fillStyle = gradient;
    context.fill();
  } else if (!NO_COLOUR.test(style.backgroundColor)) {
    context.fillStyle = style.backgroundColor;
    context.fill();
  }
  const edge = Number.parseFloat(style.borderBottomWidth);
  if (edge && !NO_COLOUR.test(style.borderBottomColor)) {
    context.strokeStyle = style.borderBottomColor;
    context.lineWidth = edge;
    if (Number.parseFloat(style.borderTopWidth)) context.stroke();
    else context.strokeRect(left, top + height - edge / 2, width, 0);
  }
  if (element.matches("canvas, img") && width && height) context.drawImage(element, left, top, width, height);
  if (element.matches("select")) write(context, style, element.selectedOptions[0]?.text ?? "", left + 9, top, height);
  const before = getComputedStyle(element, "::before");
  if (before.content.startsWith('"'))
    write(context, before, before.content.slice(1, -1), left, top, Number.parseFloat(style.lineHeight) || height);
}

/** Each word by itself: where a line breaks is known of its box alone. */
function words(context, text) {
  const style = getComputedStyle(text.parentElement);
  const range = document.createRange();
  if (text.parentElement.closest("select")) return;
  for (const { 0: word, index } of text.data.matchAll(/\S+/g)) {
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    const { left, top, width, height } = range.getBoundingClientRect();
    if (width) write(context, style, word, left, top, height);
  }
}

function write(context, style, text, left, top, height) {
  context.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  context.fillStyle = style.color;
  const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = context.measureText(text);
  context.fillText(text, left, top + (height + up - down) / 2);
}
