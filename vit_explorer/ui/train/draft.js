/* The race that is being set up: its state and what a person can do to it. It draws nothing; `changed()` is called when
 * something is new, `refused(sentence)` when the server cannot plan it.
 */
import { newest } from "../core/server.js";
import * as calls from "./calls.js";
import * as plans from "./plan.js";
import * as words from "./words.js";

export function makeDraft({ lobby, changed, refused }) {
  const FIRST = "vit-cnn";
  const draft = {
    preset: null, // of the lobby
    data: null, // name of the dataset
    size: 0, // training pictures, of the contender that has most
    epochs: 1,
    probe: 0, // index of a test picture
    entries: [], // see plan.js
    edited: null, // the entry whose fold is open
  };
  let removed = new Set(); // labels of the plan that are not wanted
  let reason = ""; // why there is no plan
  const ask = newest((request, signal) =>
    calls.ask("planned", request, { signal, say: (sentence) => (reason = sentence) }),
  );

  const dataset = () => lobby().datasets.find(({ name }) => name === draft.data);
  const fresh = (label, base, planned) => ({ label, planned, base, edits: {}, wrong: {} });

  /** Let the server make the contenders of the preset for these data; what was changed by hand stays. */
  async function plan() {
    const { preset, data, size, epochs } = draft;
    const subset = size >= dataset().n_train ? null : size;
    const answer = await ask({ preset: preset.name, data, subset, epochs });
    if (!answer) {
      Object.assign(draft, { entries: [], edited: null });
      changed();
      refused(reason);
      return;
    }
    const planned = answer.contenders
      .filter(({ label }) => !removed.has(label))
      .map(({ label, recipe }) => {
        const old = draft.entries.find((entry) => entry.planned === label);
        return old ? Object.assign(old, { base: recipe }) : fresh(label, recipe, label);
      });
    const added = draft.entries.filter((entry) => entry.planned === null);
    const { subset: pictures, epochs: passes } = answer.contenders[0].recipe;
    for (const entry of added) entry.base = { ...entry.base, subset: pictures, epochs: passes };
    draft.entries = [...planned, ...added].slice(0, plans.MOST);
    if (!draft.entries.includes(draft.edited)) draft.edited = null;
    changed();
  }

  function choosePreset(name) {
    const preset = lobby().presets.find((one) => one.name === name);
    Object.assign(draft, {
      preset,
      size: Math.min(preset.subset, dataset().n_train),
      epochs: preset.epochs,
      entries: [],
      edited: null,
    });
    removed = new Set();
    plan();
    changed();
  }

  function chooseData(name) {
    draft.data = name;
    draft.size = Math.min(draft.size || Infinity, dataset().n_train);
    draft.probe = dataset().probes[0].index;
    if (draft.preset) plan();
    changed();
  }

  function begin() {
    chooseData(lobby().datasets[0].name);
    choosePreset(FIRST);
  }

  /** Take over what a link says; what it does not say, or what is not here, is as at first. */
  function link({ preset, data, size, epochs, probe }) {
    begin();
    if (lobby().datasets.some(({ name }) => name === data)) chooseData(data);
    if (lobby().presets.some(({ name }) => name === preset)) choosePreset(preset);
    const [low, high] = lobby().limits.epochs;
    choose({
      size: size >= 2 ? Math.min(size, dataset().n_train) : draft.size,
      epochs: epochs >= low && epochs <= high ? epochs : draft.epochs,
    });
    if (probe !== null && probe !== undefined) draft.probe = probe;
    changed();
  }

  /** All that was chosen, for `recall`; null before anything was. */
  function remember() {
    if (!draft.preset) return null;
    const { preset, data, size, epochs, probe, entries } = draft;
    return { preset: preset.name, data, size, epochs, probe, removed: [...removed], entries: structuredClone(entries) };
  }

  /** Take over what was remembered; null is as at first. @param {ReturnType<typeof remember>} memory */
  function recall(memory) {
    ask.forget();
    const { preset, removed: away = [], entries = [], ...others } = memory ?? {};
    removed = new Set(away);
    Object.assign(draft, others, { entries: structuredClone(entries), edited: null });
    draft.preset = preset ? lobby().presets.find(({ name }) => name === preset) : null;
    if (draft.preset && !entries.length) plan(); // they were on their way
  }

  /** Change the size or the epochs of all. */
  function choose(values) {
    Object.assign(draft, values);
    plan();
    changed();
  }

  /** Take the contenders of another race, with `edits` of their recipes, to run it again or to change it; false if its pictures are not here. */
  function adopt({ contenders, preset: name, probe }) {
    const { device: devices } = lobby().choices;
    const recipes = contenders.map(({ recipe }) =>
      devices.includes(recipe.device) ? recipe : { ...recipe, device: devices[0] },
    );
    const data = words.common(recipes, "data");
    if (!lobby().datasets.some((one) => one.name === data)) return false;
    ask.forget(); // a plan that is on its way is not wanted any more
    chooseDataOnly(data, probe);
    const preset = lobby().presets.find((one) => one.name === name) || lobby().presets[0];
    const [{ subset, epochs }] = recipes;
    removed = new Set(preset.labels.filter((label) => !contenders.some((one) => one.label === label)));
    const entries = contenders.map(({ label, edits = {} }, i) => ({
      ...fresh(label, recipes[i], preset.labels.includes(label) ? label : null),
      edits: { ...edits },
    }));
    Object.assign(draft, { preset, size: subset === null ? dataset().n_train : subset, epochs, entries, edited: null });
    changed();
    return true;
  }

  function chooseDataOnly(data, probe) {
    draft.data = data;
    draft.probe = probe ? probe.index : dataset().probes[0].index;
  }

  function remove(entry) {
    if (entry.planned !== null) removed.add(entry.planned);
    draft.entries = draft.entries.filter((one) => one !== entry);
    if (draft.edited === entry) draft.edited = null;
    changed();
  }

  /** One more contender: a model that is not in the race yet, trained as the first one is. */
  function grow() {
    const used = new Set(draft.entries.map((entry) => plans.recipe(entry).model));
    const model = lobby().models.find(({ key }) => !used.has(key)) || lobby().models[0];
    const entry = fresh(
      plans.freeLabel(draft.entries, model),
      { ...plans.recipe(draft.entries[0]), model: model.key, start: "" },
      null,
    );
    draft.entries = [...draft.entries, entry];
    unfold(entry);
  }

  /** Open the fold of an entry, or close it. */
  function unfold(entry) {
    draft.edited = draft.edited === entry ? null : entry;
    changed();
  }

  /** The first contender that has a wrong value, and what is wrong, as a sentence. */
  function problem() {
    for (const entry of draft.entries)
      for (const sentence of Object.values(entry.wrong)) return { entry, sentence: `${entry.label}: ${sentence}.` };
    return null;
  }

  /** What the server needs to start it. */
  function request() {
    const { entries, preset, data, probe } = draft;
    const contenders = entries.map((entry) => ({ label: entry.label, ...plans.recipe(entry) }));
    return { title: plans.title(entries, preset), preset: preset.name, data, probe, contenders };
  }

  return Object.assign(draft, {
    adopt,
    begin,
    choose,
    chooseData,
    choosePreset,
    dataset,
    grow,
    link,
    problem,
    recall,
    remember,
    remove,
    request,
    unfold,
  });
}
