/* How the Train tab asks the server: with the secret by which it knows its visitor again. */

import { owner } from "../core/owner.js";
import * as core from "../core/server.js";

/** @type {import("../state").Server} */
let server; // whose functions all views of the tab ask

/** @type {(name: string, request?: object, options?: import("../core/server.js").Options) => Promise<any>} */
export const ask = (name, request = {}, options = {}) =>
  core.ask(server, name, { owner: owner(), ...request }, options);

/** A command, which is not given twice. @type {typeof ask} */
export const order = (name, request = {}, options = {}) => ask(name, request, { ...options, once: true });

/** The first view of the tab brings its server. @param {import("../state").Server} first */
export const connect = (first) => (server = first);
