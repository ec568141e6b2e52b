/* The bar on top: name, claim, light or dark. */
vx.widget("header", (root) => {
  const button = root.querySelector(".theme");
  button.addEventListener("click", () => document.body.classList.toggle("dark"));
  return {
    topics: [],
    draw(state) {
      button.textContent = state.theme === "dark" ? "Light" : "Dark";
    },
  };
});
