/* What all widgets draw with: packed arrays, colour tables, canvases, patches under the pointer, words for numbers. */
"use strict";

/** @typedef {{data: Float32Array | Uint8Array | Int8Array | Int16Array, shape: number[], scale: number, at: (...index: number[]) => number}} Packed */

Object.assign(window.vx, (() => {
  // ---- arrays ------------------------------------------------------------------------------------------------
  const ARRAYS = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array, int16: Int16Array };

  /**
   * Unpack what arrays.pack or pack_shares made. `at(i, j, ...)` is the value with its scale; `data` holds the stored
   * numbers, or the values themselves where logarithms were stored.
   */
  function decode(packed) {
    const bytes = Uint8Array.from(atob(packed.data), (c) => c.charCodeAt(0));
    const logs = packed.dtype === "log2";
    const data = logs ? powers(new Uint16Array(bytes.buffer), packed.scale) : new ARRAYS[packed.dtype](bytes.buffer);
    const { shape } = packed;
    const scale = logs ? 1 : packed.scale;
    const at = (...index) => {
      let flat = 0;
      for (let axis = 0; axis < shape.length; axis++) flat = flat * shape[axis] + index[axis];
      return data[flat] * scale;
    };
    return { data, shape, scale, at };
  }

  let table = new Float32Array(0); // 2 ** -(code * step) for every code; the step is the same for all payloads

  function powers(codes, step) {
    if (!table.length) table = Float32Array.from({ length: 65536 }, (_, code) => (code === 65535 ? 0 : 2 ** (-code * step)));
    return Float32Array.from(codes, (code) => table[code]);
  }

  // ---- colours -----------------------------------------------------------------------------------------------
  // Anchors of matplotlib's viridis and PuOr_r, evenly spaced; between them colours are interpolated linearly.
  const SEQUENTIAL =
    "440154 481a6c 472f7d 414487 39568c 31688e 2a788e 23888e 1f988b 22a884 35b779 54c568 7ad151 a5db36 d2e21b fde725";
  const DIVERGING =
    "2d004b 441469 5b3794 7963a4 978dbd b3abd2 cdc9e2 e4e3ef f7f6f6 faead7 fdd6a2 fdb863 ee9d3c d97f15 be630a 9c4d07 7f3b08";

  function lut(anchors) {
    const stops = anchors.split(" ").map((hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)));
    const table = new Uint8ClampedArray(256 * 3);
    for (let i = 0; i < 256; i++) {
      const place = (i / 255) * (stops.length - 1);
      const low = Math.min(Math.floor(place), stops.length - 2);
      for (let c = 0; c < 3; c++) {
        table[3 * i + c] = stops[low][c] + (place - low) * (stops[low + 1][c] - stops[low][c]);
      }
    }
    return table;
  }

  const sequential = lut(SEQUENTIAL);
  const diverging = lut(DIVERGING);

  /** CSS colour of a value on a table, `low`..`high` being its ends. */
  function colour(table, value, low, high) {
    const i = 3 * Math.max(0, Math.min(255, Math.round((255 * (value - low)) / (high - low || 1))));
    return `rgb(${table[i]},${table[i + 1]},${table[i + 2]})`;
  }

  /** Black or white, whichever reads better on a colour of a table. */
  function inkOn(table, value, low, high) {
    const i = 3 * Math.max(0, Math.min(255, Math.round((255 * (value - low)) / (high - low || 1))));
    return 0.299 * table[i] + 0.587 * table[i + 1] + 0.114 * table[i + 2] > 140 ? "#111" : "#fff";
  }

  // ---- canvases ----------------------------------------------------------------------------------------------
  /** Give a canvas its size in CSS pixels, sharp on any screen, and return a cleared context in those pixels. */
  function canvas(element, width, height) {
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (element.width !== w || element.height !== h) {
      element.width = w;
      element.height = h;
      element.style.width = `${width}px`;
      element.style.height = `${height}px`;
    }
    const context = element.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.imageSmoothingEnabled = false;
    return context;
  }

  /** A matrix as an image of one pixel per number, to be drawn at any size with smoothing off. */
  function matrixImage(values, rows, cols, table, low, high) {
    const image = document.createElement("canvas");
    image.width = cols;
    image.height = rows;
    const context = image.getContext("2d");
    const pixels = context.createImageData(cols, rows);
    const factor = 255 / (high - low || 1);
    for (let k = 0; k < rows * cols; k++) {
      const i = 3 * Math.max(0, Math.min(255, Math.round((values[k] - low) * factor)));
      pixels.data[4 * k] = table[i];
      pixels.data[4 * k + 1] = table[i + 1];
      pixels.data[4 * k + 2] = table[i + 2];
      pixels.data[4 * k + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
    return image;
  }

  /** RGB bytes (rows * cols * 3) as an image. */
  function rgbImage(bytes, rows, cols) {
    const image = document.createElement("canvas");
    image.width = cols;
    image.height = rows;
    const context = image.getContext("2d");
    const pixels = context.createImageData(cols, rows);
    for (let k = 0; k < rows * cols; k++) {
      pixels.data.set([bytes[3 * k], bytes[3 * k + 1], bytes[3 * k + 2], 255], 4 * k);
    }
    context.putImageData(pixels, 0, 0);
    return image;
  }

  /** Which cell of a canvas the pointer is in, [row, col], or null outside. */
  function cellAt(event, element, rows, cols) {
    const box = element.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const col = Math.floor(((event.clientX - box.left) / box.width) * cols);
    return row >= 0 && row < rows && col >= 0 && col < cols ? [row, col] : null;
  }

  /** Outline a rectangle so that it shows on any colour: the ink with a dark and a light rim. */
  function outline(context, x, y, width, height, ink, thickness = 2.5) {
    context.lineJoin = "round";
    context.strokeStyle = "rgba(0,0,0,.65)";
    context.lineWidth = thickness + 2.5;
    context.strokeRect(x, y, width, height);
    context.strokeStyle = "#fff";
    context.lineWidth = thickness + 1;
    context.strokeRect(x, y, width, height);
    context.strokeStyle = ink;
    context.lineWidth = thickness;
    context.strokeRect(x, y, width, height);
  }

  /**
   * Make a grid of patches answer to pointer and keys: hovering points, clicking pins, arrows move, Escape lets go.
   * `grid()` gives [rows, cols] of the patches, or null while there are none.
   */
  function patchInput(element, grid) {
    element.tabIndex = 0;
    const tokenAt = (event) => {
      const size = grid();
      const cell = size && cellAt(event, element, size[0], size[1]);
      return cell ? cell[0] * size[1] + cell[1] : null;
    };
    element.addEventListener("pointermove", (event) => vx.point(tokenAt(event)));
    element.addEventListener("pointerleave", () => vx.point(null));
    element.addEventListener("click", (event) => {
      const token = tokenAt(event);
      if (token !== null) vx.pin(token);
    });
    element.addEventListener("keydown", (event) => {
      const size = grid();
      if (!size || !moveToken(event.key, size)) return;
      event.preventDefault();
    });
  }

  const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  /** Move a mark by a key: the page's token, or `marked` by `choose`. Returns whether the key means anything here. */
  function moveToken(key, [rows, cols], marked = vx.get("token"), choose = vx.pin) {
    if (key === "Escape") choose(null);
    else if (!(key in MOVES)) return false;
    else {
      const from = marked === null || marked < 0 ? 0 : marked;
      const row = Math.max(0, Math.min(rows - 1, Math.floor(from / cols) + MOVES[key][0]));
      const col = Math.max(0, Math.min(cols - 1, (from % cols) + MOVES[key][1]));
      choose(row * cols + col);
    }
    return true;
  }

  // ---- words and numbers -------------------------------------------------------------------------------------
  const count = (n) => Math.round(n).toLocaleString("en-US");

  /** 1234567 -> "1.23 M", with the full number left to a title. */
  function short(n) {
    const units = [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e3, " k"]];
    for (const [size, unit] of units) if (n >= size) return (n / size).toPrecision(3) + unit;
    return String(Math.round(n * 100) / 100);
  }

  const percent = (p) => (p >= 0.9995 ? "> 99.9 %" : p < 0.001 ? "< 0.1 %" : `${(100 * p).toFixed(1)} %`);
  /** With its sign, but for what rounds to zero: "+0.31", "−0.31", "0.00". */
  const signed = (x, digits = 2) => {
    const text = Math.abs(x).toFixed(digits);
    return Number(text) === 0 ? text : (x < 0 ? "−" : "+") + text;
  };
  const milliseconds = (s) => (s < 1 ? `${(1000 * s).toFixed(1)} ms` : `${s.toFixed(2)} s`);

  /** The place in the sequence of a token of the page, with so many learned tokens in front of the patches; and back. */
  const tokenIndex = (token, nPrefix) => (token < 0 ? -token - 1 : token + nPrefix);
  const tokenAt = (index, nPrefix) => (index < nPrefix ? -index - 1 : index - nPrefix);

  const PREFIX_NAMES = ["CLS", "distillation"];
  /** What a token in front of the patches is called, by its place in the sequence; in short where room is little. */
  const prefixName = (index, short = false) => (short && index ? "DIST" : PREFIX_NAMES[index]);

  /** What a token is called: "CLS" or "patch 12 (row 1, column 4)". Rows and columns count from 0, as indices do. */
  function tokenName(token, grid) {
    if (token === null) return "no patch";
    return token < 0 ? prefixName(-token - 1) : `patch ${token} (row ${Math.floor(token / grid[1])}, column ${token % grid[1]})`;
  }

  /** Three significant digits of a share in percent: "12.3 %", "3.20 %", "0.0457 %". */
  function share(value) {
    if (value === 0) return "0 %";
    const percent = 100 * value;
    return `${percent >= 0.001 ? percent.toPrecision(3) : percent.toExponential(2)} %`;
  }

  /** "8 s", "1 min 20 s", "2 h 5 min" */
  function duration(seconds) {
    const s = Math.max(0, Math.round(seconds));
    if (s < 60) return `${s} s`;
    if (s < 600) return `${Math.floor(s / 60)} min ${s % 60} s`;
    if (s < 3600) return `${Math.round(s / 60)} min`;
    return `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`;
  }

  return {
    canvas, cellAt, colour, count, decode, diverging, duration, inkOn, matrixImage, milliseconds, moveToken, outline, patchInput,
    percent, prefixName, rgbImage, sequential, share, short, signed, tokenAt, tokenIndex, tokenName,
  };
})());
