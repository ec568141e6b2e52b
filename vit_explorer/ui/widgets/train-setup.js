/* The set-up of a race: a preset, the pictures, up to four contenders, the probe picture, and Play. */
vx.widget("train-setup", (root) => {
  const $ = (selector) => root.querySelector(selector);
  const { make } = vx;
  const W = vxTrainWords;
  const P = vxTrainPlan;
  const FIRST = "vit-cnn";
  let preset = null; // of the lobby
  let data = null; // name of the dataset
  let size = null; // training pictures; null for all
  let epochs = null;
  let probe = 0;
  /** @type {object[]} */
  let entries = [];
  let edited = null; // the entry whose fold is open
  let asked = 0; // number of the newest plan
  let starting = false;
  let adopted = null; // the race whose contenders these are
  let painted = false; // since it was opened

  const lobby = () => vx.get("lobby");
  const dataset = () => lobby().datasets.find(({ name }) => name === data);

  // ---- the plan ----------------------------------------------------------------------------------------------------
  /** Let the server make the contenders of the preset for these data; changes made by hand stay. */
  async function plan() {
    const ticket = ++asked;
    const answer = await vxTrain.tryAsk("planned", { preset: preset.name, data, subset: size === dataset().n_train ? null : size, epochs });
    if (ticket !== asked) return;
    if (answer.refused) {
      entries = [];
      edited = null;
      paint();
      tell(answer.refused, true);
      return;
    }
    const before = entries;
    const known = before.some((entry) => entry.planned && entry.preset === preset.name);
    const mine = known ? before.filter(({ planned }) => !planned) : [];
    const fresh = answer.contenders.map(({ label, recipe }) => {
      const old = known ? before.find((entry) => entry.planned === label) : null;
      return old ? Object.assign(old, { base: recipe }) : { label, planned: label, preset: preset.name, base: recipe, edits: {}, wrong: {} };
    });
    const removed = known ? new Set(removedOf(before)) : new Set();
    entries = [...fresh.filter((entry) => !removed.has(entry.planned)), ...mine].slice(0, P.MOST);
    for (const entry of mine) entry.base = { ...entry.base, subset: fresh[0].base.subset, epochs: fresh[0].base.epochs };
    entries.removed = known ? before.removed : [];
    if (!entries.includes(edited)) edited = null;
    paint();
  }

  const removedOf = (list) => list.removed || [];

  function choosePreset(name) {
    preset = lobby().presets.find((one) => one.name === name) || lobby().presets[0];
    size = Math.min(preset.subset, dataset().n_train);
    epochs = preset.epochs;
    entries = [];
    edited = null;
    plan();
    paint();
  }

  function chooseData(name) {
    data = name;
    size = Math.min(size === null ? Infinity : size, dataset().n_train);
    probe = dataset().probes[0].index;
    plan();
    paint();
  }

  function begin() {
    data = lobby().datasets[0].name;
    probe = dataset().probes[0].index;
    choosePreset(FIRST);
  }

  /** The contenders of another race, to be run again or changed. */
  function adopt({ contenders, preset: name, probe: picture }) {
    const [first] = contenders;
    if (!contenders.every(({ recipe }) => recipe.data === first.recipe.data) || !lobby().datasets.some((one) => one.name === first.recipe.data)) {
      vx.say(`Its pictures (${W.data(first.recipe.data)}) are not open here: start the app with them, or choose others.`);
      return;
    }
    preset = lobby().presets.find((one) => one.name === name) || preset || lobby().presets[0];
    data = first.recipe.data;
    [size, epochs] = [first.recipe.subset === null ? dataset().n_train : first.recipe.subset, first.recipe.epochs];
    probe = picture ? picture.index : dataset().probes[0].index;
    entries = contenders.map(({ label, recipe }) => ({ label, planned: preset.labels.includes(label) ? label : null, preset: preset.name, base: recipe, edits: {}, wrong: {} }));
    edited = null;
    asked++; // a plan that is on its way is not wanted any more
    paint();
  }

  // ---- parts -------------------------------------------------------------------------------------------------------
  function presets() {
    vx.fill($(".presets"), lobby().presets, (one) => {
      const button = make("button", "preset");
      button.type = "button";
      button.dataset.name = one.name;
      button.setAttribute("role", "radio");
      button.setAttribute("aria-checked", String(one === preset));
      button.tabIndex = one === preset ? 0 : -1;
      button.append(make("strong", "", one.title), make("span", "", one.teaches));
      button.addEventListener("click", () => choosePreset(one.name));
      return button;
    });
  }

  $(".presets").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = lobby().presets;
    choosePreset(all[(all.indexOf(preset) + step + all.length) % all.length].name);
    $('.preset[aria-checked="true"]').focus();
  });

  function amount() {
    vx.fill($(".data"), lobby().datasets, (one) => {
      const button = make("button", "vx-button", W.data(one.name));
      button.type = "button";
      button.title = `${vx.count(one.n_train)} training and ${vx.count(one.n_test)} test pictures of ${one.classes.length} classes`;
      button.setAttribute("aria-pressed", String(one.name === data));
      button.addEventListener("click", () => chooseData(one.name));
      return button;
    });
    const sizes = P.sizes(preset, dataset());
    const slider = $(".size input");
    slider.max = String(sizes.length - 1);
    const nearest = sizes.findLastIndex((one) => one <= size);
    slider.value = String(Math.max(0, nearest));
    slider.setAttribute("aria-valuetext", `${vx.count(size)} of ${vx.count(dataset().n_train)}`);
    $(".size output").textContent = size >= dataset().n_train ? `all ${vx.count(dataset().n_train)}` : `${vx.count(size)} of ${vx.count(dataset().n_train)}`;
    if (document.activeElement !== $(".epochs input")) $(".epochs input").value = String(epochs);
    $(".epochs .range").textContent = P.rangeWords(lobby().limits.epochs);
  }

  $(".size input").addEventListener("input", (event) => {
    size = P.sizes(preset, dataset())[Number(event.target.value)];
    plan();
    amount();
  });
  $(".epochs input").addEventListener("input", (event) => {
    const problem = P.wrong("epochs", event.target.value, lobby(), data);
    $(".epochs input").classList.toggle("bad", Boolean(problem));
    $(".epochs .range").classList.toggle("bad", Boolean(problem));
    $(".epochs input").setAttribute("aria-invalid", String(Boolean(problem)));
    if (!problem) {
      epochs = P.number(event.target.value);
      plan();
    }
    promise();
  });

  function chips() {
    const cards = entries.map((entry, i) => {
      const chip = make("div", "chip");
      chip.setAttribute("role", "listitem");
      chip.style.setProperty("--ink", `var(--vx-run-${i})`);
      chip.classList.toggle("wrong", Object.keys(entry.wrong).length > 0);
      const tools = make("div", "tools");
      tools.append(tool("Edit", () => unfold(entry), `Edit ${entry.label}`, entry === edited));
      if (entries.length > 1) tools.append(tool("×", () => remove(entry), `Remove ${entry.label}`));
      const about = make("span", "about", P.chipWords(entry, lobby()) + (Object.keys(entry.edits).length ? " · edited" : ""));
      chip.append(make("strong", "", entry.label), tools, about);
      return chip;
    });
    if (entries.length && entries.length < P.MOST) {
      const add = make("button", "add", "+ Add a contender");
      add.type = "button";
      add.addEventListener("click", grow);
      cards.push(add);
    }
    $(".chips").replaceChildren(...cards);
  }

  function tool(text, act, label, expanded) {
    const button = make("button", "", text);
    button.type = "button";
    button.setAttribute("aria-label", label);
    button.title = label;
    if (expanded !== undefined) button.setAttribute("aria-expanded", String(expanded));
    button.addEventListener("click", act);
    return button;
  }

  function unfold(entry) {
    edited = edited === entry ? null : entry;
    paint();
    if (edited) $(".editor .field").focus();
  }

  function remove(entry) {
    const removed = removedOf(entries);
    entries = entries.filter((one) => one !== entry);
    entries.removed = entry.planned ? [...removed, entry.planned] : removed;
    if (edited === entry) edited = null;
    paint();
    $(".chip .tools button").focus();
  }

  /** One more contender: a model that is not in the race yet, trained as the first one is. */
  function grow() {
    const used = new Set(entries.map((entry) => P.recipe(entry).model));
    const model = lobby().models.find(({ key }) => !used.has(key)) || lobby().models[0];
    const base = { ...P.recipe(entries[0]), model: model.key };
    const entry = { label: P.freeLabel(entries, model), planned: null, preset: preset.name, base, edits: {}, wrong: {} };
    const removed = removedOf(entries);
    entries = [...entries, entry];
    entries.removed = removed;
    edited = entry;
    paint();
    $(".editor .field").focus();
  }

  function editor() {
    $(".editor").hidden = !edited;
    if (!edited) {
      $(".editor").replaceChildren();
      return;
    }
    vxTrainEditor.show($(".editor"), {
      entry: edited, entries, lobby: lobby(), data,
      changed: () => {
        chips();
        promise();
      },
      close: () => unfold(edited),
    });
  }

  function probes() {
    const { probes: all } = dataset();
    if ($(".strip").dataset.of !== data) {
      $(".strip").dataset.of = data;
      vx.fill($(".strip"), all, (one) => {
        const button = make("button");
        button.type = "button";
        button.title = one.label;
        button.dataset.index = one.index;
        button.setAttribute("role", "option");
        const image = make("img");
        image.src = one.image;
        image.alt = one.label;
        button.append(image);
        button.addEventListener("click", () => {
          probe = one.index;
          probes();
        });
        return button;
      });
    }
    for (const button of $(".strip").children) button.setAttribute("aria-selected", String(Number(button.dataset.index) === probe));
    $(".chosen").textContent = (all.find(({ index }) => index === probe) || all[0]).label;
  }

  // ---- play --------------------------------------------------------------------------------------------------------
  function problem() {
    if (P.wrong("epochs", $(".epochs input").value, lobby(), data)) return `Epochs ${P.wrong("epochs", $(".epochs input").value, lobby(), data)}.`;
    for (const entry of entries) for (const sentence of Object.values(entry.wrong)) return `${entry.label}: ${sentence}.`;
    return null;
  }

  function tell(sentence, bad = false) {
    $(".promise").textContent = sentence;
    $(".promise").classList.toggle("bad", bad);
  }

  function promise() {
    const wrong = problem();
    $(".start").disabled = starting || !entries.length;
    if (wrong) return tell(wrong, true);
    if (!entries.length) return tell("");
    const updates = [...new Set(entries.map((entry) => P.updates(entry, lobby(), data)))];
    const each = updates.length === 1 ? `${vx.count(updates[0])} updates each` : `${updates.map(vx.count).join(" / ")} updates`;
    const waiting = lobby().races.some(({ state }) => state === "training" || state === "starting");
    return tell(`${entries.length === 1 ? "One contender" : `${entries.length} contenders in turns`}, ${each}. ${waiting ? "Another race is being trained: this one will wait for it." : ""}`);
  }

  async function start() {
    if (problem()) {
      promise();
      const bad = $(".field.bad");
      if (bad) bad.focus();
      return;
    }
    starting = true;
    promise();
    const answer = await vxTrain.tryAsk("start", {
      title: P.title(entries, preset), preset: preset.name, data, probe,
      contenders: entries.map((entry) => ({ label: entry.label, ...P.recipe(entry) })),
    });
    starting = false;
    promise();
    if (answer.refused) {
      tell(answer.refused, true);
      return;
    }
    edited = null;
    await vxTrain.open(answer.race);
    vxTrain.refreshLobby();
    document.querySelector("#train-controls").scrollIntoView({ block: "nearest" });
  }

  $(".start").addEventListener("click", start);
  $(".close").addEventListener("click", () => vx.set("setup", { open: false }));

  function draw() {
    const open = (vx.get("setup") || {}).open;
    $(".setup").hidden = !open || !lobby();
    if (!open || !lobby()) {
      [painted, adopted] = [false, null];
      return;
    }
    const width = root.clientWidth;
    root.classList.toggle("slim", width < 800);
    root.classList.toggle("narrow", width < 560);
    $(".close").hidden = !vxTrain.race();
    const { from } = vx.get("setup");
    if (from && from !== adopted) adopt(from);
    else if (painted && preset) promise(); // the list of races is newer, or the page wider: no field loses its focus
    else if (preset) paint();
    else begin();
    [painted, adopted] = [true, from];
  }

  function paint() {
    if ($(".setup").hidden) return;
    presets();
    amount();
    chips();
    editor();
    probes();
    promise();
  }

  return { topics: ["lobby", "setup"], draw };
});
