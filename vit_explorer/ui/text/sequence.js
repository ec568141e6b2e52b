/* A sequence, its output, and the input tokens that each output token came from: cross-attention through the training. */
import { colour, inkOn, sequential } from "../core/colours.js";
import { clearCanvas, outline } from "../core/draw.js";
import { beforeFrame, fill, make } from "../core/elements.js";
import { attention, percent } from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { cellAt } from "../core/pointer.js";
import { saveScreen } from "../core/screen.js";
import { index, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { widget } from "../core/widget.js";
import * as roots from "./data.js";
import { drawMatrix } from "./matrix.js";
import * as words from "./words.js";
import { letters } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const PACE = 900; // ms a snapshot while the training is played
  let seen = null;
  let look = null;
  let pinned = 2; // output position
  let marked = 2;
  let sizes = null; // {tile, gap, width, matrix}
  let timer = 0;

  const cross = () => seen.cross(look);
  const output = () => seen.output[look.epoch][look.way];

  // ---- the marked output ----------------------------------------------------------------------------------------
  function point(row) {
    const next = row === null ? pinned : row;
    if (!seen || next === marked || next >= output().length) return;
    marked = next;
    mark();
  }

  function pin(row) {
    pinned = Math.max(0, Math.min(output().length - 1, row));
    marked = pinned;
    mark();
  }

  function moved(event) {
    const next = {
      ArrowLeft: marked - 1,
      ArrowUp: marked - 1,
      ArrowRight: marked + 1,
      ArrowDown: marked + 1,
      Home: 0,
      End: Infinity,
    }[event.key];
    if (next === undefined || !seen) return;
    event.preventDefault();
    pin(next);
    if ($(".outputs .tiles").contains(document.activeElement)) $(".outputs .tiles").children[marked].focus();
  }
  inLink(
    root,
    {
      output: setting(
        index,
        () => pinned,
        (value) => (pinned = marked = value ?? 2),
        2,
      ),
    },
    () => draw(store.state),
  );
  for (const place of [".outputs .tiles", ".marks"]) $(place).addEventListener("keydown", moved);

  const rowAt = (event) => {
    const cell = seen && cellAt(event, $(".marks"), seen.rows, seen.n);
    return cell ? cell[0] : null;
  };
  $(".marks").addEventListener("pointermove", (event) => point(rowAt(event)));
  $(".marks").addEventListener("pointerleave", () => point(null));
  $(".marks").addEventListener("click", (event) => rowAt(event) !== null && pin(rowAt(event)));

  const write = beforeFrame((said) => ($(".readout").textContent = said));

  function mark() {
    if (!seen) return;
    const weights = cross();
    const [query, key] = [inkOf("--vx-query"), inkOf("--vx-key")];
    const from = Array.from({ length: seen.n }, (_, j) => weights.at(marked, j));
    const best = from.indexOf(Math.max(...from));
    [...$(".inputs .tiles").children].forEach((tile, j) => {
      tile.style.background = colour(sequential, from[j], 0, 1);
      tile.style.color = inkOn(sequential, from[j], 0, 1);
      tile.classList.toggle("best", j === best);
      tile.querySelector("small").textContent =
        from[j] >= 0.005 ? `${Math.round(100 * from[j])}${sizes.pitch < 40 ? "" : " "}%` : "";
    });
    [...$(".outputs .tiles").children].forEach((tile, t) => {
      tile.classList.toggle("query", t === marked);
      tile.tabIndex = t === marked ? 0 : -1;
    });
    [...$(".given .tiles").children].forEach((tile, t) => tile.classList.toggle("seen", t <= marked));
    paintLinks(from, best);
    const context = clearCanvas($(".marks"), sizes.matrix, sizes.matrixHeight);
    const cell = sizes.matrix / seen.n;
    outline(context, best * cell, marked * cell, cell, cell, key, 2);
    outline(context, 1.5, marked * cell, sizes.matrix - 3, cell, query, 2);
    const token = output()[marked];
    const said = `Output ${marked + 1}, ${words.name(token)}, takes ${attention(from[best])} from input ${best + 1}, ${seen.letters[best]}`;
    const wrong = token === seen.right[marked] ? "." : `. It should be ${words.name(seen.right[marked])}.`;
    write(`${said}${wrong}`);
  }

  function paintLinks(from, best) {
    const { tile, pitch, width, links } = sizes;
    const context = clearCanvas($(".links"), width, links);
    const x = (k) => k * pitch + tile / 2;
    context.lineCap = "butt";
    from.forEach((weight, j) => {
      if (weight < 0.004) return;
      context.strokeStyle = inkOf("--vx-key");
      context.globalAlpha = j === best ? 0.95 : 0.45;
      context.lineWidth = Math.max(1, weight * tile * 0.8);
      context.beginPath();
      context.moveTo(x(j), 0);
      context.bezierCurveTo(x(j), links / 2, x(marked), links / 2, x(marked), links);
      context.stroke();
    });
    context.globalAlpha = 1;
  }

  // ---- tiles ----------------------------------------------------------------------------------------------------
  function tiles() {
    fill($(".inputs .tiles"), seen.letters, (letter, j) => {
      const tile = make("span", "tile", letter);
      tile.append(make("small"), make("sup", "", String(j + 1)));
      return tile;
    });
    const focused = $(".outputs .tiles").contains(document.activeElement);
    fill($(".outputs .tiles"), output(), (token, t) => {
      const right = token === seen.right[t];
      const tile = make("button", `tile ${right ? "" : "wrong"}`);
      tile.type = "button";
      const said = `Output ${t + 1}: ${words.name(token)}${right ? "" : `, should be ${words.name(seen.right[t] || "end")}`}`;
      const seenWords = [
        make("span", "", words.face(token)),
        make("small", "", right ? "" : `≠${sizes.pitch < 40 ? "" : " "}${words.face(seen.right[t])}`),
        make("sup", "", String(t + 1)),
      ];
      for (const part of seenWords) part.setAttribute("aria-hidden", "true");
      tile.append(...seenWords, make("span", "vx-unseen", said));
      tile.addEventListener("pointerenter", () => point(t));
      tile.addEventListener("click", () => pin(t));
      return tile;
    });
    const given = ["start", ...seen.given[look.epoch][look.way].slice(1)];
    fill($(".given .tiles"), given, (token, t) =>
      make("span", `tile ${t > 0 && token !== seen.right[t - 1] ? "wrong" : ""}`, words.face(token)),
    );
    pinned = Math.min(pinned, output().length - 1);
    marked = Math.min(marked, output().length - 1);
    if (focused) $(".outputs .tiles").children[marked].focus();
  }
  $(".outputs .tiles").addEventListener("pointerleave", () => point(null));

  // ---- heads ----------------------------------------------------------------------------------------------------
  function heads() {
    const every = Array.from({ length: seen.layers * seen.heads }, (_, k) => ({
      layer: Math.floor(k / seen.heads),
      head: k % seen.heads,
    }));
    const list = $(".heads");
    if (list.children.length !== every.length) {
      fill(list, every, ({ layer, head }) => {
        const button = make("button", "head");
        button.type = "button";
        button.append(make("canvas"), make("span", "", ""));
        button.addEventListener("click", () => roots.choose({ layer, head }));
        return button;
      });
    }
    every.forEach(({ layer, head }, k) => {
      const button = list.children[k];
      drawMatrix(button.querySelector("canvas"), sizes.small, seen.cross({ ...look, layer, head }));
      const on = seen.copied[look.epoch][look.way][layer][head];
      const short = `${layer + 1}.${head + 1}`;
      button.querySelector("span").textContent = short;
      button.title = `Layer ${layer + 1}, head ${head + 1}: ${percent(on)} ${words.TASKS[seen.task].where}`;
      button.setAttribute("aria-pressed", String(layer === look.layer && head === look.head));
      button.setAttribute("aria-label", `${short}, ${button.title}`);
    });
  }

  // ---- the training ---------------------------------------------------------------------------------------------
  function stop() {
    clearTimeout(timer);
    timer = 0;
    $(".play").setAttribute("aria-pressed", "false");
    $(".play").textContent = "Play training";
  }

  function advance() {
    if (root.offsetParent === null || look.epoch >= seen.last) return stop();
    roots.choose({ epoch: look.epoch + 1 });
    timer = setTimeout(advance, PACE);
  }

  $(".play").addEventListener("click", () => {
    if (!seen) return;
    if (timer) return stop();
    $(".play").setAttribute("aria-pressed", "true");
    $(".play").textContent = "Pause";
    if (look.epoch >= seen.last) roots.choose({ epoch: 0 });
    timer = setTimeout(advance, PACE);
  });
  $(".slider").addEventListener("input", () => {
    stop();
    roots.choose({ epoch: Number($(".slider").value) });
  });
  for (const button of root.querySelectorAll("[data-way]"))
    button.addEventListener("click", () => roots.choose({ way: Number(button.dataset.way) }));

  /** The finding, first and large, in numbers of this sequence. */
  function finding() {
    const on = seen.copied[look.epoch][look.way][look.layer][look.head];
    const { task, chance, n } = seen;
    return words.reading({
      task,
      on,
      chance,
      hits: words.hits(output(), seen.right),
      n,
      epoch: seen.epochs[look.epoch],
    });
  }

  function draw(/** @type {import("../state").State} */ state) {
    seen = roots.view(state);
    look = state.textLook;
    root.classList.toggle("empty", !seen);
    roots.fit(root);
    if (!seen) return;
    const width = Math.floor($(".links").parentElement.clientWidth - $(".middle .label").offsetWidth - 8);
    const pitch = Math.min(92, width / seen.rows);
    const matrix = Math.floor($(".pair figure").clientWidth);
    const small = Math.floor(Math.min(76, ($(".heads").clientWidth - 7 * 4) / 8 - 8));
    const gap = pitch < 40 ? 3 : 6;
    sizes = {
      pitch,
      tile: pitch - gap,
      width: pitch * seen.rows,
      links: Math.round(Math.max(70, Math.min(120, 1.5 * pitch))),
      matrix,
      matrixHeight: (matrix / seen.n) * seen.rows,
      small,
    };
    root.style.setProperty("--tile", `${sizes.tile}px`);
    root.style.setProperty("--gap", `${gap}px`);
    $(".finding").textContent = finding();
    for (const part of root.querySelectorAll("[data-task]")) part.hidden = part.dataset.task !== seen.task;
    $(".slider").max = String(seen.last);
    $(".slider").value = String(look.epoch);
    $(".epoch").textContent = seen.epochs[look.epoch]
      ? `epoch ${seen.epochs[look.epoch]} of ${seen.epochs[seen.last]}`
      : "epoch 0, untrained";
    $(".slider").setAttribute("aria-valuetext", $(".epoch").textContent);
    for (const button of root.querySelectorAll("[data-way]"))
      button.setAttribute("aria-pressed", String(Number(button.dataset.way) === look.way));
    tiles();
    drawMatrix($(".before"), matrix, seen.cross({ ...look, epoch: 0 }));
    drawMatrix($(".after"), matrix, cross());
    $(".when").textContent = look.epoch ? `After epoch ${seen.epochs[look.epoch]}` : "Untrained";
    const what = `layer ${look.layer + 1}, head ${look.head + 1}`;
    $(".before").setAttribute("aria-label", `Cross-attention of ${what}, untrained`);
    $(".after").setAttribute("aria-label", `Cross-attention of ${what}, ${$(".epoch").textContent}`);
    $(".marks").setAttribute(
      "aria-label",
      `Cross-attention of ${what}: a row for each output, a column for each input; arrow keys move the marked row`,
    );
    $(".links").setAttribute(
      "aria-label",
      "Lines from the marked output to the inputs, as wide as its attention weights",
    );
    heads();
    mark();
  }
  const rows = () => {
    const matrix = seen.cross(look);
    return [
      ["output", ...seen.letters],
      ...Array.from({ length: matrix.rows }, (_, i) => [
        seen.output[look.epoch][look.way][i] ?? "end",
        ...seen.letters.map((_, j) => matrix.at(i, j)),
      ]),
    ];
  };
  saveScreen($(".vx-panel"), () => ["cross-attention", seen.text], rows);

  offer(
    root,
    server,
    letters(() => marked),
  );
  return { topics: ["text", "textLook"], draw };
});
