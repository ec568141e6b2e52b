/* The bar on top: name, claim, light or dark. */
import { widget } from "../core/widget.js";

export default widget((root) => {
  const button = root.querySelector(".theme");
  button.addEventListener("click", () => document.body.classList.toggle("dark"));
  return {
    topics: [],
    draw(state) {
      button.textContent = state.theme === "dark" ? "Light" : "Dark";
    },
  };
});
