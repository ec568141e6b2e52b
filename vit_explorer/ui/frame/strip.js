/* The strip above every tab but Home: which part of the network the tab is about, the way back, and what comes next. */
import { clearCanvas, rgbImage } from "../core/draw.js";
import { go } from "../core/link.js";
import * as store from "../core/store.js";
import * as tabs from "../core/tabs.js";
import { inkOf } from "../core/theme.js";
import { widget } from "../core/widget.js";

const [SIDE, BLOCK, GAP] = [22, 18, 3]; // px
/** Of each tab: the parts of the network that it is about, and that in words. */
const TABS = {
  patches: [["picture", "tiles"], "the picture becomes a list"],
  positions: [["places"], "each token gets a place"],
  attention: [["blocks"], "tokens exchange what they know"],
  features: [["blocks"], "what the tokens become"],
  windows: [["blocks"], "the same among neighbours only"],
  train: [["tiles", "places", "blocks", "answer"], "how all of it is learned"],
  recipe: [["tiles", "places", "blocks", "answer"], "what helps it to learn"],
  classify: [["picture", "answer"], "the answer, for many pictures"],
  compare: [["picture", "tiles", "places", "blocks", "answer"], "the same in other networks"],
  roots: [["places", "blocks"], "where the layers come from"],
  exercises: [["picture", "tiles", "places", "blocks", "answer"], "find it out yourself"],
};
const ORDER = Object.keys(TABS);
const BLOCKS = 4; // drawn, whatever their number

export default widget((root) => {
  const $ = (selector) => root.querySelector(selector);
  let shown = "";

  function follow() {
    const tab = tabs.openNow() ?? ""; // asked at every change of the page, and so while the pointer moves
    if (tab === shown) return;
    shown = tab;
    const known = TABS[tab];
    $(".row").hidden = !known;
    if (!known) return;
    const next = ORDER[(ORDER.indexOf(tab) + 1) % ORDER.length];
    $(".where").textContent = known[1];
    $(".next .name").textContent = tabs.nameOf(next);
    $(".next").dataset.tab = next;
    draw(store.state);
  }

  function draw(/** @type {import("../state").State} */ { trace }) {
    if (!trace || !TABS[shown]) return;
    const [lit] = TABS[shown];
    const image = rgbImage(trace.rgb.data, trace.size, trace.size);
    const parts = ["picture", "tiles", "places", ...Array(BLOCKS).fill("blocks"), "answer"];
    const widths = { picture: SIDE, tiles: SIDE, places: 8, blocks: BLOCK, answer: 16 };
    const context = clearCanvas(
      $(".loom"),
      parts.reduce((sum, part) => sum + widths[part] + GAP, -GAP),
      SIDE,
    );
    let x = 0;
    for (const part of parts) {
      context.globalAlpha = lit.includes(part) ? 1 : 0.3;
      paint(context, part, x, widths[part], trace, image);
      x += widths[part] + GAP;
    }
  }

  function paint(context, part, x, width, trace, image) {
    const [rows, cols] = trace.grid;
    if (part === "picture") context.drawImage(image, x, 0, SIDE, SIDE);
    else if (part === "tiles") {
      const cell = SIDE / 4; // a coarse cut: the picture's own would be dust
      const source = image.width / 4;
      for (let k = 0; k < 16; k++) {
        const [row, col] = [Math.floor(k / 4), k % 4];
        context.drawImage(
          image,
          col * source,
          row * source,
          source,
          source,
          x + col * cell,
          row * cell,
          cell - 1,
          cell - 1,
        );
      }
    } else if (part === "answer") {
      const best = [...trace.probabilities].sort((a, b) => b - a).slice(0, 4);
      best.forEach((p, k) => {
        context.fillStyle = inkOf(k ? "--vx-soft" : "--vx-key");
        context.fillRect(x, 1 + k * 5.5, Math.max(1, width * p), 4);
      });
    } else {
      const n = Math.min(SIDE / 2, rows * cols);
      for (let k = 0; k < n; k++) {
        const y = Math.floor(((k + 0.5) / n) * image.height);
        context.drawImage(image, Math.floor(image.width / 2), y, 1, 1, x, k * 2, width, part === "blocks" ? 1 : 1.6);
      }
      if (part === "blocks") {
        context.strokeStyle = inkOf("--vx-edge");
        context.strokeRect(x + 0.5, 0.5, width - 1, SIDE - 1);
      }
    }
  }

  // One stop for the keyboard: the way back, what comes next, and the question beside them.
  const lead = root.closest("#lead");
  lead.setAttribute("role", "toolbar");
  lead.setAttribute("aria-label", "Where this tab is in the network, and a question about it");
  $(".back").addEventListener("click", () => go("tab=home"));
  $(".next").addEventListener("click", () => go(`tab=${$(".next").dataset.tab}`));
  new MutationObserver(follow).observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["aria-selected"],
  });
  follow();
  return { topics: ["trace"], draw };
});
