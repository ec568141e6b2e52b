/* What the pyramid draws: the stages of this Swin or the published ones, a plain ViT, and who is merged into whom. */
/** @typedef {{title: string, note: string, stages: {grid: number[], dModel: number, multiplyAdds: number, scale: number}[], plain: Plain | null}} Hierarchy */
/** @typedef {{title: string, grid: number[], dModel: number, layers: number, multiplyAdds: number | null}} Plain */

// Swin-T at 224 x 224: Liu et al. 2021, table 7. ViT-S/16 there: DeiT-S of Touvron et al. 2021, table 1.
const SWIN_T = { patch: 4, window: 7, dModel: 96, depths: [2, 2, 6, 2], size: 224 };
const VIT_S = { patch: 16, dModel: 384, layers: 12, prefix: 1 };
const MLP = 4; // width of an MLP over that of its block, in both
const RGB = 3;

/** Multiply-adds of Swin-T's stages by formula, each with the embedding or merging that it begins with. */
function swinT() {
  const { patch, window, dModel, depths, size } = SWIN_T;
  return depths.map((depth, index) => {
    const side = size / patch / 2 ** index;
    const [n, c] = [side ** 2, dModel * 2 ** index];
    const begins = index ? n * 2 * c * c : n * RGB * patch ** 2 * c; // merging: 4 (c / 2) numbers to c for each token
    const block = (4 + 2 * MLP) * n * c * c + 2 * window ** 2 * n * c; // projections and MLP; Q K^T and weights times V
    return { grid: [side, side], dModel: c, multiplyAdds: begins + depth * block, scale: 2 ** index };
  });
}

/** @returns {Plain} */
function vitS() {
  const { patch, dModel, layers, prefix } = VIT_S;
  const side = SWIN_T.size / patch;
  const n = side ** 2 + prefix;
  const layer = (4 + 2 * MLP) * n * dModel ** 2 + 2 * n ** 2 * dModel;
  return {
    title: "ViT-S/16",
    grid: [side, side],
    dModel,
    layers,
    multiplyAdds: side ** 2 * RGB * patch ** 2 * dModel + layers * layer,
  };
}

/** The ViT that stands in the frame, or else the zoo's; null where neither is known. @returns {Plain | null} */
function plain({ model, trace }, seen) {
  if (model && model.n_layers && trace && trace.model === model.name) {
    return {
      title: model.name,
      grid: trace.grid,
      dModel: model.d_model,
      layers: model.n_layers,
      multiplyAdds: model.multiply_adds,
    };
  }
  return seen.vit ? { title: "Plain ViT", multiplyAdds: null, ...seen.vit } : null;
}

/** @param {"own" | "published"} which @returns {Hierarchy} */
export function of(which, state, seen) {
  if (which === "own") {
    const { stages } = seen;
    return {
      title: seen.model,
      stages,
      plain: plain(state, seen),
      note: "Counted for this network at this map; embedding and merging belong to the stage that they begin.",
    };
  }
  const note =
    "Published sizes (Liu et al. 2021, table 7; ViT-S/16: Touvron et al. 2021). Multiply-adds by formula: 12 N C² + 2 w² N C a block (ViT: 12 N C² + 2 N² C), embedding and merging added.";
  return { title: "Swin-T at 224 × 224", stages: swinT(), plain: vitS(), note };
}

/**
 * The tokens of each stage that belong to one token: what it was made of below, what it is merged into above.
 * @returns {number[][]} per stage [first row, first column, row after the last, column after the last]
 */
export function family(stages, stage, token) {
  const [row, col] = [Math.floor(token / stages[stage].grid[1]), token % stages[stage].grid[1]];
  return stages.map(({ grid, scale }) => {
    const times = stages[stage].scale / scale; // tokens of this map along the pointed one
    const from = [row, col].map((at) => Math.floor(at * times));
    const to = from.map((at, axis) => Math.min(grid[axis], Math.max(at + 1, at + times)));
    return [...from, ...to];
  });
}
