/* The bar on top: name, claim, a link to what is on screen, light or dark. */
import { focusView } from "../core/keys.js";
import { address, go } from "../core/link.js";
import { inform } from "../core/say.js";
import { ofBrowser } from "../core/storage.js";
import * as store from "../core/store.js";
import { choose } from "../core/theme.js";
import { widget } from "../core/widget.js";
import { KEPT, read, thisViewOnly, whoOpens } from "./scenes.js";

export default widget((root) => {
  const $ = (selector) => root.querySelector(selector);

  $(".mark").src = new URL("icon.svg", import.meta.url).href;

  $(".home").addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // in a tab or window of its own
    event.preventDefault();
    go("tab=home");
  });

  $(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address after # holds what the page shows
    focusView();
  });

  async function copy() {
    const link = address();
    const scenes = read(ofBrowser.get(KEPT) ?? "").length;
    const who = [thisViewOnly(scenes), whoOpens(link, store.state.catalogue.kept_minutes)].join("\n").trim();
    try {
      await navigator.clipboard.writeText(link);
      inform(`Link copied.\n${who}`.trim());
      close();
    } catch {
      $(".by-hand").hidden = false; // pages at plain http addresses and in iframes get no clipboard
      $(".address").value = link;
      $(".address").select();
      if (who) inform(who);
    }
  }
  $(".copy").addEventListener("click", copy);
  store.on("copying", copy);
  function close() {
    $(".by-hand").hidden = true;
  }
  $(".close").addEventListener("click", () => {
    close();
    $(".copy").focus();
  });
  $(".help").addEventListener("click", () => store.set("helping", store.state.helping + 1 || 1));
  $(".tour").addEventListener("click", () => go("tour=1"));
  $(".keep").addEventListener("click", () => store.set("keeping", store.state.keeping + 1 || 1));
  $(".present").addEventListener("click", () => store.set("presenting", store.state.presenting + 1 || 1));
  $(".more").addEventListener("click", () => {
    const all = $(".bar").classList.toggle("all"); // on a phone, where the others have no room
    $(".more").setAttribute("aria-expanded", String(all));
    $(".more").textContent = all ? "Less" : "More";
  });
  $(".theme").addEventListener("click", () => choose(store.get("theme") === "dark" ? "light" : "dark"));

  return {
    topics: [],
    draw(state) {
      $(".theme").textContent = state.theme === "dark" ? "Light" : "Dark";
    },
  };
});
