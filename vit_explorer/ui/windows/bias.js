/* The relative position bias of a block: a map for each head, and the window of the marked token beside it. */
vx.widget("windows-bias", (root) => {
  const $ = (selector) => root.querySelector(selector);
  const [W, P, M, T] = [vxWindows, vxPairs, vxWindowMatrix, vxBiasTable];
  const TOKENS = 104; // px of the window
  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  let which = 1; // of the pair's blocks: 0 plain, 1 shifted
  let entry = null; // {head, down, along}: pointed at in a map; down and along from the key to the query, as in the table
  let drawn = null;

  // ---- what is pointed at ------------------------------------------------------------------------------------------
  /** What is pointed at: the entry, or the one of the pair that is pointed at elsewhere; and the place of its key. */
  function pointed(state, seen, block, at) {
    const token = P.keyOf(state, block.grid);
    if (entry) {
      const key = T.keyPlace(block, at.place, entry);
      if (token === null || (key !== null && P.tokenOf(block, at.window, key) === token)) return { entry, key };
      entry = null; // another pair is pointed at by now
    }
    const other = token === null ? null : P.placeOf(block, token);
    if (other === null || other.window !== at.window) return { entry: null, key: null };
    return { entry: T.entryOf(block, seen.head, at.place, other.place), key: other.place };
  }

  // ---- words -----------------------------------------------------------------------------------------------------
  const write = vx.beforeFrame((seen, block, at, now) => {
    if (!now.entry) {
      $(".entry").textContent = "Point at an entry of a map, or at a token of the query's window.";
      return;
    }
    const added = T.value(block, now.entry);
    const strong = (text) => vx.make("strong", "", text);
    $(".entry").replaceChildren(
      `Head ${now.entry.head + 1}, key ${T.direction(now.entry)}: `, strong(vx.signed(added)), " is added to the score, ",
      strong(`×${Math.exp(added).toFixed(2)}`), " before normalising. ",
      ...here(block, at, now.key),
    );
  });

  function here(block, { window, place: query }, key) {
    const token = key === null ? -1 : P.tokenOf(block, window, key);
    if (token < 0) return ["No token of this window lies there."];
    const name = vx.make("span", "key", P.where(token, block.grid));
    return P.meet(block, window, query, key) ? ["Here: ", name, "."] : ["Here: ", name, ", masked."];
  }

  // ---- pictures --------------------------------------------------------------------------------------------------
  function mark(state) {
    const seen = W.view(state);
    if (!seen || !drawn || drawn.seen !== seen) return;
    const { block, maps } = drawn;
    const query = W.token(state, block.grid);
    const at = P.placeOf(block, query);
    const now = pointed(state, seen, block, at);
    const context = vx.canvas($(".maps-marks"), maps.width, maps.height);
    const box = (head, { down, along }, size) => {
      const [x, y] = maps.corner(head);
      return [x + (block.window - 1 - along) * maps.cell, y + (block.window - 1 - down) * maps.cell, size * maps.cell, size * maps.cell];
    };
    const first = T.entryOf(block, 0, at.place, 0); // of the window's first place: its entries begin there
    for (let head = 0; head < block.heads; head++) {
      context.strokeStyle = drawn.text;
      context.lineWidth = 1.5;
      context.strokeRect(...box(head, first, block.window));
      vx.outline(context, ...box(head, { down: 0, along: 0 }, 1), drawn.query, 1.5);
      if (now.entry) vx.outline(context, ...box(head, now.entry, 1), drawn.key, head === now.entry.head ? 3 : 1.5);
    }
    markTokens(seen, block, at, now.key);
    write(seen, block, at, now);
  }

  function markTokens(seen, block, { window, place: query }, key) {
    const context = vx.canvas($(".tokens-marks"), TOKENS, TOKENS);
    const size = TOKENS / block.window;
    const corner = (place) => [(place % block.window) * size, Math.floor(place / block.window) * size];
    for (let place = 0; place < block.n; place++) {
      const token = P.tokenOf(block, window, place);
      const [x, y] = corner(place);
      if (token >= 0) M.tile(context, seen.image, block.grid, token, x, y, size, size);
      else {
        context.fillStyle = P.strokes(context, 6);
        context.fillRect(x, y, size, size);
      }
      if (token >= 0 && !P.meet(block, window, query, place)) vxWindowPaint.cross(context, x, y, size);
    }
    context.strokeStyle = drawn.line;
    context.lineWidth = 1;
    context.strokeRect(0.5, 0.5, TOKENS - 1, TOKENS - 1);
    vx.outline(context, ...corner(query), size, size, drawn.query, 2);
    if (key !== null && key !== query) vx.outline(context, ...corner(key), size, size, drawn.key, 2);
  }

  function draw(state) {
    const seen = W.view(state);
    $(".vx-panel").style.visibility = seen ? "" : "hidden"; // its height stays
    if (!seen) return;
    const pair = seen.pairs[seen.pair].blocks;
    const block = seen.blocks[pair[which]];
    const maps = T.place(block, $(".vx-panel").clientWidth > 760 ? T.ROOM : $(".every").clientWidth);
    if (entry && (entry.head >= block.heads || Math.max(Math.abs(entry.down), Math.abs(entry.along)) >= block.window)) entry = null;
    drawn = { seen, block, maps, query: vx.ink("--vx-query"), key: vx.ink("--vx-key"), text: vx.ink("--vx-text"), line: vx.ink("--vx-line") };
    const high = Math.max(1e-6, ...pair.map((index) => seen.blocks[index].bias.reduce((most, one) => Math.max(most, Math.abs(one)), 0)));
    drawMaps(block, maps, high);
    vx.canvas($(".tokens"), TOKENS, TOKENS);
    $(".title").textContent = `Position bias, block ${block.index + 1}.`;
    $(".low").textContent = vx.signed(-high);
    $(".high").textContent = vx.signed(high);
    $(".vx-segments").hidden = pair[0] === pair[1];
    $(".maps").setAttribute("aria-label", `Position bias of ${block.heads} heads from ${vx.signed(-high)} to ${vx.signed(high)}, one scale for both blocks of the pair`);
    $(".maps-marks").setAttribute("aria-label", "Entries of the position bias: arrow keys move from entry to entry and on to the next head, Escape lets go");
    for (const button of root.querySelectorAll("[data-which]")) button.setAttribute("aria-pressed", String(Number(button.dataset.which) === which));
  }

  function drawMaps(block, maps, high) {
    const context = vx.canvas($(".maps"), maps.width, maps.height);
    const n = maps.entries ** 2;
    context.font = "13px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (let head = 0; head < block.heads; head++) {
      const [x, y] = maps.corner(head);
      const seen = block.bias.slice(head * n, (head + 1) * n).reverse(); // as the query sees it: entries count from the key
      context.fillStyle = vx.ink("--vx-soft");
      context.fillText(`head ${head + 1}`, x, y - T.LABEL / 2, maps.map);
      context.drawImage(vx.matrixImage(seen, maps.entries, maps.entries, vx.diverging, -high, high), x, y, maps.map, maps.map);
      context.strokeStyle = vx.ink("--vx-line");
      context.strokeRect(x - 0.5, y - 0.5, maps.map + 1, maps.map + 1);
    }
  }

  // ---- input -----------------------------------------------------------------------------------------------------
  const live = () => Boolean(drawn) && W.view(W.now()) === drawn.seen;
  const marked = () => W.token(W.now(), drawn.block.grid);

  function choose(next, keep) {
    const { block } = drawn;
    const { window, place: query } = P.placeOf(block, marked());
    entry = next;
    const key = T.keyPlace(block, query, next);
    const token = key === null ? -1 : P.tokenOf(block, window, key);
    P.point(marked(), token < 0 ? null : token, block.grid, keep);
  }

  const leave = () => {
    entry = null;
    if (live()) P.leave();
  };

  const maps = $(".maps-marks");
  function entryAt(event) {
    const box = maps.getBoundingClientRect();
    return live() ? drawn.maps.at(event.clientX - box.left, event.clientY - box.top) : null;
  }
  maps.addEventListener("pointermove", (event) => {
    const next = entryAt(event);
    if (next) choose(next, false);
    else leave();
  });
  maps.addEventListener("pointerleave", leave);
  maps.addEventListener("click", (event) => {
    const next = entryAt(event);
    if (next) choose(next, true);
  });
  maps.addEventListener("keydown", (event) => {
    if (!live() || !(event.key in MOVES || event.key === "Escape")) return;
    event.preventDefault();
    entry = event.key === "Escape" ? null : entry;
    if (event.key === "Escape") return P.letGo();
    const { block } = drawn;
    const far = block.window - 1;
    const [row, col] = MOVES[event.key];
    const from = entry || { head: drawn.seen.head, down: 0, along: 0 };
    const head = from.head + (Math.abs(from.along - col) > far ? col : 0);
    if (head < 0 || head >= block.heads) return;
    choose({ head, down: Math.max(-far, Math.min(far, from.down - row)), along: head === from.head ? from.along - col : col * far }, false);
  });

  const tokens = $(".tokens-marks");
  function chooseKey(key, keep) {
    const { block } = drawn;
    entry = null;
    const token = P.tokenOf(block, P.placeOf(block, marked()).window, key);
    if (token >= 0) P.point(marked(), token, block.grid, keep);
  }
  const placeAt = (event) => {
    const cell = live() && vx.cellAt(event, tokens, drawn.block.window, drawn.block.window);
    return cell ? cell[0] * drawn.block.window + cell[1] : null;
  };
  tokens.addEventListener("pointermove", (event) => placeAt(event) !== null && chooseKey(placeAt(event), false));
  tokens.addEventListener("pointerleave", leave);
  tokens.addEventListener("click", (event) => placeAt(event) !== null && chooseKey(placeAt(event), true));
  tokens.addEventListener("keydown", (event) => {
    if (!live()) return;
    const { block } = drawn;
    const key = P.keyOf(W.now(), block.grid);
    const from = P.placeOf(block, key === null ? marked() : key).place;
    const step = (place) => (place === null ? P.letGo() : chooseKey(place, true));
    if (vx.moveToken(event.key, [block.window, block.window], from, step)) event.preventDefault();
  });

  for (const button of root.querySelectorAll("[data-which]")) {
    button.addEventListener("click", () => {
      which = Number(button.dataset.which);
      draw(W.now());
      mark(W.now());
    });
  }
  P.follow(() => mark(W.now()));

  return { topics: ["windows"], draw, mark };
});
