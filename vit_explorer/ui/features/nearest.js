/* The nearest pictures of a dataset. The network sees the dataset once; then every picture is compared at once. */
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { ask, latest, poll } from "../core/server.js";
import * as store from "../core/store.js";
import * as views from "../core/views.js";
import { widget } from "../core/widget.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const EVERY = 400; // ms between two looks at how far it is
  const PAGE = Math.random().toString(36).slice(2); // by which the server knows who waits
  const plan = latest(server, "plan_index");
  const make_index = latest(server, "make_index");
  const find = latest(server, "nearest");
  let source = ""; // the dataset that is chosen
  let of = ""; // model and dataset that the plan or the index is for
  let n = 0; // pictures of the plan
  let waited = null; // the index that is being made
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
    leave();
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
    const wanted = JSON.parse(of);
    waited = wanted;
    $(".go").hidden = true;
    $(".halt").hidden = false;
    following.now();
    const answer = await make_index(wanted);
    waited = null;
    $(".halt").hidden = $("progress").hidden = true;
    $(".status").textContent = "";
    if (!answer) return retry();
    index = answer;
    look(store.state);
  }

  const following = poll(async () => {
    const question = waited;
    if (!question || !root.isConnected) return null;
    const at = await ask(server, "index_progress", { question, page: PAGE }, { quiet: true });
    if (at && question === waited) {
      $("progress").hidden = at.seen === null;
      $("progress").value = (at.seen || 0) / n;
      $(".status").textContent =
        at.seen === null ? "Waiting for the server to begin …" : `${format.outOf(at.seen, n)} pictures seen`;
    }
    return EVERY;
  });

  /** Let the server stop; its answer is no longer waited for. */
  function leave() {
    const question = waited;
    waited = null;
    make_index.forget();
    if (question) ask(server, "leave_index", { question, page: PAGE }, { quiet: true });
  }

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
    $(".found").replaceChildren();
  }

  async function look(state) {
    const request = { ...views.request(state), source };
    const question = JSON.stringify(request);
    if (question === asked) return;
    asked = question;
    root.classList.add("waiting");
    const answer = await find(request);
    root.classList.remove("waiting");
    if (!answer) return retry();
    const { neighbours, label, votes } = answer;
    $(".finding").textContent =
      `${format.outOf(votes, neighbours.length)} of the nearest test pictures of ${source} are labelled ${label}`;
    fill($(".found"), neighbours, ({ picture, cosine }) => {
      const [item, button, image] = [make("li"), make("button", "vx-button"), make("img")];
      button.type = "button";
      image.src = picture.preview;
      image.alt = "";
      button.append(image, make("span", "", picture.truth), make("span", "vx-number", format.decimal(cosine)));
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
    leave();
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

  return { topics: ["model", "trace", "catalogue"], draw };
});
