/* The hunger for data: the sweep's curves with points of one's own beside them, and what was expected of them. */
vx.widget("hunger", (root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const Plot = vxHungerPlot;
  const own = vxHungerOwn(root);
  const POINT = "Point at a point for its numbers.";
  const VERDICTS = new Map([[true, ["yes", "✓ agrees"]], [false, ["no", "✗ disagrees"]], [null, ["open", "? open"]]]);
  let payload = null;
  let asked; // the lobby for which the server was asked: a race has come or ended since the one before
  let points = [];
  let shown = null; // see vxHungerPlot.view
  let marked = null; // index in points

  // ---- the curves --------------------------------------------------------------------------------------------------
  function chart() {
    const [width, height] = [$(".stack").clientWidth, $(".stack").clientHeight];
    if (!width || !payload) return;
    const names = Plot.room($(".chart").getContext("2d"), payload.curves, width);
    shown = Plot.view({ width, height }, names, points);
    Plot.draw(vx.canvas($(".chart"), width, height), shown, payload, points);
    const ends = payload.curves.map(({ label, points: of }) => `${label} ${vxTrainWords.share(of.at(-1).mean)} on ${vx.count(of.at(-1).size)} pictures`);
    $(".chart").setAttribute("aria-label", ends.length ? `Accuracy over training pictures. ${ends.join(", ")}.` : "No curve yet.");
    marks();
  }

  function marks() {
    if (!shown) return;
    const context = vx.canvas($(".marks"), shown.width, shown.height);
    if (marked !== null) Plot.mark(context, shown, points[marked]);
    const words = marked === null ? (points.length ? POINT : "") : points[marked].words;
    if ($(".readout").textContent !== words) $(".readout").textContent = words;
  }

  function mark(index) {
    if (index === marked) return;
    marked = index;
    marks();
  }

  const canvas = $(".marks");
  canvas.addEventListener("pointermove", (event) => shown && mark(Plot.nearest(shown, points, event.offsetX, event.offsetY)));
  canvas.addEventListener("pointerdown", (event) => shown && mark(Plot.nearest(shown, points, event.offsetX, event.offsetY)));
  for (const kind of ["pointerleave", "blur"]) canvas.addEventListener(kind, (event) => event.pointerType !== "touch" && mark(null));
  canvas.addEventListener("keydown", (event) => {
    const arrow = event.key.startsWith("Arrow");
    if (!arrow && event.key !== "Escape") return;
    event.preventDefault();
    mark(arrow ? Plot.next(points, marked, event.key) : null);
  });

  // ---- expected and found --------------------------------------------------------------------------------------------
  /** A line of the list; its criterion stands there unless it is that of the line before. */
  function finding({ expected, criterion, found, agrees }, index) {
    const line = vx.make("li");
    const [style, words] = VERDICTS.get(agrees);
    const text = vx.make("span");
    text.append(vx.make("span", "expected", expected), ` ${found} `);
    const before = payload.expectations[index - 1];
    if (!before || before.criterion !== criterion) text.append(vx.make("span", "criterion", `(${criterion})`));
    line.append(vx.make("span", `verdict ${style}`, words), text);
    return line;
  }

  // ---- everything ----------------------------------------------------------------------------------------------------
  async function fetchAll() {
    const answer = await vx.call("hunger", server, "hunger", {});
    if (!answer) return;
    payload = answer;
    points = Plot.points(payload);
    marked = null;
    $(".told").textContent = payload.told || "";
    $(".settings").textContent = payload.settings;
    $(".made").textContent = payload.made || "";
    vx.fill($(".lines"), payload.expectations, finding);
    $(".shortage").textContent = payload.shortage || "";
    $(".shortage").hidden = !payload.shortage;
    for (const button of root.querySelectorAll("[data-format]")) button.disabled = points.length === 0;
    own.take(payload);
    chart();
  }

  vxExplain.files(root, "hunger-files", server, () => ({}));

  function draw({ lobby }) {
    if (asked !== lobby) {
      asked = lobby;
      fetchAll();
    }
    own.follow();
    chart();
  }

  const width = vxTrain.widthOf(root);
  vxTrain.watch(() => width() > 0);
  return { topics: ["lobby", "race", "raceNow"], draw };
});
