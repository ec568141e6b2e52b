/* The picture beside its maps, with the patches outlined that the answer hangs on. */
import { clearCanvas, patchInput, rgbImage } from "../core/draw.js";
import * as store from "../core/store.js";
import * as views from "../core/views.js";

/** @param {HTMLElement} root of Explain */
export function photo(root) {
  const $ = (/** @type {string} */ selector) => /** @type {any} */ (root.querySelector(`.photo ${selector}`));
  const side = () => $(".stack").clientWidth;
  patchInput($(".marks"), () => (store.get("trace") || { grid: null }).grid);
  return {
    /** @param {{patches: number[], told: string} | null} because what `because` of explain-words.js found; null before it is measured */
    show(trace, because) {
      const [canvas, wide] = [$(".map"), side()];
      const context = clearCanvas(canvas, wide, wide);
      context.drawImage(rgbImage(trace.rgb.data, trace.size, trace.size), 0, 0, wide, wide);
      if (because) views.outlineArea(context, wide, because.patches, trace.grid);
      canvas.setAttribute("aria-label", [trace.picture.title, because?.told].filter(Boolean).join(". "));
      $(".fact").textContent = because ? because.told : "";
    },
    mark: (trace, token, ink) => views.outlinePatch($(".marks"), side(), token, trace.grid, ink),
  };
}
