/* The networks of this app: a sortable table, a plot of accuracy against cost, and times measured on the server. */
import * as answers from "../core/answers.js";
import { make } from "../core/elements.js";
import * as format from "../core/format.js";
import { offer } from "../core/guess.js";
import { inLink } from "../core/link.js";
import { makeMeasuring } from "../core/measuring.js";
import { saveMenu } from "../core/save.js";
import { latest } from "../core/server.js";
import { oneOf, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import * as comparePlot from "./plot.js";
import * as sort from "./sort.js";
import * as words from "./table-words.js";
import { TABLE } from "./questions.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const [HEIGHT, ON_STAGE] = [360, 290]; // CSS pixels of the plot
  const AXES = {
    multiply_adds: { label: "multiply-adds a picture, log", unit: format.compact },
    parameters: { label: "weights, log", unit: format.compact },
    latency: { label: "time for one picture, log", unit: (value) => `${format.significant(1000 * value)} ms` },
  };
  const ask = latest(server, "architectures");
  let rows = [];
  let asked = ""; // the models that the rows are of
  let axis = "multiply_adds";

  const none = "–";
  const timesOf = (row) => ((measuring.now().result || {}).models || {})[row.name] || {};
  const latency = (row) => (timesOf(row).latency ? timesOf(row).latency.median : null);
  const speed = (row) => (timesOf(row).throughput ? timesOf(row).throughput.per_second : null);
  const titled = (text, title, style = "") => Object.assign(make("span", style, text), { title });
  const ownData = () => (store.get("model") || {}).data; // accuracies compare only on the same test pictures
  const apart = (row) => (row.data === ownData() ? "" : "apart");
  const quartiles = ({ low, high, runs }) =>
    `median of ${runs} passes, quartiles ${format.milliseconds(low)} to ${format.milliseconds(high)}`;

  // ---- the table -------------------------------------------------------------------------------------------------
  function named(row) {
    const cell = make("span");
    if (row.trained) {
      const open = make("button", "open", row.short);
      open.type = "button";
      open.title = `Open ${row.name} in every tab`;
      open.addEventListener("click", () => store.set("wish", { model: row.name }));
      cell.append(open);
    } else cell.append(make("strong", "", row.short));
    const elsewhere = row.trained && row.data !== ownData();
    const twin = rows.some((one) => one !== row && one.short === row.short && one.data === row.data);
    const below = elsewhere ? `on ${answers.dataset(row)}` : twin ? row.name : row.gist;
    cell.append(
      make("span", `below${elsewhere ? " elsewhere" : ""}`, row.trained ? below : `${row.gist}; no weights here`),
    );
    return cell;
  }

  function trainedOn(row) {
    const cell = make("span", "", row.trained ? answers.dataset(row) : none);
    if (!row.trained) return cell;
    const [pictures, epochs] = [
      row.n_train === null ? "?" : format.compact(row.n_train),
      row.epochs === null ? "?" : format.significant(row.epochs),
    ];
    cell.append(make("span", "below", `${pictures} × ${epochs}`));
    cell.title = `${row.n_train === null ? "unknown" : format.count(row.n_train)} training pictures, ${epochs} epochs${row.teacher ? `, taught by ${row.teacher}` : ""}`;
    return cell;
  }

  const COLUMNS = [
    { key: "title", title: "Network", text: true, rises: true, value: (row) => row.title + row.name, cell: named },
    {
      key: "test_accuracy",
      title: "right in tests",
      note: "share of its test pictures that it names rightly",
      value: (row) => (row.data === ownData() ? row.test_accuracy : null), // others do not compare, and stand last
      cell: (row) =>
        row.test_accuracy === null
          ? none
          : titled(format.percent(row.test_accuracy), `of ${format.count(row.n_test || 0)} test pictures`, apart(row)),
    },
    {
      key: "multiply_adds",
      title: "multiply-adds a picture",
      note: "the computing that one picture costs, counted",
      value: (row) => row.multiply_adds,
      cell: (row) => titled(format.short(row.multiply_adds), format.count(row.multiply_adds)),
    },
    {
      key: "doubled",
      title: "cost at twice the side",
      note: "how many times the multiply-adds of a picture twice as wide and high, counted on the same network built for it",
      value: (row) => row.doubled,
      cell: (row) =>
        row.doubled === null
          ? titled("…", "is being counted")
          : titled(`× ${row.doubled.toFixed(2)}`, `${format.count(row.twice)} at ${2 * row.side} px`),
    },
    {
      key: "parameters",
      title: "weights",
      note: "numbers that were learned",
      value: (row) => row.parameters,
      cell: (row) => titled(format.short(row.parameters), format.count(row.parameters)),
    },
    {
      key: "law",
      folded: true,
      title: "attention scores",
      note: "attention scores of a layer and head on N tokens",
      text: true,
      rises: true,
      value: (row) => row.law,
      cell: (row) =>
        row.law
          ? titled(row.law, `N = ${row.tokens} tokens in the first layer at ${row.side} px`)
          : titled(none, "no attention"),
    },
    {
      key: "latency",
      folded: true,
      title: "time a picture",
      note: "latency, measured here",
      rises: true,
      value: latency,
      cell: (row) =>
        latency(row) === null ? none : titled(format.milliseconds(latency(row)), quartiles(timesOf(row).latency)),
    },
    {
      key: "speed",
      folded: true,
      title: "pictures a second",
      note: "throughput in batches of 64, measured here",
      value: speed,
      cell: (row) =>
        speed(row) === null ? none : titled(format.count(speed(row)), quartiles(timesOf(row).throughput)),
    },
    {
      key: "data",
      folded: true,
      title: "trained on",
      note: "training pictures × epochs",
      text: true,
      rises: true,
      value: (row) => row.data,
      cell: trainedOn,
    },
  ];
  const table = sort.sortable($("table"), COLUMNS, {
    start: ["test_accuracy", "descending"],
    id: ({ name }) => name,
    hover: light,
    all: $(".all"),
    turned: () => plot(),
  });

  function light(id) {
    table.light(id);
    comparePlot.light($("svg"), id);
  }

  // ---- the plot --------------------------------------------------------------------------------------------------
  /** Only models of the data of the page's model are plotted. */
  function plot() {
    const data = ownData();
    const cost = axis === "latency" ? latency : (row) => row[axis];
    const tested = rows.filter((row) => row.test_accuracy !== null && row.data === data);
    const points = tested.filter((row) => cost(row) !== null);
    const { label, unit } = AXES[axis];
    const n = [...new Set(tested.map((row) => row.n_test))];
    comparePlot.draw($("svg"), {
      points: points.map((row) => ({
        id: row.name,
        name: row.short,
        x: cost(row),
        y: 100 * row.test_accuracy,
        words: `${row.name}: ${format.percent(row.test_accuracy)} for ${unit(cost(row))} ${axis === "latency" ? "a picture" : axis === "parameters" ? "weights" : "multiply-adds"}`,
      })),
      label,
      unit,
      height: store.get("stage") ? ON_STAGE : HEIGHT,
      hover: light,
      empty: axis === "latency" ? "not measured yet: press “Measure here”" : "no model with a test accuracy",
    });
    $(".finding").textContent = words.finding(tested) || "The networks of this app";
    const others = rows.filter((row) => row.test_accuracy !== null && row.data !== data).map(({ name }) => name);
    const which = tested.length
      ? `${n.length === 1 && n[0] ? format.count(n[0]) : "The"} test pictures of ${answers.dataset(tested[0])}.`
      : "";
    $(".note").textContent = `${which}${others.length ? ` Left out, other pictures: ${others.join(", ")}.` : ""}`;
  }

  function turn(next) {
    axis = next;
    for (const button of root.querySelectorAll("[data-axis]"))
      button.setAttribute("aria-pressed", String(button.dataset.axis === axis));
  }

  inLink(
    root,
    {
      cost: setting(
        oneOf(...Object.keys(AXES)),
        () => axis,
        (value) => turn(value || "multiply_adds"),
        "multiply_adds",
      ),
      sort: table.linked,
      columns: table.unfolding,
    },
    () => plot(),
  );
  for (const button of root.querySelectorAll("[data-axis]")) {
    button.addEventListener("click", () => {
      turn(button.dataset.axis);
      plot();
    });
  }

  // ---- measuring -------------------------------------------------------------------------------------------------
  function told() {
    const { running, result, problem } = measuring.now();
    measuring.show(({ name, batch }) =>
      name ? `; now ${name}, ${batch === 1 ? "one picture" : `${batch} pictures`}` : "",
    );
    if (!running && problem) $(".told").textContent = problem;
    $(".where").textContent = result
      ? `Measured ${new Date(result.date).toLocaleString()} on ${result.machine}, torch ${result.torch}${result.complete ? "" : "; stopped before its end"}: in turns, warmed up, medians. Hold the pointer on a time for its quartiles.`
      : "Latency and throughput are measured on this server when you press the button: all networks in turns, warmed up, medians.";
  }

  const measuring = makeMeasuring(root, server, {
    name: "compare-table",
    calls: { start: "measure_models", look: "models_measured", stop: "stop_models" },
    asks: () => ({}),
    first: { running: null, result: null, problem: null },
    took(before) {
      told();
      if (JSON.stringify(measuring.now().result) === JSON.stringify(before.result)) return;
      table.put(rows);
      plot();
    },
  });
  $(".start").addEventListener("click", () => table.unfold(true)); // the columns of the times
  saveMenu($(".vx-panel"), server, () => ({ data: ownData() }), { csv: "every network, one a row" });

  // ---- rows ------------------------------------------------------------------------------------------------------
  async function load(models) {
    asked = models;
    for (const grown of [false, true]) {
      const answer = await ask({ grown });
      if (!answer) {
        if (asked === models && !rows.length) asked = "";
        return;
      }
      rows = answer.rows;
      table.put(rows);
      plot();
    }
  }

  function draw(/** @type {import("../state").State} */ { catalogue }) {
    if (!catalogue) return;
    const models = JSON.stringify(catalogue.models);
    if (models !== asked) {
      told();
      load(models);
      measuring.follow();
    } else {
      table.put(rows);
      plot();
    }
  }

  offer(root, server, TABLE);
  return { topics: ["catalogue", "model"], draw };
});
