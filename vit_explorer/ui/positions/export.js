/* Saves the matrix and the figure of the snapshot at the slider. */
import { saveFile } from "../core/files.js";
import { latest } from "../core/server.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import * as positions from "./data.js";

export default widget((root, server) => {
  const ask = latest(server, "export");
  const which = root.querySelector(".which");
  const buttons = [...root.querySelectorAll("[data-format]")];

  async function save(button) {
    const state = store.state;
    if (!positions.view(state)) return;
    for (const other of buttons) other.disabled = true;
    const request = { model: state.model.name, snapshot: positions.snapshot(state), format: button.dataset.format };
    const file = await ask(request);
    for (const other of buttons) other.disabled = false;
    button.focus();
    if (file) saveFile(file.filename, file.mime, file.data);
  }

  for (const button of buttons) button.addEventListener("click", () => save(button));

  function draw(/** @type {import("../state").State} */ state) {
    if (!state.model) return;
    const seen = positions.shown(root, state);
    if (!seen) return;
    which.textContent =
      `The ${seen.size} × ${seen.size} cosines of ${state.model.name} (${positions.epochName(seen.epochs[positions.snapshot(state)])}) ` +
      "as numbers, or matrix and maps as a figure with its scale and score.";
  }
  return { topics: ["model", "positionSnapshot"], draw };
});
