/* The page's entry: the scripts of all tabs are loaded from here, when their views are mounted. */
import { followExamples } from "./example.js";
import { rove } from "./keys.js";
import * as link from "./link.js";
import { idle, load, ROOT } from "./server.js";
import * as store from "./store.js";
import { openTab } from "./tabs.js";
import { followTerms } from "./terms.js";
import { followTheme } from "./theme.js";
import { mount } from "./widget.js";

followTheme();
followTerms();
followExamples();
rove();

// Under a sub-path that it was not told of, Gradio looks for its theme in the wrong place.
if (new URL(`${window.gradio_config.root}/`).pathname !== ROOT.pathname) {
  const theme = document.createElement("link");
  document.head.append(Object.assign(theme, { rel: "stylesheet", href: new URL("theme.css", ROOT).href }));
}

const waiting = window.vx.waiting; // views that came before this module, see assets.py

/** The one global: how Gradio's elements reach their views, and the state for who looks from outside, such as a test. */
window.vx = {
  get: store.get,
  on: store.on,
  pin: store.pin,
  point: store.point,
  set: store.set,
  state: store.state,
  update: store.update,
  idle,
  go: link.go,
  mount,
  openTab,
  /** A module of the page, such as vx.module("train/data.js"). */
  module: load,
};
store.on("trace", (trace) => trace && document.querySelector(".gradio-container").classList.add("vx-begun"));
for (const [path, element, server] of waiting) mount(path, element, server);
