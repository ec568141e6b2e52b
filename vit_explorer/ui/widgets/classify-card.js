/* What the Classify tab says of its results: a block for each model, who agrees with whom, what reached the models. */
vx.classify = (() => {
  const TOP = 5;
  const SIDE = 128; // CSS pixels of a picture on a card
  const NBSP = "\u00a0";
  const DATASETS = { cifar10: "CIFAR-10", shapes: "the drawn shapes" };

  const { make } = vx;
  const fixed = (share) => (100 * share).toFixed(1);
  const dataset = (model) => DATASETS[model.data] || model.data;

  /** A model's name, its accuracy and, once it has answered, its first guesses; before that, the same places empty. */
  function modelBlock(model, truth) {
    const block = make("section", "model");
    block.setAttribute("aria-label", `${model.title}, ${model.name}`);
    const name = make("div", "name");
    name.append(make("strong", "", model.short), make("span", "vx-soft vx-small", model.name));
    name.title = model.title;
    const tested = make("p", "vx-small vx-soft");
    tested.textContent = "no test accuracy on its card";
    if (Number.isFinite(model.test_accuracy)) {
      tested.textContent = `test accuracy ${fixed(model.test_accuracy)}${NBSP}% on ${dataset(model)}`;
      if (model.n_test) tested.title = `${vx.count(model.n_test)} test pictures`;
    }
    const bars = make("div", "vx-bars");
    const below = make("p", "vx-small below", NBSP);
    const time = make("p", "vx-small vx-soft", NBSP);
    block.append(name, tested, bars, below, time);
    if (!model.probabilities) {
      for (let k = 0; k < TOP; k++) bars.append(make("span", "", NBSP), make("div", "bar"), make("span"));
      return block;
    }
    const best = ranked(model);
    best.forEach(({ name: guess, p }, rank) => bars.append(...vx.barCells(guess, p, rank ? "" : "first")));
    if (truth && model.classes.includes(truth)) {
      const right = best[0].name === truth;
      name.append(make("span", right ? "tag good" : "tag bad", right ? "right" : "wrong"));
    }
    vx.fill(below, doubt(best), (text) => make("span", "", text));
    time.textContent = `forward pass here: ${vx.milliseconds(model.seconds)}`;
    time.title = `one picture alone, after a warm-up; median of ${model.timed_passes} passes`;
    return block;
  }

  /** A result's most likely classes, the first one first. */
  function ranked({ classes, probabilities }) {
    const all = probabilities.map((p, i) => ({ name: classes[i], p }));
    return all.sort((a, b) => b.p - a.p).slice(0, TOP);
  }

  /** How far below certainty a model is, in the same rounding as its bar, and what else it might be: a line each. */
  function doubt([first, second]) {
    const points = 100 - Number(fixed(first.p));
    const far = points < 0.05 ? "less than 0.1 points" : `${points.toFixed(1)} points`;
    const next = second ? [`next guess: ${second.name} ${vx.percent(second.p).replaceAll(" ", NBSP)}`] : [];
    return [`${far} below certainty${second ? "; " : ""}`, ...next];
  }

  /** Who agrees with whom. Models are counted together only if they choose among the same classes. */
  function verdict(results, truth) {
    if (!results.length) return "No model can be used here.";
    const groups = new Map();
    for (const result of results) {
      const key = JSON.stringify(result.classes);
      groups.set(key, [...(groups.get(key) || []), result]);
    }
    const sentences = [...groups.values()].map((group) => {
      const text = agreement(group.map((result) => ranked(result)[0].name));
      return groups.size === 1 ? text : `Trained on ${dataset(group[0])}: ${text[0].toLowerCase()}${text.slice(1)}`;
    });
    if (truth) sentences.push(judged(results, truth));
    return sentences.join(" ");
  }

  /** How many are right, of the models that have a picture's label among their classes. */
  function judged(results, truth) {
    const able = results.filter((result) => result.classes.includes(truth));
    const right = able.filter((result) => ranked(result)[0].name === truth).length;
    if (!able.length) return `The label is ${truth}, which is no class of any model here.`;
    if (able.length === 1) return `The label is ${truth}: the one model that knows it is ${right ? "right" : "wrong"}.`;
    return `The label is ${truth}: ${right} of ${able.length} are right.`;
  }

  /** @param {string[]} guesses  the first guess of each model */
  function agreement(guesses) {
    const n = guesses.length;
    const tally = new Map();
    for (const guess of guesses) tally.set(guess, (tally.get(guess) || 0) + 1);
    const [[leader, votes], ...rest] = [...tally].sort((a, b) => b[1] - a[1]);
    if (n === 1) return `One model, which says ${leader}.`;
    if (votes === n) return n === 2 ? `Both models say ${leader}.` : `All ${n} models say ${leader}.`;
    if (n === 2) return `The two models disagree: ${guesses.join(", ")}.`;
    if (votes === 1) return `No two of the ${n} models agree: ${guesses.join(", ")}.`;
    const others = rest.map(([name, c]) => `${c} ${c > 1 ? "say" : "says"} ${name}`);
    return `${votes} of ${n} models agree on ${leader}; ${others.join(", ")}.`;
  }

  /** What really went into the models: one image for all that received the same pixels. */
  function views(results, title) {
    const groups = new Map();
    for (const { pixels, name } of results) {
      const [size] = pixels.shape;
      if (!groups.has(pixels.data)) groups.set(pixels.data, { pixels, size, names: [] });
      groups.get(pixels.data).names.push(name);
    }
    return [...groups.values()].map(({ pixels, size, names }) => {
      const figure = make("figure");
      const canvas = make("canvas");
      const side = size * Math.max(1, Math.floor(SIDE / size)); // whole screen pixels for each of the model's
      const many = groups.size === 1 ? "what the models see" : `what ${names.length} models see`;
      const caption = `${names.length > 1 ? many : `what ${names[0]} sees`}: ${size} × ${size} pixels`;
      figure.title = names.join(", ");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${title}: ${caption}`);
      vx.canvas(canvas, side, side).drawImage(vx.rgbImage(vx.decode(pixels).data, size, size), 0, 0, side, side);
      figure.append(canvas, make("figcaption", "vx-soft vx-small", caption));
      return figure;
    });
  }

  /** The place of that image until it comes. */
  function waitingView() {
    const figure = make("figure");
    figure.append(make("div", "blank"), make("figcaption", "vx-soft vx-small", NBSP));
    return figure;
  }

  /** What these models can say at all, in a sentence. */
  function knowledge(results) {
    const known = new Map(results.map((result) => [JSON.stringify(result.classes), result]));
    const lists = [...known.values()].map((one) => {
      const number = one.classes.length === 10 ? "ten" : one.classes.length;
      return `the ${number} of ${dataset(one)} (${one.classes.join(", ")})`;
    });
    return (
      `These models know only the classes they were trained on: ${lists.join(", and ")}. ` +
      "A picture of anything else gets one of those all the same, and a high percentage is no proof."
    );
  }

  return { dataset, knowledge, modelBlock, ranked, verdict, views, waitingView };
})();
