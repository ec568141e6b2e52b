/* The set-up of a race: a preset, the pictures, up to four contenders, the probe picture, and Play. */
import { button, fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import { inLink, touch } from "../core/link.js";
import { say } from "../core/say.js";
import { flag, integer, number, setting, words as text } from "../core/setting.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import * as calls from "./calls.js";
import { contenders } from "./chips.js";
import * as races from "./data.js";
import { makeDraft } from "./draft.js";
import * as editing from "./editor.js";
import { ownPictures } from "./own.js";
import * as plan from "./plan.js";
import { presets } from "./presets.js";
import { time } from "./takes.js";
import * as words from "./words.js";

const GAP = 12; // px between the bar above and the set-up that is brought into view

export default widget((root) => {
  const $ = (selector) => root.querySelector(selector);
  const width = races.widthOf(root);
  const lobby = () => store.get("lobby");
  const own = ownPictures(root, (name) => draft.chooseData(name));
  const draft = makeDraft({ lobby, changed: () => paint(), refused: (sentence) => tell(sentence, true) });
  const cards = contenders(root, draft, lobby);
  const choices = presets(root, draft, lobby);
  let starting = false;
  let adopted = null; // the race whose contenders these are
  let painted = false; // since it was opened
  let brought = null; // what was asked for when it was brought into view, or need not be
  let built = null; // the lobby that the lists are of

  // ---- in a link -------------------------------------------------------------------------------------------------
  const linked = { preset: null, data: null, size: null, epochs: null, probe: null }; // of a link, until it is drawn
  let linking = false;
  const open = () => (store.get("setup") || {}).open && draft.preset;
  const one = (key, kind, get, usual) =>
    setting(
      kind,
      () => (open() ? get() : null),
      (value) => ([linked[key], linking] = [value, linking || value !== null]),
      usual,
    );
  inLink(
    root,
    {
      setup: setting(
        text(),
        () => (open() ? draft.preset.name : null),
        (name) => {
          linked.preset = name;
          linking = name !== null;
          if (linking) store.set("setup", { open: true, linked: true });
          else if (races.race) store.set("setup", { open: false });
        },
      ),
      data: one(
        "data",
        text(),
        () => draft.data,
        () => lobby().datasets[0].name,
      ),
      pictures: one(
        "size",
        integer(2),
        () => draft.size,
        () => Math.min(draft.preset.subset, draft.dataset().n_train),
      ),
      epochs: one(
        "epochs",
        number(0, 1e4),
        () => draft.epochs,
        () => draft.preset.epochs,
      ),
      probe: one(
        "probe",
        integer(0),
        () => draft.probe,
        () => draft.dataset().probes[0].index,
      ),
      unfolded: setting(
        flag,
        () => (open() ? $(".more").open : null),
        (wish) => ($(".more").open = wish ?? false),
        false,
      ),
    },
    () => draw(),
    {
      read: draft.remember,
      write(memory) {
        draft.recall(memory);
        linking = false;
        painted = false;
      },
    },
  );
  $(".more").addEventListener("toggle", touch);

  // ---- lists, built once -------------------------------------------------------------------------------------------
  function build() {
    choices.build();
    $(".epochs .range").textContent = plan.rangeWords(lobby().limits.epochs);
  }

  /** The datasets: they come and go, as a person brings and deletes some. */
  function buildData() {
    const { datasets, brings } = lobby();
    const names = datasets.map(({ name }) => name).join("\n");
    if ($(".data").dataset.of === names) return;
    $(".data").dataset.of = names;
    fill($(".data"), datasets, ({ name, n_train: nTrain, n_test: nTest, classes }) => {
      const one = button(words.data(name), () => draft.chooseData(name));
      one.dataset.name = name;
      one.title = `${format.count(nTrain)} training and ${format.count(nTest)} test pictures of ${classes.length} classes`;
      return one;
    });
    if (!brings) return;
    const toggle = () => {
      own.toggle();
      more.setAttribute("aria-expanded", String(!$(".own").hidden));
    };
    const more = button("Your own …", toggle, "vx-button yours");
    more.title = "Train on pictures of yours";
    more.setAttribute("aria-expanded", String(!$(".own").hidden));
    $(".data").append(more);
  }

  function buildProbes() {
    if ($(".strip").dataset.of === draft.data) return;
    $(".strip").dataset.of = draft.data;
    fill($(".strip"), draft.dataset().probes, ({ index, label, image }) => {
      const take = () => {
        draft.probe = index;
        probes();
      };
      const one = button("", take, "");
      one.title = label;
      one.dataset.index = index;
      one.setAttribute("role", "option");
      const picture = make("img");
      picture.src = image;
      picture.alt = label;
      one.append(picture);
      return one;
    });
  }

  // ---- what is chosen ----------------------------------------------------------------------------------------------
  function amount() {
    for (const one of $(".data").querySelectorAll("[data-name]"))
      one.setAttribute("aria-pressed", String(one.dataset.name === draft.data));
    const all = draft.dataset().n_train;
    const sizes = plan.sizes(draft.preset, draft.dataset());
    const words =
      draft.size >= all ? `all ${format.count(all)}` : `${format.count(draft.size)} of ${format.count(all)}`;
    const slider = $(".size input");
    slider.max = String(sizes.length - 1);
    slider.value = String(
      Math.max(
        0,
        sizes.findLastIndex((one) => one <= draft.size),
      ),
    );
    slider.setAttribute("aria-valuetext", words);
    $(".size output").textContent = words;
    if (document.activeElement !== $(".epochs input")) {
      $(".epochs input").value = String(draft.epochs);
      checkEpochs();
    }
  }

  /** What is wrong with the epochs as they are typed; null for nothing. */
  function checkEpochs() {
    const input = $(".epochs input");
    const problem = plan.wrong("epochs", input.value, lobby(), draft.data);
    for (const one of [input, $(".epochs .range")]) one.classList.toggle("bad", Boolean(problem));
    input.setAttribute("aria-invalid", String(Boolean(problem)));
    return problem && `Epochs ${problem}.`;
  }

  function probes() {
    buildProbes();
    for (const one of $(".strip").children)
      one.setAttribute("aria-selected", String(Number(one.dataset.index) === draft.probe));
    const chosen = draft.dataset().probes.find(({ index }) => index === draft.probe);
    $(".chosen").textContent = chosen ? chosen.label : `test picture ${format.count(draft.probe)}`;
    brief();
  }

  /** What is folded away, in words. */
  function brief() {
    const epochs = format.plural(draft.epochs, "epoch");
    $(".brief").textContent =
      `${$(".size output").textContent} pictures of ${words.data(draft.data)}, ${epochs}, probe: ${$(".chosen").textContent}`;
  }

  $(".size input").addEventListener("input", (event) =>
    draft.choose({ size: plan.sizes(draft.preset, draft.dataset())[Number(event.target.value)] }),
  );
  $(".epochs input").addEventListener("input", (event) => {
    if (checkEpochs()) promise();
    else draft.choose({ epochs: plan.number(event.target.value) });
  });

  // ---- contenders --------------------------------------------------------------------------------------------------
  function editor() {
    const { edited: entry, entries, data } = draft;
    $(".editor").hidden = !entry;
    if (!entry) return $(".editor").replaceChildren();
    const changed = () => {
      cards.show();
      promise();
    };
    return editing.show($(".editor"), {
      entry,
      entries,
      lobby: lobby(),
      data,
      changed,
      close: () => cards.unfold(entry),
    });
  }

  // ---- play --------------------------------------------------------------------------------------------------------
  function tell(sentence, bad = false) {
    $(".promise").textContent = sentence;
    $(".promise").classList.toggle("bad", bad);
  }

  const takes = time({
    request: draft.request,
    others: () => lobby().races.map(({ name, state }) => [name, state]),
    wanted: () => Boolean(open()),
    told: () => promise(),
  });

  /** What Play will do, or why it cannot. */
  function promise() {
    const { entries, data } = draft;
    const problem = checkEpochs() || (draft.problem() || {}).sentence;
    $(".start").disabled = starting || !entries.length;
    if (problem) return tell(problem, true);
    if (!entries.length) return tell("");
    const parts = [takes.about(), plan.promise(entries, lobby(), data), words.mirrored(entries.map(plan.recipe))];
    $(".took").textContent = takes.parts();
    return tell(parts.filter(Boolean).join(" "));
  }

  async function start() {
    const wrong = draft.problem();
    if (wrong && draft.edited !== wrong.entry) draft.unfold(wrong.entry);
    if (wrong || checkEpochs()) {
      if (checkEpochs()) $(".more").open = true;
      promise();
      $(".field.bad").focus();
      return;
    }
    starting = true;
    promise();
    let refused = "";
    const answer = await calls.order("start", draft.request(), { say: (sentence) => (refused = sentence) });
    starting = false;
    promise();
    if (!answer) {
      tell(refused, true);
      return;
    }
    draft.edited = null;
    store.set("setup", { open: true }); // whatever opened it: it makes room for the race
    await races.open(answer.race);
    races.refreshLobby();
    document.querySelector("#train-controls").scrollIntoView({ block: "nearest" });
  }

  $(".start").addEventListener("click", start);
  $(".close").addEventListener("click", () => store.set("setup", { open: false }));

  // ---- everything --------------------------------------------------------------------------------------------------
  function draw() {
    const { open, from } = store.get("setup") || {};
    $(".setup").hidden = !open || !lobby();
    if ($(".setup").hidden) {
      [painted, adopted] = [false, null];
      return;
    }
    root.classList.toggle("slim", width() < 800);
    root.classList.toggle("narrow", width() < 560);
    $(".close").hidden = !races.race;
    if (!built) build();
    built = lobby();
    buildData();
    if (draft.preset && !draft.dataset()) draft.chooseData(lobby().datasets[0].name); // it was deleted
    for (const one of $(".data").querySelectorAll("[data-name]"))
      one.setAttribute("aria-pressed", String(one.dataset.name === draft.data));
    if (linking) draft.link(linked);
    else if (from && from !== adopted) take(from);
    else if (!draft.preset) draft.begin();
    else if (painted)
      promise(); // the list of races is newer, or the page wider: no field loses its focus
    else paint();
    [painted, adopted, linking] = [true, from, false];
    if (store.get("setup") !== brought) bring(store.get("setup"));
  }

  /** Come into view, below the bar that stays there, and take the keys, where a button asked for it. */
  function bring(setup) {
    brought = setup;
    if (!setup.sought) return;
    root.style.scrollMarginTop = `${document.querySelector("#train-controls").clientHeight + GAP}px`;
    root.scrollIntoView({ block: "start" });
    $(".preset[aria-checked=true]").focus({ preventScroll: true });
  }

  function take(race) {
    if (!draft.preset) draft.begin();
    if (!draft.adopt(race))
      say("The pictures of that race are not open here: start the app with them, or choose others.");
  }

  function paint() {
    if ($(".setup").hidden || !draft.preset) return;
    choices.show();
    amount();
    cards.show();
    editor();
    probes();
    promise();
  }

  return { topics: ["lobby", "setup"], draw };
});
