/* The nearest pictures of a dataset. The network sees the dataset once; then every picture is compared at once. */
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { among } from "../core/names.js";
import { saveScreen } from "../core/screen.js";
import { latest } from "../core/server.js";
import * as store from "../core/store.js";
import * as views from "../core/views.js";
import { watched } from "../core/watch.js";
import { widget } from "../core/widget.js";
import * as words from "./nearest-words.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const MARKS = { same: "✓ ", other: "✗ ", "": "" };
  const PIXELS = 64; // pictures no larger are shown pixel by pixel
  const plan = latest(server, "plan_index");
  const find = latest(server, "nearest");
  let source = ""; // the dataset that is chosen
  let of = ""; // model and dataset that the plan or the index is for
  let n = 0; // pictures of the plan
  let index = null; // {n, k, accuracy}, once it is made
  let asked = ""; // the picture whose neighbours were asked for

  async function begin(state) {
    const wanted = { model: state.model.name, source };
    const key = JSON.stringify(wanted);
    if (key === of) {
      if (index) look(state);
      return;
    }
    of = key;
    making.leave();
    index = null;
    asked = "";
    clear();
    const answer = await plan(wanted);
    if (!answer) return retry();
    n = answer.n;
    if (answer.quick) see();
    else offer();
  }

  async function see() {
    $(".go").hidden = true;
    $(".halt").hidden = false;
    const answer = await making.begin(JSON.parse(of));
    $(".halt").hidden = $("progress").hidden = true;
    $(".status").textContent = "";
    if (!answer) return retry();
    index = answer;
    look(store.state);
  }

  const making = watched(
    root,
    server,
    { work: "make_index", progress: "index_progress", leave: "leave_index" },
    ({ seen }) => {
      $("progress").hidden = seen === null;
      $("progress").value = (seen || 0) / n;
      $(".status").textContent =
        seen === null ? "Waiting for the server to begin …" : `${format.outOf(seen, n)} pictures seen`;
    },
  );

  function offer() {
    $(".halt").hidden = $("progress").hidden = true;
    $(".go").hidden = false;
    $(".go").textContent = `Compare with ${format.plural(n, "picture")}`;
    $(".status").textContent = `${JSON.parse(of).model} must see each of them once.`;
  }

  /** The next choice or redraw asks again. */
  function retry() {
    of = "";
    clear();
  }

  function clear() {
    for (const part of [".go", ".halt", "progress"]) $(part).hidden = true;
    $(".status").textContent = $(".scored").textContent = "";
    $(".finding").textContent = "Which pictures are alike?";
    $(".near").hidden = true;
  }

  async function look(state) {
    const request = { ...views.request(state), source };
    const question = JSON.stringify([request, state.trace.picture.labels]);
    if (question === asked) return;
    asked = question;
    root.classList.add("waiting");
    const answer = await find(request);
    root.classList.remove("waiting");
    if (!answer) return retry();
    const { neighbours, label } = answer;
    const { picture } = state.trace;
    const own = among(answer.names, picture.labels);
    $(".near").hidden = false;
    $(".finding").textContent = words.finding(answer, source, own);
    $(".own").src = picture.preview;
    $(".own").classList.toggle("tiny", Math.max(picture.width, picture.height) <= PIXELS);
    $(".whose").textContent =
      own === null ? `${picture.title}: no label of ${source}` : `${picture.title}: labelled ${own}`;
    $(".votes").replaceChildren(
      ...words.tally(answer).flatMap(([name, n]) => {
        const [bar, length] = [make("div", "bar"), make("i")];
        length.style.width = `${(100 * n) / neighbours.length}%`;
        bar.append(length);
        const style = name === label ? "first" : "";
        return [make("span", style, name), bar, make("span", `vx-number ${style}`, String(n))];
      }),
    );
    fill($(".found"), neighbours, ({ picture, cosine }) => {
      const same = words.sameness(own, picture.truth);
      const [item, button, image] = [make("li"), make("button", `vx-button ${same}`), make("img")];
      button.type = "button";
      image.src = picture.preview;
      image.alt = "";
      image.classList.toggle("tiny", Math.max(picture.width, picture.height) <= PIXELS);
      const [bar, length] = [make("span", "cosine"), make("i")];
      length.style.width = `${100 * Math.max(0, cosine)}%`;
      bar.append(length);
      button.append(
        image,
        make("span", "label", `${MARKS[same]}${picture.truth}`),
        make("span", "vx-number", format.decimal(cosine)),
        bar,
      );
      button.title = `${picture.title}: ${picture.truth}, cosine ${format.decimal(cosine)}`;
      button.addEventListener("click", () => store.set("wish", { picture: picture.name }));
      item.append(button);
      return item;
    });
    $(".scored").textContent =
      `Asked for each of the ${format.count(index.n)} pictures in turn, the ${index.k} nearest others vote for its own label in ` +
      `${format.percent(index.accuracy)} of cases: how well these vectors tell the labels apart by distance alone.`;
  }

  $(".go").addEventListener("click", see);
  $(".halt").addEventListener("click", () => {
    making.leave();
    offer();
  });
  $(".source").addEventListener("change", (event) => {
    source = event.target.value;
    begin(store.state);
  });

  /** A model's own dataset first, else the first one. */
  function listSources({ model, catalogue }) {
    const { sources } = catalogue;
    const select = $(".source");
    if (select.dataset.of !== sources.join()) {
      select.dataset.of = sources.join();
      fill(select, sources, (name) => make("option", "", name));
    }
    if (!sources.includes(source)) source = sources.includes(model.data) ? model.data : sources[0] || "";
    select.value = source;
  }

  function draw(/** @type {import("../state").State} */ state) {
    if (!views.ready(state) || !state.catalogue) return;
    listSources(state);
    if (source) begin(state);
  }

  saveScreen($(".vx-panel"), "nearest pictures");
  return { topics: ["model", "trace", "catalogue"], draw };
});
