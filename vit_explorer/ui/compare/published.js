/* Published ImageNet figures: a table and a plot of their own, each line with all that must agree before it compares. */
import { make } from "../core/elements.js";
import * as format from "../core/format.js";
import { inLink } from "../core/link.js";
import { saveScreen } from "../core/screen.js";
import { ask } from "../core/server.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import * as comparePlot from "./plot.js";
import * as sort from "./sort.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const [HEIGHT, ON_STAGE] = [360, 330]; // CSS pixels of the plot
  let answer = null;
  let asked = false;

  const idOf = (row) => `${row.name} ${row.resolution} ${row.pretraining} ${row.recipe} ${row.top1}`;

  function told(main, below) {
    const cell = make("span", "", main);
    if (below) cell.append(make("span", "below", below));
    return cell;
  }

  const COLUMNS = [
    { key: "name", title: "Network", text: true, rises: true, value: (row) => row.name, cell: (row) => row.name },
    {
      key: "top1",
      title: "right",
      note: "top-1 on the 50,000 validation pictures of ImageNet-1k",
      value: (row) => row.top1,
      cell: (row) => format.percent(row.top1),
    },
    {
      key: "resolution",
      title: "side, px",
      note: "side of the picture when it was tested",
      value: (row) => row.resolution,
      cell: (row) => String(row.resolution),
    },
    {
      key: "pretraining",
      title: "what it was trained on",
      text: true,
      rises: true,
      value: (row) => row.pretraining,
      cell: (row) => told(row.pretraining, row.recipe),
    },
    {
      key: "parameters",
      folded: true,
      title: "weights",
      value: (row) => row.parameters,
      cell: (row) => format.short(row.parameters),
    },
    {
      key: "multiply_adds",
      folded: true,
      title: "multiply-adds",
      value: (row) => row.multiply_adds,
      cell: (row) => format.short(row.multiply_adds),
    },
    {
      key: "source",
      folded: true,
      title: "source",
      text: true,
      rises: true,
      value: (row) => row.source,
      cell: (row) => row.source.replace(", weights ", ", "),
    },
  ];
  const table = sort.sortable($("table"), COLUMNS, {
    start: ["top1", "descending"],
    id: idOf,
    hover: light,
    all: $(".all"),
    turned: () => answer && plot(),
  });

  inLink(root, { published: table.linked, publishedColumns: table.unfolding });

  function light(id) {
    table.light(id);
    comparePlot.light($("svg"), id);
  }

  function plot() {
    comparePlot.draw($("svg"), {
      points: answer.rows.map((row) => ({
        id: idOf(row),
        name: row.name,
        x: row.multiply_adds,
        y: 100 * row.top1,
        hollow: row.pretraining !== "none",
        words: `${row.name} at ${row.resolution} px, pre-training: ${row.pretraining}: ${format.percent(row.top1)} for ${format.short(row.multiply_adds)} multiply-adds`,
      })),
      label: "multiply-adds a picture, log",
      unit: format.compact,
      height: store.get("stage") ? ON_STAGE : HEIGHT,
      hover: light,
      empty: "",
    });
  }

  async function load() {
    asked = true;
    answer = await ask(server, "published");
    asked = Boolean(answer);
    if (!answer) return;
    table.put(answer.rows);
    const end = answer.mixing.indexOf(". ") + 1; // the finding is its first sentence
    $(".mixing").replaceChildren(
      make("strong", "", answer.mixing.slice(0, end)),
      make("span", "", answer.mixing.slice(end)),
    );
    plot();
  }

  function draw() {
    if (answer) plot();
    else if (!asked) load();
  }
  saveScreen($(".vx-panel"), () => ["published"]);

  return { topics: [], draw };
});
