/* The bar on top: name, claim, a link to what is on screen, light or dark. */
import { focusView } from "../core/keys.js";
import { address, go, inLink } from "../core/link.js";
import { inform } from "../core/say.js";
import { setting, words } from "../core/setting.js";
import * as store from "../core/store.js";
import { choose } from "../core/theme.js";
import { widget } from "../core/widget.js";
import { dictionary } from "./words.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);

  /** Who sees what a link shows, where that is not the app's own. */
  function whose() {
    const { trace, catalogue } = store.state;
    if (!trace || !trace.picture.name.startsWith("upload:")) return "";
    return ` Whoever opens it sees your picture, for ${catalogue.kept_minutes} minutes or more after it was last looked at, and no longer than the server runs.`;
  }

  $(".mark").src = new URL("icon.svg", import.meta.url).href;

  $(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address after # holds what the page shows
    focusView();
  });

  $(".copy").addEventListener("click", async () => {
    const link = address();
    try {
      await navigator.clipboard.writeText(link);
      inform(`The link is copied.${whose()}`);
      close();
    } catch {
      $(".by-hand").hidden = false; // pages at plain http addresses and in iframes get no clipboard
      $(".address").value = link;
      $(".address").select();
      if (whose()) inform(whose().trim());
    }
  });
  function close() {
    $(".by-hand").hidden = true;
  }
  $(".close").addEventListener("click", () => {
    close();
    $(".copy").focus();
  });
  const lookUp = dictionary(root, server);
  $(".look-up").addEventListener("click", () => lookUp.open(""));
  inLink(root, { words: setting(words(60), lookUp.sought, (text) => (text ? lookUp.open(text) : lookUp.close())) });
  $(".tour").addEventListener("click", () => go("tour=1"));
  $(".present").addEventListener("click", () => store.set("presenting", store.state.presenting + 1 || 1));
  $(".theme").addEventListener("click", () => choose(store.get("theme") === "dark" ? "light" : "dark"));

  return {
    topics: [],
    draw(state) {
      $(".theme").textContent = state.theme === "dark" ? "Light" : "Dark";
    },
  };
});
