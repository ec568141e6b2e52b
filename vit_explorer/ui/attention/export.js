/* Saves what the view above it shows, with its settings: the heads, or the rollout. */
vx.widget("attention-export", (root, server) => {
  const A = vxAttention;
  const which = root.querySelector(".which");
  const buttons = [...root.querySelectorAll("[data-format]")];
  const ofRollout = root.closest("#attention-rollout-export") !== null;
  if (!ofRollout) root.querySelector("[data-format=gif]").hidden = true;
  const arrays = "attention (layers, heads, N, N) float32, grid, n_prefix, query";
  root.querySelector("[data-format=npz]").title = `numpy arrays: ${ofRollout ? "rollout (steps, N, N), rollout_answer, its options, " : ""}${arrays}`;

  /** What the server needs to draw the same as the page. */
  function settings(state) {
    if (!ofRollout) return { ...A.named(state), token: A.query(state), ...A.chosen(state) };
    const { row, scale } = vxRollout.options(state);
    return { ...vxRollout.request(state), row, scale };
  }

  async function save(button) {
    const state = A.now();
    if (!A.view(state)) return;
    for (const other of buttons) other.disabled = true;
    const channel = `attention-export ${ofRollout}`;
    const file = await vx.call(channel, server, "export", { ...settings(state), format: button.dataset.format });
    for (const other of buttons) other.disabled = false;
    button.focus();
    if (file) vx.save(file.filename, file.mime, file.data);
  }

  for (const button of buttons) button.addEventListener("click", () => save(button));

  function draw(state) {
    const seen = A.view(state);
    root.querySelector(".vx-panel").hidden = !seen;
    if (!seen) return;
    which.textContent = ofRollout
      ? "Keep it: both rows as a figure with its settings, the arrays, or the steps as an animation."
      : "Keep it: every head for this query as a figure with its settings, or all weights as arrays.";
  }
  return { topics: ["model", "trace"], draw };
});
