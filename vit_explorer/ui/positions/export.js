/* Saves the matrix and the figure of the snapshot at the slider. */
vx.widget("positions-export", (root, server) => {
  const P = vxPositions;
  const which = root.querySelector(".which");
  const buttons = [...root.querySelectorAll("[data-format]")];

  async function save(button) {
    const state = P.now();
    if (!P.view(state)) return;
    for (const other of buttons) other.disabled = true;
    const request = { model: state.model.name, snapshot: P.snapshot(state), format: button.dataset.format };
    const file = await vx.call("positions-export", server, "export", request);
    for (const other of buttons) other.disabled = false;
    button.focus();
    if (file) vx.save(file.filename, file.mime, file.data);
  }

  for (const button of buttons) button.addEventListener("click", () => save(button));

  function draw(state) {
    if (!state.model) return;
    const seen = P.shown(root, state);
    if (!seen) return;
    which.textContent =
      `The ${seen.size} × ${seen.size} cosines of ${state.model.name} at ${P.epochName(seen.epochs[P.snapshot(state)])} ` +
      "as numbers, or matrix and maps as a figure with its scale and score.";
  }
  return { topics: ["model", "positionSnapshot"], draw };
});
