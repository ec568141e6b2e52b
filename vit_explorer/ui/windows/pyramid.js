/* The hierarchy: each stage a slab, a plain ViT beside it, and one token with what it is made of and merged into. */
import { clearCanvas, outline } from "../core/draw.js";
import { beforeFrame, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { at } from "../core/pointer.js";
import { saveScreen } from "../core/screen.js";
import { integers, oneOf, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { moveToken, placeName } from "../core/tokens.js";
import { widget } from "../core/widget.js";
import * as windows from "./data.js";
import * as families from "./hierarchy.js";
import { merged } from "./hierarchy-words.js";
import * as slabStack from "./slabs.js";
import { STAGES } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const HEIGHT = 336; // px of the pyramid
  const WIDEST = 286; // px of it
  const PLAIN = [164, 242]; // px of the ViT, at most
  const SCENE = 204; // px of the picture
  const THICK = 46; // px of the thickest slab, at most
  const GAP = 16; // px between two stages
  const CAPTION = 73; // px from one caption to the next
  /** @type {"own" | "published"} */
  let which = "own";
  let pointed = null; // {stage, token?} under the pointer; the token only where the stages are not the page's
  let kept = null; // the one that was clicked
  let drawn = null;

  // ---- sizes -----------------------------------------------------------------------------------------------------
  function place(hierarchy, width) {
    const { stages, plain } = hierarchy;
    const channels = Math.max(...stages.map(({ dModel }) => dModel));
    const scale = {
      gap: GAP,
      channel: THICK / channels,
      token: slabStack.widest(stages[0].grid, Math.min(WIDEST, width)),
    };
    const tower = plain && Array.from({ length: plain.layers }, () => plain);
    const flat = () => ({ ...scale, gap: 3 - (plain ? plain.grid[0] * scale.token * 0.5 : 0) }); // layers lie on each other
    if (plain) {
      scale.token = Math.min(scale.token, slabStack.widest(plain.grid, PLAIN[0]));
      const room = PLAIN[1] - plain.grid[0] * scale.token * 0.5 - 3 * plain.layers - 4;
      scale.channel = Math.min(scale.channel, room / (plain.layers * plain.dModel));
    }
    const over = slabStack.high(stages, { ...scale, token: 0 });
    scale.token = Math.min(
      scale.token,
      (HEIGHT - over) / (slabStack.high(stages, { ...scale, token: 1, channel: 0, gap: 0 }) - 2),
    );
    const canvas = Math.ceil((stages[0].grid[1] + stages[0].grid[0] * 0.34) * scale.token) + 4;
    const high = Math.ceil(slabStack.high(stages, scale));
    return {
      width: canvas,
      height: high,
      slabs: slabStack.stack(stages, scale, canvas, high),
      tower: tower && slabStack.stack(tower, flat(), PLAIN[0], PLAIN[1]),
    };
  }

  // ---- words -----------------------------------------------------------------------------------------------------
  const times = ([rows, cols]) => `${rows} × ${cols}`;
  const area = ([top, left, bottom, right]) => `${bottom - top} × ${right - left}`;

  function caption({ grid, dModel, multiplyAdds }, index, total) {
    const [n, share] = [grid[0] * grid[1], multiplyAdds / total];
    const item = make("li");
    const bar = make("span", "share");
    const length = make("i");
    length.style.width = `${100 * share}%`;
    bar.append(length);
    item.append(
      make("strong", "", `Stage ${index + 1}: ${times(grid)} × ${dModel}`),
      make("span", "line vx-backstage", `${format.count(n)} tokens, ${format.count(n * dModel)} numbers`),
      make("span", "line", `${format.short(multiplyAdds)} multiply-adds, ${Math.round(100 * share)} %`),
      bar,
    );
    return item;
  }

  const write = beforeFrame(({ stages }, stage, family, size) => {
    const several = ([top, left, bottom, right]) => bottom - top > 1 || right - left > 1;
    const lines = family.map((tokens, index) => [
      `Stage ${index + 1}`,
      several(tokens) ? `${area(tokens)} tokens` : placeName(tokens[0], tokens[1]),
      index === stage ? "query" : "key",
    ]);
    const rows = [...lines.reverse(), ["Pixels", `${area(pixelArea(stages, family, size))} of ${size} × ${size}`, ""]];
    $(".readout").replaceChildren(
      ...rows.flatMap(([name, where, style]) => [make("span", "", name), make("span", style, where)]),
    );
    [...$(".stages").children].forEach((item, index) => item.classList.toggle("pointed", index === stage));
  });

  /** The pixels below the tokens of the first map, as an area; `size` of the picture's sides. */
  function pixelArea(stages, family, size) {
    const pixels = stages[0].grid.map((side) => size / side);
    return family[0].map((edge, k) => edge * pixels[k % 2]);
  }

  // ---- pictures --------------------------------------------------------------------------------------------------
  /** The stage and token that are marked: under the pointer, kept, or the page's own in the first map. */
  function marked(/** @type {import("../state").State} */ state) {
    const { stages } = drawn.hierarchy;
    const one = pointed || kept || { stage: 0 };
    const stage = Math.min(one.stage, stages.length - 1);
    const outside = one.token >= stages[stage].grid[0] * stages[stage].grid[1];
    if (which === "own") return { stage, token: windows.token(state, stages[stage].grid) };
    return {
      stage,
      token:
        one.token === undefined || outside
          ? windows.across(
              windows.token(state, drawn.seen.stages[0].grid),
              drawn.seen.stages[0].grid,
              stages[stage].grid,
            )
          : one.token,
    };
  }

  function mark(/** @type {import("../state").State} */ state) {
    const seen = windows.view(state);
    if (!seen || !drawn || drawn.seen !== seen) return;
    const { hierarchy, slabs, tower } = drawn;
    const { stages } = hierarchy;
    const { stage, token } = marked(state);
    const family = families.family(stages, stage, token);
    const context = clearCanvas($(".slabs-marks"), drawn.width, drawn.height);
    for (let k = 0; k + 1 < stages.length; k++)
      slabStack.rays(context, slabs[k], family[k], slabs[k + 1], family[k + 1], drawn.text);
    slabs.forEach((slab, k) => slabStack.mark(context, slab, family[k], k === stage ? drawn.query : drawn.key));
    const size = drawn.size;
    const pixels = pixelArea(stages, family, size).map((edge) => (edge * SCENE) / size);
    const scene = clearCanvas($(".scene-marks"), SCENE, SCENE);
    outline(scene, pixels[1], pixels[0], pixels[3] - pixels[1], pixels[2] - pixels[0], drawn.query);
    if (tower) markTower(tower, stages[stage].grid, token);
    write(hierarchy, stage, family, size);
  }

  /** The same place in the plain ViT: one token in all of its layers. */
  function markTower(tower, grid, token) {
    const top = tower.at(-1);
    const at = windows.across(token, grid, top.grid);
    const [row, col] = [Math.floor(at / top.grid[1]), at % top.grid[1]];
    slabStack.mark(clearCanvas($(".column-marks"), ...PLAIN), top, [row, col, row + 1, col + 1], drawn.key);
  }

  function draw(/** @type {import("../state").State} */ state) {
    const seen = windows.view(state);
    $(".vx-panel").style.visibility = seen ? "" : "hidden"; // its height stays
    if (!seen) return;
    const hierarchy = families.of(which, state, seen);
    drawn = {
      seen,
      hierarchy,
      size: which === "own" ? seen.size : 224,
      query: inkOf("--vx-query"),
      key: inkOf("--vx-key"),
      text: inkOf("--vx-text"),
      ...place(hierarchy, $(".swin").clientWidth),
    };
    const context = clearCanvas($(".slabs"), drawn.width, drawn.height);
    for (const slab of drawn.slabs) slabStack.draw(context, slab, seen.image, `${slab.dModel} channels`);
    $(".title").textContent = merged(hierarchy);
    $(".note").textContent =
      `All stages: ${format.short(hierarchy.stages.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0))} multiply-adds. ${hierarchy.note}`;
    clearCanvas($(".scene"), SCENE, SCENE).drawImage(seen.image, 0, 0, SCENE, SCENE);
    $(".scene").setAttribute("aria-label", "The picture that the model saw");
    captions(hierarchy.stages);
    drawPlain(hierarchy.plain, seen.image);
    for (const button of root.querySelectorAll("[data-which]"))
      button.setAttribute("aria-pressed", String(button.dataset.which === which));
  }

  /** Beside their slabs, but never over each other. */
  function captions(stages) {
    const total = stages.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
    fill($(".stages"), stages, (stage, index) => caption(stage, index, total));
    $(".stages").style.height = `${drawn.height}px`;
    let below = drawn.height + 8;
    [...$(".stages").children].forEach((item, index) => {
      const { y, thick, depth } = drawn.slabs[index];
      const left = stages.length - 1 - index; // captions that still need room above
      below = Math.max(left * CAPTION, Math.min(below - CAPTION, y + (thick - depth * 0.5) / 2 - CAPTION / 2));
      item.style.top = `${below}px`;
    });
    $(".slabs").setAttribute("aria-label", [...$(".stages").children].map((item) => item.textContent).join("; "));
  }

  function drawPlain(plain, picture) {
    $(".plain").style.visibility = plain ? "" : "hidden";
    if (!plain) return;
    const { title, grid, dModel, layers, multiplyAdds } = plain;
    const n = grid[0] * grid[1];
    $(".plain-words").replaceChildren(
      make("strong", "", title),
      ` ${times(grid)} × ${dModel} in all ${layers} layers: ${format.count(n)} tokens, ${format.count(n * dModel)} numbers`,
      multiplyAdds ? `, ${format.short(multiplyAdds)} multiply-adds.` : ".",
    );
    const context = clearCanvas($(".column"), ...PLAIN);
    for (const slab of drawn.tower) slabStack.draw(context, slab, picture, `${dModel} channels`);
    $(".column").setAttribute("aria-label", $(".plain-words").textContent);
  }

  // ---- input -----------------------------------------------------------------------------------------------------
  const live = () => Boolean(drawn) && windows.view(store.state) === drawn.seen;

  /** Point at a token of a stage, or keep it. */
  function choose(next, keep) {
    if (keep) kept = next;
    pointed = next;
    const { stages } = drawn.hierarchy;
    if (which === "published") return mark(store.state);
    const before = windows.token(store.state, stages[next.stage].grid);
    if (keep) windows.pin(next.token, stages[next.stage].grid);
    else if (before !== next.token) windows.point(next.token, stages[next.stage].grid);
    mark(store.state);
  }

  function leave() {
    if (!pointed || !live()) return;
    pointed = null;
    if (which === "own") windows.point(null);
    mark(store.state);
  }

  function letGo() {
    kept = pointed = null;
    windows.pin(null);
    mark(store.state);
  }

  const marks = $(".slabs-marks");
  function under(event) {
    if (!live()) return null;
    const [x, y] = at(event, marks);
    for (let stage = drawn.slabs.length - 1; stage >= 0; stage--) {
      // upper slabs lie over lower ones
      const token = slabStack.tokenAt(drawn.slabs[stage], x, y);
      if (token !== null) return { stage, token };
      if (slabStack.onFront(drawn.slabs[stage], x, y)) return null;
    }
    return null;
  }
  marks.addEventListener("pointermove", (event) => {
    const next = under(event);
    if (next) choose(next, false);
    else leave();
  });
  marks.addEventListener("pointerleave", leave);
  marks.addEventListener("click", (event) => {
    const next = under(event);
    if (next) choose(next, true);
  });
  marks.addEventListener("keydown", (event) => {
    if (!live()) return;
    const { stages } = drawn.hierarchy;
    const { stage, token } = marked(store.state);
    const up = { PageUp: 1, PageDown: -1 }[event.key];
    if (up && stages[stage + up])
      choose({ stage: stage + up, token: windows.across(token, stages[stage].grid, stages[stage + up].grid) }, true);
    else if (
      !up &&
      !moveToken(event.key, stages[stage].grid, token, (next) =>
        next === null ? letGo() : choose({ stage, token: next }, true),
      )
    )
      return;
    event.preventDefault();
  });

  /** The picture names tokens of the first map. */
  windows.input($(".scene-marks"), () => (live() ? drawn.seen.stages[0].grid : null));
  $(".scene-marks").addEventListener(
    "pointermove",
    () => {
      if (pointed || kept) kept = pointed = null;
    },
    true,
  );

  const redraw = () => {
    draw(store.state);
    mark(store.state);
  };
  inLink(
    root,
    {
      swin: setting(
        oneOf("own", "published"),
        () => which,
        (value) => (which = value || "own"),
        "own",
      ),
      slab: setting(
        integers(),
        () => kept && [kept.stage + 1, kept.token],
        (value) => {
          pointed = null;
          kept = value && value.length === 2 && value[0] > 0 ? { stage: value[0] - 1, token: value[1] } : null;
        },
      ),
    },
    redraw,
  );
  for (const button of root.querySelectorAll("[data-which]")) {
    button.addEventListener("click", () => {
      which = button.dataset.which;
      pointed = kept = null;
      redraw();
    });
  }
  saveScreen($(".vx-panel"), "hierarchy");

  offer(root, server, STAGES);
  return { topics: ["windows", "model", "trace"], draw, mark };
});
