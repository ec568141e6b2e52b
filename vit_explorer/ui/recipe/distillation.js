/* A DeiT's two tokens on the picture at hand: what each attends to, and what its head answers beside the teacher. */
import { best, decode } from "../core/arrays.js";
import { diverging } from "../core/colours.js";
import { clearCanvas, matrixImage, outline, patchInput } from "../core/draw.js";
import { beforeFrame, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { instead } from "../core/instead.js";
import { inLink } from "../core/link.js";
import { among } from "../core/names.js";
import { question } from "../core/question.js";
import { saveScreen } from "../core/screen.js";
import { index, oneOf, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { tokenName } from "../core/tokens.js";
import * as views from "../core/views.js";
import { widget } from "../core/widget.js";
import { DISTILLATION } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const CLASSES = 5; // shown, those that are likeliest for any of the answers
  const PAPER = [0.06, 0.93]; // cosine of the two learned tokens, and of their vectors after the last block: DeiT, section 4
  const MEAN = "The softmax of the mean of both heads' logits: not the mean of their percentages.";
  const LARGEST = 260; // px, side of a map
  let answer = null; // of the server, decoded
  let drawn = null; // {values: [CLS, distillation], side, rgb}: what marks are drawn on
  const chosen = { flow: "layer", layer: null, head: null }; // null: the last layer; the mean over heads
  const one = (kind, key, usual) =>
    setting(
      kind,
      () => chosen[key],
      (value) => (chosen[key] = value ?? usual),
      usual,
    );
  inLink(
    root,
    {
      flow: one(oneOf("layer", "rollout"), "flow", "layer"),
      layer: one(index, "layer", null),
      head: one(index, "head", null),
    },
    () => answer && show(),
  );

  // ---- asking --------------------------------------------------------------------------------------------------
  const { ask, fits } = question(root, server, "tokens", {
    wanted: views.request,
    keep: (told) =>
      (answer = {
        ...told,
        attention: decode(told.attention),
        rollout: decode(told.rollout),
        rgb: decode(told.pixels).data,
      }),
    draw,
  });

  // ---- the maps ------------------------------------------------------------------------------------------------
  /** The shares of the patches that a token (0: CLS, 1: distillation) gives, as chosen. */
  function shares(token) {
    const [layers, heads, , n] = answer.attention.shape;
    if (chosen.flow === "rollout") return answer.rollout.data.subarray(token * n, (token + 1) * n);
    const layer = Math.min(chosen.layer ?? layers - 1, layers - 1);
    const of = (head) =>
      answer.attention.data.subarray(
        ((layer * heads + head) * 2 + token) * n,
        ((layer * heads + head) * 2 + token + 1) * n,
      );
    if (chosen.head !== null) return of(Math.min(chosen.head, heads - 1));
    const mean = new Float32Array(n);
    for (let head = 0; head < heads; head++) of(head).forEach((value, k) => (mean[k] += value / heads));
    return mean;
  }

  function drawMaps() {
    const values = [shares(0), shares(1)];
    const difference = values[1].map((value, k) => value - values[0][k]);
    const high = Math.max(1e-9, ...values[0], ...values[1]);
    const most = Math.max(1e-9, ...difference.map(Math.abs));
    const side = Math.floor(Math.min(LARGEST, $(".maps figure").clientWidth));
    drawn = { values, side, difference };
    const { rgb, size, grid } = answer;
    views.overlay($(".cls"), side, rgb, size, values[0], grid, high);
    views.overlay($(".distillation"), side, rgb, size, values[1], grid, high);
    clearCanvas($(".difference"), side, side).drawImage(
      matrixImage(difference, ...grid, diverging, -most, most),
      0,
      0,
      side,
      side,
    );
    drawn.images = ["cls", "distillation", "difference"].map((name) => {
      const copy = document.createElement("canvas");
      [copy.width, copy.height] = [$(`.${name}`).width, $(`.${name}`).height];
      copy.getContext("2d").drawImage($(`.${name}`), 0, 0);
      return [$(`.${name}`), copy];
    });
    for (const end of root.querySelectorAll(".high")) end.textContent = format.attention(high);
    $(".below").textContent = `−${format.attention(most).replace(" %", "")}`;
    $(".above").textContent = `+${format.attention(most)}`;
  }

  function fillChoices() {
    const [layers, heads] = answer.attention.shape;
    const list = (select, options, value) => {
      fill(select, options, ([key, words]) => {
        const option = make("option", "", words);
        option.value = key;
        return option;
      });
      select.value = value;
      select.disabled = chosen.flow === "rollout";
    };
    const count = (n) => Array.from({ length: n }, (_, k) => [String(k), String(k + 1)]);
    list($(".layer"), count(layers), String(Math.min(chosen.layer ?? layers - 1, layers - 1)));
    list(
      $(".which"),
      [["mean", "mean"], ...count(heads)],
      chosen.head === null ? "mean" : String(Math.min(chosen.head, heads - 1)),
    );
    for (const button of root.querySelectorAll("[data-flow]"))
      button.setAttribute("aria-pressed", String(button.dataset.flow === chosen.flow));
  }

  // ---- the numbers ---------------------------------------------------------------------------------------------
  function drawCosines() {
    const cells = answer.similarity.flatMap((value, step) => {
      const bar = make("div", "bar");
      const length = make("i");
      length.style.left = `${value < 0 ? 50 + 50 * value : 50}%`;
      length.style.width = `${50 * Math.abs(value)}%`;
      bar.append(length);
      return [
        make("span", "", step ? `after layer ${step}` : "before layer 1"),
        bar,
        make("span", "vx-number", format.signed(value)),
      ];
    });
    $(".steps").replaceChildren(...cells);
    const [first, last] = [answer.similarity[0], answer.similarity.at(-1)];
    $(".paper").textContent =
      `Here from ${format.signed(first)}, positions included, to ${format.signed(last)}. The paper reports ${PAPER[0]} of the learned tokens and ${PAPER[1]} after the last ` +
      `layer, on ImageNet: ${first < 0.5 ? "here too they start apart" : "here they start much more alike than there"}.`;
  }

  function drawBars() {
    const { answers, classes } = answer;
    const most = classes.map((_, i) => [Math.max(...answers.map(({ probabilities }) => probabilities[i])), i]);
    const order = most
      .sort((a, b) => b[0] - a[0])
      .slice(0, CLASSES)
      .map(([, i]) => i);
    const mean = answers.find(({ name }) => name === "mean").probabilities;
    order.sort((a, b) => mean[b] - mean[a]);
    const { teacher } = answer;
    /** Who answers, and from what it learned. */
    const voices = {
      cls: ["CLS head", teacher ? "learned from the labels" : ""],
      distillation: ["Distillation head", teacher ? "learned from the teacher" : ""],
      mean: ["Mean of both", "the answer of the DeiT"],
      teacher: ["Teacher", `${teacher}, another network`],
    };
    fill($(".bars"), answers, ({ name, probabilities }) => {
      const [title, source] = voices[name];
      const voice = make("div", `voice ${name}-ink`);
      voice.title = name === "mean" ? MEAN : "";
      voice.append(make("span", "title", title), make("span", "source", source));
      for (const i of order) {
        const [bar, length] = [make("span", "bar"), make("i")];
        length.style.width = `${100 * probabilities[i]}%`;
        bar.append(length);
        const style = best(probabilities) === i ? "answer" : "";
        voice.append(
          make("span", `class ${style}`, classes[i]),
          bar,
          make("span", `vx-number ${style}`, format.probability(probabilities[i])),
        );
      }
      return voice;
    });
    $(".outcome").textContent = outcome();
    $(".missing").textContent = answer.missing;
    $(".missing").hidden = !answer.missing;
  }

  /** Who answers what, in a sentence. */
  function outcome() {
    const said = Object.fromEntries(
      answer.answers.map(({ name, probabilities }) => [name, answer.classes[best(probabilities)]]),
    );
    const label = among(answer.classes, store.get("trace").picture.labels);
    const truth = label ? ` It is labelled ${label}.` : "";
    const heads =
      said.cls === said.distillation
        ? `Both heads say ${said.cls}`
        : `The CLS head says ${said.cls}, the distillation head ${said.distillation}`;
    const mean = said.cls === said.distillation && said.mean === said.cls ? "" : `; their mean ${said.mean}`;
    if (!said.teacher) return `${heads}${mean}.${truth}`;
    const siding =
      said.cls === said.distillation
        ? said.teacher === said.cls
          ? ", and so does the teacher"
          : `; the teacher says ${said.teacher}`
        : said.teacher === said.distillation
          ? `; the teacher says ${said.teacher} too, as the head that learned from it`
          : said.teacher === said.cls
            ? `; the teacher says ${said.teacher}, with the head that did not learn from it`
            : `; the teacher says ${said.teacher}, as neither head`;
    return `${heads}${mean}${siding}.${truth}`;
  }

  const read = beforeFrame((token) => {
    const { values, difference } = drawn;
    const where = tokenName(token, answer.grid, ["CLS", "distillation"]);
    const flow = chosen.flow === "rollout" ? "Through all layers" : `In layer ${Number($(".layer").value) + 1}`;
    $(".readout").textContent =
      `${flow} ${where} gets ${format.attention(values[0][token])} from CLS and ${format.attention(values[1][token])} from the distillation token ` +
      `(${difference[token] < 0 ? "−" : "+"}${format.attention(Math.abs(difference[token]))}).`;
  });

  // ---- drawing -------------------------------------------------------------------------------------------------
  /** Why there is nothing to see. */
  function none(sentence) {
    $(".both").hidden = true;
    $(".none").hidden = false;
    $(".none").textContent = sentence;
    $(".outcome").textContent = "Two tokens, two heads";
  }

  function show() {
    const state = store.state;
    const fitting = views.ready(state) && fits(state);
    root.classList.toggle("waiting", !fitting);
    $(".none").hidden = true;
    $(".both").hidden = answer === null;
    if (!fitting) return;
    const own = state.model.name === answer.model;
    $(".beside").hidden = own;
    $(".name").textContent = own ? "" : instead(state.model.name, "distillation token", answer.model);
    $(".take").textContent = `Choose ${answer.model}`;
    fillChoices();
    drawMaps();
    drawCosines();
    drawBars();
    mark(state);
  }

  function draw(/** @type {import("../state").State} */ state) {
    if (!views.ready(state)) return;
    const deits = ((state.catalogue || {}).models || []).some(({ architecture }) => architecture === "deit");
    if (!deits && state.catalogue) {
      none("There is no DeiT among the models here: train one in the Train tab, with a teacher, and keep it.");
      return;
    }
    ask(state);
    show();
  }

  function mark(/** @type {import("../state").State} */ { token }) {
    if (!answer || !drawn) return;
    const [rows, cols] = answer.grid;
    const marked =
      token !== null && token >= 0 && token < rows * cols ? token : Math.floor(rows / 2) * cols + Math.floor(cols / 2);
    const cell = [drawn.side / cols, drawn.side / rows];
    for (const [canvas, image] of drawn.images) {
      const context = canvas.getContext("2d");
      context.save();
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.drawImage(image, 0, 0);
      context.restore();
      outline(context, (marked % cols) * cell[0], Math.floor(marked / cols) * cell[1], ...cell, inkOf("--vx-query"), 2);
    }
    read(marked);
  }

  for (const name of ["cls", "distillation", "difference"])
    patchInput($(`canvas.${name}`), () => answer && answer.grid);
  for (const button of root.querySelectorAll("[data-flow]")) {
    button.addEventListener("click", () => {
      chosen.flow = button.dataset.flow;
      show();
    });
  }
  $(".layer").addEventListener("change", (event) => {
    chosen.layer = Number(event.target.value);
    show();
  });
  $(".which").addEventListener("change", (event) => {
    chosen.head = event.target.value === "mean" ? null : Number(event.target.value);
    show();
  });
  $(".take").addEventListener("click", () => store.set("wish", { model: answer.model }));
  const rows = () => [
    ["head", "class", "probability"],
    ...(answer?.answers ?? []).flatMap(({ name, probabilities }) =>
      answer.classes.map((one, index) => [name, one, probabilities[index]]),
    ),
  ];
  saveScreen($(".vx-panel"), "distillation", rows);

  offer(root, server, DISTILLATION);
  return { topics: ["model", "trace", "catalogue"], draw, mark };
});
