/* Shifted windows in eight steps, on the picture at hand: the tokens travel, the marked one says whom it can reach. */
vx.widget("windows-steps", (root) => {
  const $ = (selector) => root.querySelector(selector);
  const [W, S, P, T, R] = [vxWindows, vxWindowScene, vxWindowPaint, vxWindowWords, vxWindowReach];
  const PACE = 1600; // ms a step while they are played
  const ORIGINS = { wide: 118, narrow: 104 }; // px, the side of the small picture
  const CAME = [" stays", " from left", " from top", " corner"];
  const WHENCE = ["In the picture", "Its window", "Its window", "Its new window", "Its new window", "Its new window", "Its second window", "In the picture"];
  let step = 0; // kept when the picture or the model changes
  let scene = null; // see vxWindowScene.make
  let strip = null; // see vxWindowReach.prepare
  let places = null; // where all cells are drawn now
  let travel = null; // {legs, time, began, from, to} while they move
  let marked = null; // {token, within} of the marked token in this step
  let timer = 0; // while the steps are played

  const block = () => (step < 3 ? scene.plain : scene.shifted);

  // ---- the scene -------------------------------------------------------------------------------------------------
  /** @param {number} share of the travel's time that is over; 1 at rest */
  function paint(share) {
    const context = vx.canvas($(".scene"), scene.side, scene.side);
    const look = travel ? P.blend(travel.from, travel.to, share) : P.lookOf(S.STEPS[step]);
    const last = step === S.STEPS.length - 1 ? Math.max(0, 2 * share - 1) : 0; // what comes in with the last step
    context.globalAlpha = last;
    if (last && scene.pair.after === "merge") P.sheets(context, scene, places);
    if (last && scene.pair.after === "head") P.head(context, scene, places.ys[scene.n - 1] + places.sizes[scene.n - 1]);
    context.globalAlpha = 1;
    P.tokens(context, scene, places, look);
    paintMarks();
  }

  function paintMarks() {
    const context = vx.canvas($(".marks"), scene.side, scene.side);
    const { token, within } = marked;
    const { attend, open, kind } = S.STEPS[step];
    if (travel) return P.outline(context, places, token, scene.query);
    if (attend) P.attention(context, scene, places, block(), within, scene.limits[step < 3 ? 0 : 1]);
    if (open) P.frame(context, scene, places, block(), within.window);
    if (kind === "closed") P.arrow(context, S.unrolled(scene), places, token);
    if (attend) P.outline(context, places, within.tokens[within.shares.indexOf(Math.max(...within.shares))], vx.ink("--vx-key"));
    P.outline(context, places, token, scene.query);
  }

  function tick(time) {
    if (!travel) return;
    const share = Math.max(0, Math.min(1, (time - travel.began) / travel.time));
    if (share < 1 && root.offsetParent !== null) {
      places = S.between(travel, share);
      paint(share);
      requestAnimationFrame(tick);
    } else rest();
  }

  function rest() {
    travel = null;
    places = S.layout(scene, step);
    paint(1);
  }

  // ---- steps -----------------------------------------------------------------------------------------------------
  function go(next) {
    const before = step;
    step = Math.max(0, Math.min(S.STEPS.length - 1, next));
    if (!scene || step === before) return;
    const from = P.lookOf(S.STEPS[before]);
    const moving = travel !== null;
    travel = { ...S.path(scene, places, before, step), began: performance.now(), from, to: P.lookOf(S.STEPS[step]) };
    tell();
    mark(W.now());
    if (vx.calm()) rest();
    else if (!moving) requestAnimationFrame(tick);
  }

  function stop() {
    clearTimeout(timer);
    timer = 0;
    $(".play").setAttribute("aria-pressed", "false");
    $(".play").textContent = "Play";
  }

  function advance() {
    if (root.offsetParent === null || step === S.STEPS.length - 1) return stop();
    go(step + 1);
    timer = setTimeout(advance, PACE);
  }

  function play() {
    if (!scene) return;
    if (timer) return stop();
    $(".play").setAttribute("aria-pressed", "true");
    $(".play").textContent = "Pause";
    if (step < S.STEPS.length - 1) return advance();
    go(0);
    timer = setTimeout(advance, PACE);
  }

  function choose(next) {
    stop();
    go(next);
  }

  $(".play").addEventListener("click", play);
  $(".back").addEventListener("click", () => choose(step - 1));
  $(".forward").addEventListener("click", () => choose(step + 1));
  $(".control").addEventListener("keydown", (event) => {
    const next = { ArrowLeft: step - 1, ArrowRight: step + 1, Home: 0, End: S.STEPS.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
    if ($(".stepper").contains(document.activeElement)) $(".stepper").children[step].focus();
  });
  vx.fill($(".stepper"), S.STEPS, (_, k) => {
    const button = vx.make("button", "vx-button");
    button.type = "button";
    button.addEventListener("click", () => choose(k));
    return button;
  });

  /** What belongs to the step, whatever token is marked. */
  function tell() {
    const { title, what, look } = T.step(scene, step);
    $(".title").textContent = `${step + 1}. ${title}`;
    $(".vx-what").textContent = what;
    $(".vx-look").textContent = look;
    const names = T.names(scene.pair);
    [...$(".stepper").children].forEach((button, k) => {
      button.textContent = `${k + 1} ${names[k]}`;
      button.classList.toggle("done", k < step);
      if (k === step) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    $(".back").disabled = step === 0;
    $(".forward").disabled = step === S.STEPS.length - 1;
    const { attend, tint } = S.STEPS[step];
    $(".shares").hidden = !attend;
    $(".letters").hidden = tint === "none";
    $(".of").textContent = `Share, head ${scene.seen.head + 1}:`;
    $(".high").textContent = vx.percent(scene.limits[step < 3 ? 0 : 1]);
    $(".crossed").hidden = step < 3 || !scene.shifted.masked;
    $("figcaption").textContent = WHENCE[step];
  }

  function listLetters() {
    const present = [...new Set(scene.regions)].filter((region) => region >= 0).sort();
    const items = [...present, ...(scene.count > scene.n ? [-1] : [])];
    vx.fill($(".letters"), items, (region) => {
      const item = vx.make("span");
      const swatch = vx.make("i", region < 0 ? "hatched" : "");
      if (region > 0) swatch.style.background = P.tint(region);
      item.append(...(region === 0 ? [] : [swatch]), ...(region < 0 ? ["padding"] : [vx.make("strong", "", P.LETTERS[region]), CAME[region]]));
      return item;
    });
  }

  // ---- the marked token --------------------------------------------------------------------------------------------
  /** The last token of the last region: where a map is rolled, its window holds all of them. */
  const corner = () => scene.regions.lastIndexOf(Math.max(...scene.regions));

  $(".corner").addEventListener("click", () => W.pin(corner(), scene.plain.grid));

  const write = vx.beforeFrame((who, says, shares, crossed, plainWindow) => {
    $(".who").textContent = who;
    $(".corner").hidden = !plainWindow;
    $(".says").textContent = says;
    $(".marks").setAttribute("aria-label", `${$(".title").textContent}. ${who} ${says} ${crossed} Point at a token or use the arrow keys to mark it.`);
    $(".strip").setAttribute("aria-label", `Reach: ${shares.map(({ name, share }) => `${name} ${(100 * share).toFixed(1)} %`).join(", ")}`);
  });

  function mark(state) {
    if (!scene) return;
    const token = W.token(state, scene.plain.grid);
    const within = W.within(block(), scene.seen.head, token);
    marked = { token, within };
    if (!travel) paintMarks();
    R.origins($(".origins"), scene.small, scene, step, token, within);
    const shares = R.draw(strip, (grid) => W.token(state, grid));
    const forbidden = Array.from(within.tokens).filter((one, place) => one >= 0 && !within.allowed[place]);
    const crossed = S.STEPS[step].attend && forbidden.length ? `Crossed out: tokens ${forbidden.join(", ")}.` : "";
    const offered = step >= 3 && step <= 5 && scene.mixed > 0 && !forbidden.length;
    write(...T.marked(scene, step, token, within), shares, crossed, offered);
  }

  // ---- everything ------------------------------------------------------------------------------------------------
  function draw(state) {
    const seen = W.view(state);
    $(".vx-panel").classList.toggle("empty", !seen);
    if (!seen) {
      scene = null;
      return stop();
    }
    scene = S.make(seen, Math.floor($(".stack").clientWidth));
    const query = vx.ink("--vx-query");
    const small = matchMedia("(max-width: 760px)").matches ? ORIGINS.narrow : ORIGINS.wide;
    scene.mixed = T.mixed(scene.shifted); // windows
    Object.assign(scene, { query, small, limits: [scene.plain, scene.shifted].map((one) => W.limit(one, seen.head)) });
    strip = R.prepare($(".strip"), seen, Math.floor($(".right").clientWidth), scene.pair.blocks);
    strip.query = query;
    travel = null;
    listLetters();
    tell();
    marked = { token: W.token(state, scene.plain.grid) };
    marked.within = W.within(block(), seen.head, marked.token);
    rest();
    $(".scene").setAttribute("aria-label", "The tokens of the map, each drawn as its piece of the picture");
    $(".origins").setAttribute("aria-label", "Where the tokens of the window lie in the picture");
  }

  W.input($(".marks"), () => scene && scene.plain.grid, (event) => {
    const box = $(".marks").getBoundingClientRect();
    return S.tokenAt(scene, places, event.clientX - box.left, event.clientY - box.top);
  });

  return { topics: ["windows", "trace"], draw, mark };
});
