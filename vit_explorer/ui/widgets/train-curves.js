/* The curves of a race: training thin, test thick with points; a pointer tells all values at its place. */
vx.widget("train-curves", (root) => {
  const $ = (selector) => root.querySelector(selector);
  const { endOfX, endOfY, labels, nearest, place, PLACE, spread, ticks } = vxTrainAxes;
  const W = vxTrainWords;
  const MARGIN = { left: 46, top: 8, bottom: 36 };
  const GLIDE = 350; // ms in which the axes come to another range
  const LABEL_STEP = 18; // px between two labels at line ends
  const choice = { what: "accuracy", axis: "epochs" };
  const range = { x: 1, y: 1 }; // as drawn now, on its way to the one wanted
  let size = { width: 0, height: 0 };
  let glide = null; // {from, to, began}
  let margin = 74; // px to the right of the axes, for the names of the lines
  let hover = null; // place along the axis of x
  let drawnRace = null;

  const plot = () => ({ left: MARGIN.left, right: size.width - margin, top: MARGIN.top, bottom: size.height - MARGIN.bottom });
  const races = () => [vxTrain.race(), ...vxTrain.compared()];
  const ink = (contender) => vx.ink(`--vx-run-${contender.index % 4}`);
  const X = (x, { left, right }) => left + ((right - left) * x) / range.x;
  const Y = (y, { top, bottom }) => bottom - (bottom - top) * Math.min(1.02, y / range.y);

  // ---- what is drawn ---------------------------------------------------------------------------------------------
  const trainOf = (one) => (choice.what === "accuracy" ? one.accuracy : one.loss);
  const along = (contender) => (one) => PLACE[choice.axis](one, contender);

  /** The points of a contender: of its training curve, and of its test curve (accuracies only). */
  const lines = (contender) => ({ train: contender.steps, test: choice.what === "accuracy" ? contender.tests : [] });

  function axes(context, area) {
    const { left, right, top, bottom } = area;
    const { title, write, unit } = labels(choice.axis, range.x);
    context.font = "13px system-ui, sans-serif";
    context.lineWidth = 1;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const y of ticks(range.y, 4)) {
      const at = Math.round(Y(y, area)) + 0.5;
      context.strokeStyle = vx.ink(y ? "--vx-faint" : "--vx-soft");
      line(context, left, at, right, at);
      context.fillStyle = vx.ink("--vx-soft");
      context.fillText(choice.what === "accuracy" ? `${Math.round(100 * y)} %` : String(Number(y.toPrecision(3))), left - 7, at);
    }
    context.textBaseline = "top";
    context.textAlign = "center";
    for (const x of ticks(range.x, size.width < 560 ? 4 : 8, unit)) {
      const at = Math.round(X(x, area)) + 0.5;
      context.strokeStyle = vx.ink("--vx-soft");
      line(context, at, bottom, at, bottom + 4);
      context.fillText(write(x), at, bottom + 6);
    }
    context.fillText(title, (left + right) / 2, bottom + 21);
    chance(context, area);
  }

  /** What guessing would give, where all contenders know the same number of classes. */
  function chance(context, area) {
    const { classes } = vxTrain.race();
    if (choice.what !== "accuracy" || !classes) return;
    const n = classes.length;
    const at = Math.round(Y(1 / n, area)) + 0.5;
    context.strokeStyle = vx.ink("--vx-soft");
    context.setLineDash([2, 4]);
    line(context, area.left, at, area.right, at);
    context.setLineDash([]);
    context.textAlign = "right";
    context.textBaseline = "bottom";
    context.fillText(`guessing ${W.share(1 / n, 0)}`, area.right - 2, at - 1);
  }

  function line(context, x1, y1, x2, y2) {
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
    context.stroke();
  }

  function path(context, points, x, y, area) {
    context.beginPath();
    for (const point of points) context.lineTo(X(x(point), area), Y(y(point), area));
    context.stroke();
  }

  /** A point of a test curve: each contender has its own shape, for eyes that do not see its colour. */
  function point(context, shape, x, y, r) {
    context.beginPath();
    if (shape === 0) context.arc(x, y, r, 0, 2 * Math.PI);
    else if (shape === 1) context.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r);
    else {
      const corners = shape === 2 ? [[0, -1.2], [1.1, 0.8], [-1.1, 0.8]] : [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]];
      for (const [dx, dy] of corners) context.lineTo(x + r * dx, y + r * dy);
      context.closePath();
    }
    context.fill();
    context.stroke();
  }

  function curve(context, area, contender, dashed) {
    if (!contender.info) return;
    const { train, test } = lines(contender);
    const x = along(contender);
    context.strokeStyle = context.fillStyle = ink(contender);
    context.lineJoin = "round";
    context.setLineDash(dashed ? [7, 5] : []);
    context.globalAlpha = test.length || dashed ? 0.55 : 1;
    context.lineWidth = choice.what === "loss" && !dashed ? 2 : 1.3;
    if (!dashed || choice.what === "loss") path(context, train, x, trainOf, area);
    context.globalAlpha = dashed ? 0.75 : 1;
    context.lineWidth = dashed ? 2 : 3;
    path(context, test, x, (one) => one.accuracy, area);
    context.setLineDash([]);
    context.globalAlpha = 1;
    if (dashed) return;
    context.strokeStyle = vx.ink("--vx-panel");
    context.lineWidth = 1.5;
    const near = []; // points that would lie on one another are left out, but never the last
    for (const one of test) {
      const at = [X(x(one), area), Y(one.accuracy, area)];
      if (one === test.at(-1) || near.every(([nx, ny]) => Math.hypot(nx - at[0], ny - at[1]) > 9)) near.push(at);
    }
    for (const [px, py] of near) point(context, contender.index % 4, px, py, 4.2);
  }

  /** Names and values at the ends of the lines, moved apart where they would cover each other. */
  function names(context, area) {
    const narrow = size.width < 560;
    const ends = [];
    races().forEach((race, nth) => {
      for (const contender of race.contenders) {
        if (!contender.info) continue;
        const { train, test } = lines(contender);
        const last = (test.length ? test : train).at(-1);
        if (!last) continue;
        const value = test.length ? last.accuracy : trainOf(last);
        const number = choice.what === "accuracy" ? W.share(value) : value.toFixed(2);
        ends.push({ contender, nth, name: nameOf(contender.label, race, nth), number, x: X(along(contender)(last), area) + 9, y: Y(value, area) });
      }
    });
    ends.sort((a, b) => a.y - b.y);
    const places = spread(ends.map(({ y }) => y), LABEL_STEP, area.top + 6, area.bottom - 4);
    ends.forEach((end, i) => (end.y = places[i]));
    context.textBaseline = "middle";
    context.textAlign = "left";
    for (const { contender, nth, name, number, x, y } of ends) {
      const room = size.width - x - 2;
      context.fillStyle = ink(contender);
      context.font = `${nth ? "" : "650 "}${narrow ? 12 : 14}px system-ui, sans-serif`;
      const words = narrow ? number : shorten(context, name, number, room);
      context.lineWidth = 4;
      context.lineJoin = "round";
      context.strokeStyle = vx.ink("--vx-panel");
      context.strokeText(words, x, y); // a rim that keeps it legible on lines
      context.fillText(words, x, y);
    }
  }

  /** Room for the longest name, within limits; on a phone there are only numbers. */
  function makeRoom() {
    if (size.width < 560) return 74;
    const context = $(".chart").getContext("2d");
    context.font = "650 14px system-ui, sans-serif";
    const widths = races().flatMap((race, nth) => race.contenders.map(({ label }) => context.measureText(`${nameOf(label, race, nth)} 00.0 %`).width));
    return Math.round(Math.max(100, Math.min(0.24 * size.width, Math.max(0, ...widths) + 16)));
  }

  const nameOf = (label, race, nth) => (nth ? `${label} · ${race.title}` : label);

  function shorten(context, name, number, room) {
    if (context.measureText(`${name} ${number}`).width <= room) return `${name} ${number}`;
    let kept = name;
    while (kept.length > 2 && context.measureText(`${kept}… ${number}`).width > room) kept = kept.slice(0, -1);
    return kept.length > 2 ? `${kept}… ${number}` : number;
  }

  function chart() {
    const race = vxTrain.race();
    if (!race || !size.width) return;
    const area = plot();
    const context = vx.canvas($(".chart"), size.width, size.height);
    axes(context, area);
    context.save();
    context.beginPath();
    context.rect(area.left - 6, 0, area.right - area.left + 12, area.bottom + 6);
    context.clip();
    for (const other of vxTrain.compared()) for (const contender of other.contenders) curve(context, area, contender, true);
    for (const contender of race.contenders) curve(context, area, contender, false);
    context.restore();
    names(context, area);
  }

  // ---- axes that move ----------------------------------------------------------------------------------------------
  function aim() {
    const to = { x: endOfX(races(), choice.axis), y: endOfY(races(), choice.what) };
    const key = `${vxTrain.race().name} ${choice.what} ${choice.axis}`;
    const same = drawnRace === key;
    drawnRace = key;
    if (!same || vx.calm()) {
      glide = null;
      Object.assign(range, to);
    } else if (glide ? glide.to.x !== to.x || glide.to.y !== to.y : range.x !== to.x || range.y !== to.y) {
      const running = glide !== null;
      glide = { from: { ...range }, to, began: performance.now() };
      if (!running) requestAnimationFrame(step);
    }
  }

  function step(now) {
    if (!glide) return;
    const t = Math.max(0, Math.min(1, (now - glide.began) / GLIDE));
    const eased = t * t * (3 - 2 * t);
    for (const one of ["x", "y"]) range[one] = glide.from[one] + (glide.to[one] - glide.from[one]) * eased;
    if (t === 1) glide = null;
    else requestAnimationFrame(step);
    chart();
    marks();
  }

  // ---- what the pointer and the scrubber mark ------------------------------------------------------------------------
  /** How far the curves reach: there is nothing to tell beyond. */
  const reached = () => Math.max(0, ...races().flatMap((race) => race.contenders.filter((one) => one.info).map((one) => along(one)(vxTrain.standing(one)))));

  /** The place nearest to the pointer at which something was measured, so that what is told holds for that place. */
  function snapped(x) {
    const inside = Math.max(0, Math.min(range.x, reached(), x));
    const places = races().flatMap((race) => race.contenders.filter((one) => one.info).map((one) => {
      const { train, test } = lines(one);
      const point = nearest(test.length ? test : train, inside, along(one));
      return point ? along(one)(point) : inside;
    }));
    return places.sort((a, b) => Math.abs(a - inside) - Math.abs(b - inside))[0] ?? inside;
  }

  /** All values at a place: of each contender the points of its curves that lie nearest, or its last ones. */
  function valuesAt(x) {
    const rows = [];
    races().forEach((race, nth) => {
      for (const contender of race.contenders) {
        if (!contender.info) continue;
        const at = along(contender);
        const { train, test } = lines(contender);
        const [seen, tested] = [nearest(train, x, at), nearest(test, x, at)];
        if (seen || tested) rows.push({ contender, nth, race, train: seen && trainOf(seen), test: tested && tested.accuracy, tested });
      }
    });
    return rows;
  }

  function marks() {
    if (!size.width || !vxTrain.race()) return;
    const area = plot();
    const context = vx.canvas($(".marks"), size.width, size.height);
    scrubbed(context, area);
    if (hover === null) return;
    const x = snapped(hover);
    context.strokeStyle = vx.ink("--vx-text");
    context.lineWidth = 1;
    const at = Math.round(X(x, area)) + 0.5;
    line(context, at, area.top, at, area.bottom);
    const rows = valuesAt(x);
    for (const { contender, nth, tested } of rows) {
      if (!tested || nth) continue;
      context.fillStyle = ink(contender);
      context.strokeStyle = vx.ink("--vx-text");
      context.lineWidth = 1.5;
      point(context, contender.index % 4, X(along(contender)(tested), area), Y(tested.accuracy, area), 5.5);
    }
    box(context, area, at, place(choice.axis, x), rows);
  }

  /** Where the cards stand: one line where all contenders are at the same place, else one each. */
  function scrubbed(context, area) {
    if (vx.get("raceAt") === null || vx.get("raceAt") === undefined) return;
    const seen = new Map();
    for (const contender of vxTrain.race().contenders) {
      const snapshot = vxTrain.snapshotAt(contender);
      if (snapshot && contender.info) seen.set(contender, X(along(contender)(snapshot), area));
    }
    const places = [...seen.values()];
    const one = Math.max(...places) - Math.min(...places) < 1.5;
    context.lineWidth = 2;
    for (const [contender, at] of seen) {
      context.strokeStyle = one ? vx.ink("--vx-accent") : ink(contender);
      line(context, at, area.top, at, area.bottom);
    }
  }

  function box(context, area, at, title, rows) {
    const loss = choice.what === "loss";
    const write = (value) => (value === null ? "–" : loss ? value.toFixed(3) : W.share(value));
    const columns = loss ? ["train"] : ["test", "train"];
    context.font = "600 13px system-ui, sans-serif";
    const nameWidth = Math.max(...rows.map(({ contender, nth }) => context.measureText(contender.label + (nth ? " (dashed)" : "")).width), context.measureText(title).width - columns.length * 62 + 8, 40);
    const width = nameWidth + 26 + 62 * columns.length + 8;
    const height = 26 + 19 * rows.length + 6;
    const x = at + 12 + width < size.width ? at + 12 : Math.max(2, at - 12 - width);
    const y = area.top + 2;
    context.fillStyle = vx.ink("--vx-panel");
    context.strokeStyle = vx.ink("--vx-line");
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(x + 0.5, y + 0.5, width, height, 8);
    context.fill();
    context.stroke();
    context.textBaseline = "middle";
    context.fillStyle = vx.ink("--vx-text");
    context.textAlign = "left";
    context.fillText(title, x + 10, y + 15);
    context.fillStyle = vx.ink("--vx-soft");
    context.textAlign = "right";
    columns.forEach((column, i) => context.fillText(column, x + width - 10 - 62 * (columns.length - 1 - i), y + 15));
    rows.forEach((row, i) => {
      const middle = y + 36 + 19 * i;
      context.fillStyle = context.strokeStyle = ink(row.contender);
      point(context, row.contender.index % 4, x + 15, middle, 4);
      context.textAlign = "left";
      context.font = "600 13px system-ui, sans-serif";
      context.fillText(row.contender.label + (row.nth ? " (dashed)" : ""), x + 26, middle);
      context.textAlign = "right";
      context.fillStyle = vx.ink("--vx-text");
      columns.forEach((column, k) => {
        context.font = `${column === "test" ? "600 " : ""}13px system-ui, sans-serif`;
        context.fillText(write(row[column]), x + width - 10 - 62 * (columns.length - 1 - k), middle);
      });
    });
  }

  // ---- input -------------------------------------------------------------------------------------------------------
  const canvas = $(".marks");
  canvas.addEventListener("pointermove", (event) => {
    const { left, right } = plot();
    const x = ((event.offsetX - left) / (right - left)) * range.x;
    hover = x < -0.02 * range.x || x > 1.05 * range.x ? null : x;
    marks();
  });
  canvas.addEventListener("pointerleave", () => {
    hover = null;
    marks();
  });
  canvas.addEventListener("blur", () => {
    hover = null;
    marks();
  });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined && event.key !== "Escape") return;
    event.preventDefault();
    hover = step === undefined ? null : neighbour(step);
    marks();
    if (hover === null) return;
    const loss = choice.what === "loss";
    const said = valuesAt(hover).map((row) => `${row.contender.label}: ${row.test === null ? "" : `test ${W.share(row.test)}, `}train ${row.train === null ? "–" : loss ? row.train.toFixed(2) : W.share(row.train)}`);
    $(".said").textContent = `${place(choice.axis, hover)}. ${said.join(". ")}`;
  });

  /** The next measured place to the left or right of the marked one; at first the last. */
  function neighbour(step) {
    const all = new Set(races().flatMap((race) => race.contenders.filter((one) => one.info).flatMap((one) => {
      const { train, test } = lines(one);
      return (test.length ? test : train).map(along(one));
    })));
    const places = [...all].sort((a, b) => a - b);
    if (hover === null) return places.at(-1) ?? null;
    const at = snapped(hover);
    const next = step > 0 ? places.find((one) => one > at) : places.findLast((one) => one < at);
    return next ?? at;
  }

  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-what], [data-axis]");
    if (!button) return;
    Object.assign(choice, button.dataset);
    hover = null;
    vx.set("raceAxis", choice.axis);
    draw();
  });

  // ---- everything ----------------------------------------------------------------------------------------------------
  /** How it stands, while there is no last word yet: what leads, and how far such counts can be trusted. */
  function standings(race) {
    const rows = race.contenders.filter((one) => one.tests.length).map((one) => [one.label, one.tests.at(-1).accuracy]);
    if (!rows.length) return { headline: "The first point is on its way.", detail: "" };
    rows.sort((a, b) => b[1] - a[1]);
    const counted = W.common(race.contenders.map((one) => one.info || {}), "n_measured");
    const detail = counted ? `So far, on ${vx.count(counted)} test pictures: counting alone moves each share by up to ${(50 / Math.sqrt(counted)).toFixed(1)} points.` : "So far.";
    return { headline: rows.map(([label, accuracy]) => `${label} ${W.share(accuracy)}`).join(", "), detail };
  }

  const write = (selector, text) => $(selector).textContent !== text && ($(selector).textContent = text);

  function draw() {
    const race = vxTrain.race();
    $(".curves").hidden = !race;
    if (!race) return;
    for (const button of root.querySelectorAll("[data-what]")) button.setAttribute("aria-pressed", String(button.dataset.what === choice.what));
    for (const button of root.querySelectorAll("[data-axis]")) button.setAttribute("aria-pressed", String(button.dataset.axis === choice.axis));
    const { headline, detail } = race.outcome || standings(race);
    write(".headline", headline);
    write(".detail", detail);
    write(".key", choice.what === "accuracy"
      ? "Thick: test pictures. Thin: training pictures, as they were learned from. Look for the gap: what was learned by heart."
      : "Loss on training pictures, mean of the last 50 batches. Look for curves that stop falling, or jump.");
    const box = $(".stack");
    size = { width: box.clientWidth, height: box.clientHeight };
    margin = makeRoom();
    aim();
    chart();
    marks();
    $(".chart").setAttribute("aria-label", `Curves of ${race.title}: ${headline}`);
  }

  vx.on("raceAt", () => marks());
  return { topics: ["race", "raceData", "comparing"], draw };
});
