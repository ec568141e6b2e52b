/* Questions to guess before the Features tab shows the answers. */
import { decode } from "../core/arrays.js";
import * as format from "../core/format.js";
import { leaders, pictureAndModel } from "../core/guess.js";
import { middleToken, tokenName } from "../core/tokens.js";
import * as views from "../core/views.js";
import * as data from "./data.js";

/** @type {import("../core/guess.js").Question[]} */
export const QUESTIONS = [
  {
    id: "alike-patch",
    subject: (state) => `${pictureAndModel(state)} ${data.shown(state) && data.blockOf(data.shown(state))}`,
    ask: "After {block}, which other patch of this picture will be most like {patch}?",
    told: "It is {truth}: cosine {cosine}.",
    hides: [".vx-features-similarity .finding", ".vx-features-similarity .maps", ".vx-features-networks"],
    pose(state) {
      const features = data.shown(state);
      if (!features) return { missing: "The hidden states of this picture have not come yet." };
      const token = state.token === null || state.token < 0 ? middleToken(state.trace.grid) : state.token;
      const block = data.nameOf(features.maps[data.blockOf(features)]);
      return { token, words: { block, patch: tokenName(token, state.trace.grid) } };
    },
    async check(state, ask, { token }) {
      const block = data.blockOf(data.shown(state));
      const answer = await ask("similarity", { ...views.request(state), second: data.second(state).name, block });
      if (!answer) return null;
      const here = decode(answer.here);
      const cells = answer.grid[0] * answer.grid[1];
      const own = data.cellBetween(token, state.trace.grid, answer.grid);
      // A map that is coarser than the patches has one number for several of them.
      const values = Float32Array.from({ length: state.trace.grid[0] * state.trace.grid[1] }, (_, patch) => {
        const cell = data.cellBetween(patch, state.trace.grid, answer.grid);
        return cell === own ? -1 : here.data[(answer.n_prefix + own) * cells + cell] * here.scale;
      });
      const right = leaders(values);
      return {
        right,
        values: values.map((value) => 1 + value), // drawn from 0 up
        link: `token=${token}`,
        words: {
          truth:
            right.length > 4
              ? `any of ${right.length} patches`
              : right.map((patch) => tokenName(patch, state.trace.grid)).join(" or "),
          cosine: format.signed(values[right[0]]),
        },
      };
    },
  },
];
