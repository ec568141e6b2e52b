/* Questions to guess before the Patches tab shows the answers. */
import { ascending, nearest } from "../core/guess.js";
import * as format from "../core/format.js";

const TIMES = [2, 4, 8, 16, 64]; // offered as answers

/** @type {import("../core/guess.js").Question[]} */
export const QUESTIONS = [
  {
    id: "patch-values",
    ask: "How many numbers is one patch of {side} × {side} pixels in colour?",
    told: "{side} × {side} pixels with {channels} values each (red, green, blue) make {values} numbers. A learned matrix turns them into {width}: the token.",
    hides: [".vx-patches .numbers", ".vx-patch .stages", ".vx-patch .readout"],
    pose({ trace, model }) {
      if (!trace.patches)
        return { missing: `${model.name} has no matrix that makes a token of a patch: choose a ViT.` };
      const { size, values } = trace.patches;
      const patches = trace.grid[0] * trace.grid[1];
      return { words: { side: size }, options: ascending([size, size ** 2, values, model.d_model, patches]) };
    },
    check({ trace, model }, _, { options }) {
      const { size, values } = trace.patches;
      return {
        right: [options.indexOf(format.count(values))],
        words: { channels: values / size ** 2, values: format.count(values), width: format.count(model.d_model) },
      };
    },
  },
  {
    id: "half-the-patch",
    ask: "Cut into {side} × {side} pixels there are {patches} patches. Halve the side of a patch: how many times as many pairs does a layer compare?",
    told: "{tokens} tokens become {more}, and {pairs} pairs become {many}: {times}, because every token meets every other.",
    hides: [".vx-patches .numbers", ".vx-patches .controls", ".vx-patches .vx-look"],
    pose({ trace, model }) {
      const side = trace.size / trace.grid[0];
      if (!model.d_model || model.architecture.startsWith("swin"))
        return { missing: `In ${model.name} no token is compared with all others: choose a ViT.` };
      if (side % 2) return { missing: `A patch of ${side} pixels has no half.` };
      const patches = format.count(trace.grid[0] * trace.grid[1]);
      return { words: { side, patches }, options: TIMES.map((times) => `about ${times} ×`) };
    },
    check({ trace }) {
      const patches = trace.grid[0] * trace.grid[1];
      const [tokens, more] = [patches + trace.n_prefix, 4 * patches + trace.n_prefix];
      const times = (more / tokens) ** 2;
      return {
        right: [nearest(TIMES, times)],
        words: {
          tokens: format.count(tokens),
          more: format.count(more),
          pairs: format.count(tokens ** 2),
          many: format.count(more ** 2),
          times: format.times(times),
        },
      };
    },
  },
];
