/* How long a race takes: asked of the server once nothing has changed for a moment. */
import { newest } from "../core/server.js";
import * as calls from "./calls.js";
import * as words from "./words.js";

const PAUSE = 300; // ms without a change after which the server is asked
const WAITING = "How long it takes is being worked out.";

/**
 * @param {{request: () => object, others: () => object[], wanted: () => boolean, told: () => void}} how `others`: races that take turns with it;
 *   `wanted`: whether anybody still asks once the moment is over; `told` is called with each answer
 */
export function time({ request, others, wanted, told }) {
  const ask = newest((asked, signal) => calls.ask("estimate", asked, { signal, quiet: true, say: () => {} }));
  let known = { key: "", about: "", parts: "" };
  let asking = 0;
  return {
    /** In words, or that it is not known yet. */
    about() {
      const key = JSON.stringify([request(), others()]);
      if (known.key === key) return known.about;
      known = { key, about: WAITING, parts: "" };
      clearTimeout(asking);
      asking = setTimeout(async () => {
        if (!wanted()) return;
        const answer = await ask(request());
        if (known.key !== key) return;
        known.about = answer ? words.about(answer) : "";
        known.parts = answer ? words.takes(answer) : "";
        told();
      }, PAUSE);
      return WAITING;
    },
    /** What it is made of, in words; "" before it is known. */
    parts: () => known.parts,
  };
}
