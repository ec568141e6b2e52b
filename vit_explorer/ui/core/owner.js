/* The secret by which the server knows a visitor's races and data again. It goes from this browser to that server alone. */
import { ofBrowser } from "./storage.js";

const KEY = "vx-owner";

export function owner() {
  let secret = ofBrowser.get(KEY);
  if (!secret) {
    secret = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    ofBrowser.set(KEY, secret);
  }
  return secret;
}
