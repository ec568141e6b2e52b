/* Saves what the view above it shows, with its settings: the heads, or the rollout. */
import { saveFile } from "../core/files.js";
import { latest } from "../core/server.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import * as attention from "./data.js";
import * as rollout from "./rollout-data.js";

export default widget((root, server) => {
  const ask = latest(server, "export");
  const which = root.querySelector(".which");
  const buttons = [...root.querySelectorAll("[data-format]")];
  const ofRollout = root.closest("#attention-rollout-export") !== null;
  if (!ofRollout) root.querySelector("[data-format=gif]").hidden = true;
  const arrays = "attention (layers, heads, N, N) float32, grid, n_prefix, query";
  root.querySelector("[data-format=npz]").title =
    `numpy arrays: ${ofRollout ? "rollout (steps, N, N), rollout_answer, its options, " : ""}${arrays}`;

  /** What the server needs to draw the same as the page. */
  function settings(/** @type {import("../state").State} */ state) {
    if (!ofRollout) return { ...attention.named(state), token: attention.query(state), ...attention.chosen(state) };
    const { row, scale } = rollout.options(state);
    return { ...rollout.request(state), row, scale };
  }

  async function save(button) {
    const state = store.state;
    if (!attention.view(state)) return;
    for (const other of buttons) other.disabled = true;
    const file = await ask({ ...settings(state), format: button.dataset.format });
    for (const other of buttons) other.disabled = false;
    button.focus();
    if (file) saveFile(file.filename, file.mime, file.data);
  }

  for (const button of buttons) button.addEventListener("click", () => save(button));

  function draw(/** @type {import("../state").State} */ state) {
    const seen = attention.view(state);
    root.querySelector(".vx-panel").hidden = !seen;
    if (!seen) return;
    which.textContent = ofRollout
      ? "Keep it: both rows as a figure with its settings, the arrays, or the steps as an animation."
      : "Keep it: every head for this query as a figure with its settings, or all weights as arrays.";
  }
  return { topics: ["model", "trace"], draw };
});
