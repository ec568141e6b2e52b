/* What the views of the Patches tab share: the filters of a model, which large models send on demand. */
import { decode } from "../core/arrays.js";
import { ask } from "../core/server.js";

/** @type {WeakMap<object, Promise<import("../core/arrays").Packed | null>>} */
const asked = new WeakMap(); // payload of a model -> its filters
/** @type {WeakMap<object, import("../core/arrays").Packed>} */
const here = new WeakMap();

/**
 * The filters of a model, (D, C, P, P); null until they have come, and then `arrived` is called.
 * @param {import("../core/payloads").ModelPayload} model
 * @param {import("../state").Server} server
 * @param {() => void} arrived
 */
export function filtersOf(model, server, arrived) {
  if (model.filters && !here.has(model)) here.set(model, decode(model.filters));
  if (here.has(model)) return here.get(model);
  if (!asked.has(model)) asked.set(model, fetchFilters(model, server));
  asked.get(model).then((found) => found && arrived());
  return null;
}

async function fetchFilters(model, server) {
  const told = await ask(server, "filters", { model: model.name });
  if (told) here.set(model, decode(told.filters));
  else asked.delete(model); // the next drawing asks again
  return told ? here.get(model) : null;
}
