/* Weights of the person's own: a file sent in parts, opened on the server, and the report on how they fit. */
import { base64 } from "../core/files.js";
import { ask } from "../core/server.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const refuse = (sentence) => ($(".fault").textContent = sentence);
  const OPTIONS = { once: true, say: refuse };

  /** Send a file part by part and open it. @param {File} file */
  async function bring(file) {
    refuse("");
    $(".fit").hidden = true;
    $(".choose").disabled = true;
    const opened = await sent(file);
    $(".choose").disabled = false;
    $("progress").hidden = true;
    $(".words").textContent = "Your own weights, read as tensors only";
    if (!opened) return;
    $(".fit").hidden = false;
    $(".fit summary").textContent = `How ${opened.name} was read`;
    $(".fit pre").textContent = opened.report;
    store.set("wish", { model: opened.name });
  }

  async function sent(file) {
    const begun = await ask(server, "begin_weights", { title: file.name, size: file.size }, OPTIONS);
    if (!begun) return null;
    $("progress").hidden = false;
    for (let from = 0; from < file.size; from += begun.largest_part) {
      $("progress").value = from / file.size;
      $(".words").textContent = `Sending ${file.name}`;
      let data;
      try {
        data = await base64(file.slice(from, from + begun.largest_part));
      } catch {
        refuse(`${file.name} cannot be read: it has changed or gone.`);
        return null;
      }
      if (!(await ask(server, "receive_weights", { id: begun.id, data }, OPTIONS))) return null;
    }
    $("progress").removeAttribute("value");
    $(".words").textContent = `Opening ${file.name}`;
    return ask(server, "open_weights", { id: begun.id }, OPTIONS);
  }

  $(".choose").addEventListener("click", () => $(".file").click());
  $(".file").addEventListener("change", (event) => {
    if (event.target.files.length) bring(event.target.files[0]);
    event.target.value = "";
  });
});
