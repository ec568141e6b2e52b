/* The frame: holds the picture, the model and the prediction, and is the only widget that asks for traces.
 *
 * Others ask it for another picture or model with store.set("wish", {picture?, model?, fit?}), or {file} of the visitor's own. When a wish is fulfilled and
 * everything on the open tab is drawn, "settled" tells how long that took.
 */
import { NONE } from "../core/answers.js";
import { decode } from "../core/arrays.js";
import { wireCamera } from "../core/camera.js";
import { clearCanvas, outline, outlineWhole, patchInput, rgbImage } from "../core/draw.js";
import { barCells, fill, make } from "../core/elements.js";
import { base64, intoField } from "../core/files.js";
import * as format from "../core/format.js";
import { followAddress } from "../core/link.js";
import { say } from "../core/say.js";
import { ask, idle, latest, poll } from "../core/server.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { labelled } from "../core/told.js";
import { middleToken, prefixNames, tokenIndex, tokenName } from "../core/tokens.js";
import { send } from "../core/uploads.js";
import { judge } from "../core/verdict.js";
import { widget } from "../core/widget.js";
import { wireBar } from "./bar.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const SIDE = 160; // px of the picture
  const shown = { picture: null, model: null, fit: "crop" };
  let asked = shown; // what the newest request is for
  const onBar = wireBar(root);
  const models = new Map(); // name -> payload of "describe"
  const READING_POLL = 1000; // ms between two questions how far own data are read
  /** @type {ReturnType<typeof setTimeout>} */
  let readingTimer;
  let awaited = null; // the picture of the page's link, of data that are still being read

  const askLot = latest(server, "draw_lot");
  let newest = new AbortController(); // of the newest request

  async function start() {
    const catalogue = await refresh();
    if (!catalogue) return;
    document.body.classList.toggle("vx-empty", !catalogue.first.model);
    await followAddress(showLinked);
    for (const model of catalogue.models)
      if (!store.get("trace")) await fulfil({ ...catalogue.first, model: model.name });
    store.on("wish", (wish) => wish && (wish.file ? take(wish.file) : wished(wish)));
    store.on("told", judgeAnew);
    store.on("refresh", (wanted) => wanted && (shown.model ? refresh() : wished({})));
    if ((await ask(server, "download_status"))?.state === "running") download.now();
  }

  /** The visitor has told what a picture shows: the same pass, judged by that. */
  function judgeAnew() {
    const trace = store.get("trace");
    if (!trace) return;
    trace.picture = labelled(trace.picture);
    store.set("trace", trace);
  }

  /** Fulfil a wish; the first network of an empty page comes with the picture that belongs to it. */
  async function wished(wish) {
    if (shown.model) return fulfil(wish);
    const catalogue = await refresh();
    if (catalogue && (wish.model || catalogue.first.model)) await fulfil({ ...catalogue.first, ...wish });
  }

  /** Show picture and model of a link; a model that is not here is left aside. */
  async function showLinked(wish) {
    const { models, pretrained, first, reading } = store.get("catalogue");
    const known = [...models, ...pretrained].some(({ name }) => name === wish.model);
    const next = { ...(shown.model ? shown : first), ...wish };
    if (!known) next.model = shown.model || first.model;
    if (!next.model) return; // there is none on this machine
    if (wish.picture && reading.some(({ name }) => wish.picture.startsWith(`${name}:`))) {
      awaited = wish.picture;
      next.picture = shown.picture || first.picture;
    }
    if (["picture", "model", "fit"].some((key) => next[key] !== shown[key])) await fulfil(next);
  }

  /** Bring the page to another picture or model; what stays unsaid stays as it is. */
  async function fulfil(wish) {
    const began = performance.now();
    const next = { ...asked, ...wish };
    asked = next;
    newest.abort();
    const { signal } = (newest = new AbortController());
    const answers = Promise.all([
      models.get(next.model) || ask(server, "describe", { model: next.model }, { signal }),
      ask(server, "analyse", next, { signal }),
    ]);
    store.set("coming", { picture: next.picture, model: next.model, fit: next.fit });
    const [described, trace] = await answers;
    if (signal.aborted) return; // a newer wish is under way
    if (!described || !trace) {
      asked = { ...shown };
      if (shown.model) $("#vx-model").value = shown.model;
      return;
    }
    models.set(next.model, described);
    document.body.classList.remove("vx-empty");
    Object.assign(shown, { picture: next.picture, model: next.model, fit: next.fit });
    trace.picture = labelled(trace.picture);
    trace.rgb = decode(trace.pixels);
    trace.embedding = trace.patches && decode(trace.patches.embedding);
    const token = tokenInside(trace);
    if (token === store.pinned && has(trace, store.get("token"))) store.update({ model: described, trace });
    else store.pinWith(token, { model: described, trace });
    tellWhenDrawn(next, began);
  }

  async function tellWhenDrawn(next, began) {
    const { models: listed } = store.get("catalogue");
    if (!listed.some(({ name }) => name === next.model)) await refresh(); // a pretrained network was opened
    await idle();
    if (asked === next) store.set("settled", { ...shown, milliseconds: performance.now() - began });
  }

  /** Ask for the catalogue: also when a model was kept, or a dataset has come. */
  async function refresh() {
    const catalogue = await ask(server, "catalogue");
    if (!catalogue) return null;
    show(catalogue);
    if (shown.model) $("#vx-model").value = shown.model;
    if (awaited && !catalogue.reading.some(({ name }) => awaited.startsWith(`${name}:`))) {
      const picture = awaited;
      awaited = null;
      await fulfil({ picture });
    }
    return catalogue;
  }

  /** List what can be chosen; data that are being read are asked after until they are there. */
  function show(catalogue) {
    const before = store.get("catalogue");
    const { reading } = catalogue;
    $(".reading").hidden = !reading.length;
    $(".reading .words").textContent = reading.map(readingWords).join(" ");
    const [one] = reading;
    if (one) $(".reading progress").value = one.total ? one.done / one.total : 0;
    clearTimeout(readingTimer);
    if (reading.length) readingTimer = setTimeout(refresh, READING_POLL);
    if (before && before.reading.length && reading.length && before.sources.length === catalogue.sources.length) return;
    store.set("catalogue", catalogue);
    listModels(catalogue);
    listGallery(catalogue.gallery);
    offerDownload(catalogue);
    $(".problems").textContent = catalogue.problems.join(" ");
  }

  const readingWords = ({ name, done, total }) =>
    `Reading ${name}${total ? `: ${format.count(done)} of ${format.count(total)} files` : ""}.`;

  /** The token to pin: a patch in the middle of the first picture, and where the pinned one is none of this network's. */
  function tokenInside(trace) {
    const first = store.pinned === null && !store.get("trace");
    return !first && has(trace, store.pinned) ? store.pinned : middleToken(trace.grid);
  }

  const has = ({ grid: [rows, cols], n_prefix: nPrefix }, token) =>
    token === null || (token < rows * cols && -token <= nPrefix);

  // ---- choices -----------------------------------------------------------------------------------------------
  function listModels(catalogue) {
    const option = (name, accuracy) => {
      const made = make("option", "", name + (accuracy === null ? "" : ` · ${format.percent(accuracy)}`));
      made.value = name;
      return made;
    };
    fill($("#vx-model"), catalogue.models, (model) => option(model.name, model.test_accuracy));
    $("#vx-model").append(...catalogue.pretrained.map(({ name, top1 }) => option(name, top1)));
  }

  $("#vx-model").addEventListener("change", (event) => fulfil({ model: event.target.value }));

  function listGallery(gallery) {
    fill($(".gallery"), gallery, (picture) => {
      const button = make("button");
      button.type = "button";
      button.title = picture.truth || picture.title;
      button.dataset.name = picture.name;
      button.setAttribute("role", "option");
      const image = make("img", picture.width <= 64 ? "tiny" : "");
      image.src = picture.preview;
      image.alt = picture.truth || picture.title;
      button.append(image);
      button.addEventListener("click", () => fulfil({ picture: picture.name }));
      return button;
    });
  }

  $(".fit").addEventListener("click", (event) => {
    const button = event.target.closest("[data-fit]");
    if (button) fulfil({ fit: button.dataset.fit });
  });

  $(".lot").addEventListener("click", async () => {
    const model = store.get("model");
    const sources = (store.get("catalogue") || { sources: ["shapes"] }).sources;
    const source = model && sources.includes(model.data) ? model.data : sources[0];
    const picture = await askLot({ source });
    if (picture) await fulfil({ picture: picture.name });
  });

  // ---- CIFAR-10, where it is not here yet ----------------------------------------------------------------------
  /** Offer the download if some model was trained on CIFAR-10 and its pictures are not here. */
  function offerDownload(catalogue) {
    const missing =
      catalogue.downloads &&
      catalogue.models.some((model) => model.data === "cifar10") &&
      !catalogue.sources.includes("cifar10");
    $(".fetch").hidden = !missing;
    $(".fetch .words").textContent = "Its own test pictures, CIFAR-10, are not on this machine.";
  }

  const download = poll(async () => {
    const status = await ask(server, "download_status", {}, { quiet: true });
    if (!status) return null;
    const running = status.state === "running";
    $(".fetch progress").hidden = !running;
    $(".fetch .get").hidden = status.state !== "failed";
    if (running) {
      $(".fetch progress").value = status.fraction;
      $(".fetch .words").textContent = `Downloading CIFAR-10: ${Math.round(100 * status.fraction)} %`;
      return 500;
    }
    if (status.state === "failed") $(".fetch .words").textContent = status.reason;
    else await refresh();
    return null;
  });

  $(".fetch .get").addEventListener("click", async () => {
    if (await ask(server, "download", {}, { once: true })) download.now();
  });

  // ---- own pictures ------------------------------------------------------------------------------------------
  /** Read a file in the browser and send it; nothing is written to disk on the way. */
  async function take(file) {
    const limit = store.get("catalogue") ? store.get("catalogue").max_bytes : Infinity;
    if (file.size > limit) {
      say(`${file.name} is over ${format.megabytes(limit)}; make the picture smaller, then retry.`);
      return;
    }
    let data;
    try {
      data = await base64(file);
    } catch {
      say(`${file.name} cannot be read: choose a picture file, not a folder.`);
      return;
    }
    const picture = await send(server, "upload", { data, title: file.name || "pasted picture" });
    if (picture) await fulfil({ picture: picture.name });
  }

  $(".upload").addEventListener("click", () => $(".file").click());
  $(".file").addEventListener("change", (event) => {
    if (event.target.files.length) take(event.target.files[0]);
    event.target.value = "";
  });
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files].find((one) => one.type.startsWith("image/"));
    if (file && !event.defaultPrevented && !intoField(event)) take(file);
  });
  const panel = $(".picture");
  panel.addEventListener("dragover", (event) => {
    event.preventDefault();
    panel.classList.add("dropping");
  });
  panel.addEventListener("dragleave", () => panel.classList.remove("dropping"));
  panel.addEventListener("drop", (event) => {
    event.preventDefault();
    panel.classList.remove("dropping");
    const [file, ...others] = event.dataTransfer.files;
    if (!file) say("What was dropped is no file: save the picture first, then drop its file here.");
    else if (others.length) say("Drop one picture here; the Classify tab takes several at once.");
    else take(file);
  });

  // A file dropped beside the panels must not make the browser leave the page.
  for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());

  wireCamera(root, (shot) => take(new File([shot], "camera picture", { type: "image/png" })), say);

  // ---- drawing -----------------------------------------------------------------------------------------------
  function draw(/** @type {import("../state").State} */ state) {
    const { trace, model } = state;
    if (!trace || !model) return;
    const context = clearCanvas($(".pixels"), SIDE, SIDE);
    context.drawImage(rgbImage(trace.rgb.data, trace.size, trace.size), 0, 0, SIDE, SIDE);
    const { title, width, height, truth } = trace.picture;
    const shows = !truth ? "" : truth === NONE ? `; shows ${NONE}` : `; labelled ${truth}`;
    $(".title").textContent = title;
    $(".detail").title = "the picture's pixels and those that the model sees";
    $(".detail").textContent = `${width} × ${height} → ${trace.size} × ${trace.size}${shows}`;
    for (const button of root.querySelectorAll("[data-fit]")) {
      button.setAttribute("aria-pressed", String(button.dataset.fit === trace.fit));
    }
    for (const button of root.querySelectorAll(".gallery button")) {
      button.setAttribute("aria-selected", String(button.dataset.name === trace.picture.name));
    }
    $("#vx-model").value = model.name;
    const tested =
      model.test_accuracy === null || model.n_test === null
        ? ""
        : `${format.percent(model.test_accuracy)} right on ${format.count(model.n_test)} test pictures of ${model.data}; `;
    $(".card").textContent =
      `${model.title}, ${format.short(model.parameters)} weights: ${tested}${model.multiply_adds ? `${format.short(model.multiply_adds)} multiply-adds a picture` : "cost not counted"}.`;
    onBar(trace, model, drawTop(trace));
  }

  function drawTop(/** @type {import("../state").Trace} */ trace) {
    const order = trace.probabilities
      .map((p, i) => [p, i])
      .sort((a, b) => b[0] - a[0])
      .slice(0, 5);
    $(".top").replaceChildren(...order.flatMap(([p, i], rank) => barCells(trace.classes[i], p, rank ? "" : "first")));
    const { state, text } = judge(trace.classes, trace.probabilities, trace.picture.labels);
    $(".verdict").textContent = text;
    $(".verdict").dataset.state = state;
    return state;
  }

  function mark(/** @type {import("../state").State} */ state) {
    const { trace, token } = state;
    if (!trace) return;
    const context = clearCanvas($(".marks"), SIDE, SIDE);
    if (!state.model.d_model || token === null) return;
    const [rows, cols] = trace.grid;
    const [w, h] = [SIDE / cols, SIDE / rows];
    if (token < 0) {
      if (prefixNames()[tokenIndex(token, 0)])
        outlineWhole(context, SIDE, tokenName(token, trace.grid), inkOf("--vx-query"));
    } else if (token < rows * cols) {
      outline(context, (token % cols) * w, Math.floor(token / cols) * h, w, h, inkOf("--vx-query"));
    }
  }

  patchInput($(".marks"), () => {
    const [trace, model] = [store.get("trace"), store.get("model")];
    return trace && model && model.d_model ? trace.grid : null; // a CNN has no tokens to point at
  });
  start();
  return { draw, mark };
});
