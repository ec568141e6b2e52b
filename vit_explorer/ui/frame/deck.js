/* The deck of a talk: which scenes are kept, which one is on screen, and the link that holds them all. */
import { address, restore, touch } from "../core/link.js";
import { inform } from "../core/say.js";
import { ofBrowser } from "../core/storage.js";
import * as store from "../core/store.js";
import * as tabs from "../core/tabs.js";
import { sceneList } from "./scene-list.js";
import {
  brief,
  counted,
  find,
  KEPT,
  keptFor,
  led,
  moved,
  OWN,
  read,
  sceneOf,
  standing,
  uploadsOf,
  whereabouts,
  whoOpens,
  wordless,
  wordsOf,
  written,
} from "./scenes.js";

/**
 * @param {HTMLDialogElement} dialog that lists the scenes
 * @param {{onStage: () => boolean, present: () => void, changed: () => void}} page `changed` is called when other scenes are kept,
 *   or another one is on screen
 */
export function deckOf(dialog, { onStage, present, changed }) {
  let scenes = read(ofBrowser.get(KEPT) ?? "");
  let at = -1; // the scene that was shown or kept last
  let shownAs = ""; // what the address said once that scene was shown
  let moving = false; // a scene is being shown: what its link does not name stays
  let shows = 0; // scenes that are being shown: the next may be asked for before one is there

  /** The scene shown last stays that; where it is gone, the one before it is. @param {string[]} next */
  function keep(next) {
    const [before, last] = [at, scenes[at]];
    scenes = next;
    if (last) at = find(scenes, last, before);
    if (last && at < 0) {
      at = before - 1;
      shownAs = "";
    }
    ofBrowser.set(KEPT, written(scenes));
    changed();
    touch();
  }

  /** What the page shows now, as a scene. */
  const now = () => sceneOf(new URL(address()).hash);

  /** @returns {import("./scenes.js").Standing} */
  const stands = () => (moving ? { index: at, as: "kept" } : standing(scenes, now(), at, shownAs));

  /** Which scene is on screen; -1 where the view is not kept. */
  function here() {
    const { index, as } = stands();
    return as === "kept" ? index : -1;
  }

  /** Keep what is on screen, behind the scene shown last, or else as the last one. */
  function add(say = inform) {
    const known = here();
    if (known >= 0) return say(`This view is kept already, as scene ${known + 1} of ${scenes.length}.`);
    const place = at < 0 ? scenes.length : at + 1;
    keep(scenes.toSpliced(place, 0, now()));
    at = place;
    shownAs = "";
    changed();
    const ways = onStage() ? "" : " P shows scenes on the stage, S lists them.";
    const own = uploadsOf(scenes[at]).length;
    const uploaded = own ? `\n${keptFor(own, store.state.catalogue.kept_minutes)}` : "";
    return say(`Kept as scene ${at + 1} of ${scenes.length}.${ways}${uploaded}`);
  }

  function forget() {
    const known = here();
    if (known < 0) return inform("This view is not kept as a scene: there is nothing to forget.");
    keep(scenes.toSpliced(known, 1));
    inform(`Forgotten; ${scenes.length} ${scenes.length === 1 ? "scene is" : "scenes are"} left.`);
  }

  /** @param {number} by so many on from the scene on screen, or from the last that was */
  function step(by) {
    const next = led(stands(), by, scenes.length);
    if (next !== null) return show(next);
    if (scenes.length > 1)
      inform(by > 0 ? "This is the last scene: Home leads back to the first." : "This is the first scene.");
    return undefined;
  }

  /** Whether there is a first scene, or a last one, which is shown then. @param {0 | -1} which */
  function end(which) {
    if (scenes.length) show(which < 0 ? scenes.length - 1 : 0);
    return scenes.length > 0;
  }

  /** @param {number} index */
  async function show(index) {
    at = index;
    moving = true;
    shows++;
    try {
      await restore(wordless(scenes[index]));
    } finally {
      shows--;
      moving = shows > 0;
    }
    shownAs = moving ? "" : now();
    changed();
  }

  /** What a presenter calls a scene, or else its tab and view. @param {string} scene */
  function titleOf(scene) {
    const { tab, sub, called } = Object.fromEntries(new URLSearchParams(scene));
    return called || [tab, sub].filter(Boolean).map(tabs.nameOf).join(" · ");
  }

  const listed = sceneList(dialog, {
    scenes: () => scenes,
    here,
    keep,
    add,
    copy,
    show,
    begin,
    titleOf,
  });

  /** The stage at the first scene. */
  function begin() {
    present();
    end(0);
  }

  /** The address of the first scene with all that follow; of what is on screen if none is kept. */
  function fromTheFirst() {
    if (!scenes.length) return address();
    const link = new URL(address());
    const own = new URLSearchParams(link.hash.slice(1));
    const first = new URLSearchParams(wordless(scenes[0]));
    for (const key of OWN) if (own.has(key)) first.set(key, own.get(key));
    first.set("present", "1"); // they are copied off the stage too
    first.set("deck", written(scenes));
    link.hash = first.toString();
    return link.href;
  }

  /** Copy a link to all scenes; the link where the browser does not let the page copy. */
  async function copy(say = inform) {
    const link = fromTheFirst();
    const all = whoOpens(link, store.state.catalogue.kept_minutes);
    const who = dialog.open ? all : brief(all, 0); // on the stage itself there is room for a sentence
    try {
      await navigator.clipboard.writeText(link);
      say(`Link with ${scenes.length} ${scenes.length === 1 ? "scene" : "scenes"} copied.\n${who}`.trim());
      return "";
    } catch {
      say("This browser does not let the page copy: the page's address on the stage holds the scenes.");
      return link;
    }
  }

  return {
    add,
    forget,
    step,
    end,
    begin,
    copy,
    list: listed.open,
    count: () => scenes.length,
    /** Uploaded pictures of the scenes, by name. */
    uploads: () => uploadsOf(written(scenes)),
    moving: () => moving,
    /**
     * What is said of the scene on screen, changed or not: its number, its place for the presenter, the presenter's name and note
     * of it, "" where there is none, and the title of the scene that comes next, "" after the last.
     */
    told() {
      const now = stands();
      const { called, note } = wordsOf(now.as === "left" ? "" : (scenes[now.index] ?? ""));
      const next = moved(now.index, 1, scenes.length);
      return {
        number: counted(now, scenes.length),
        where: whereabouts(now, scenes.length),
        called,
        note,
        next: next === null ? "" : titleOf(scenes[next]),
      };
    },
    /** All scenes, as a link holds them. */
    written: () => written(scenes),
    /** Take the scenes of a link; while a scene is shown, whose link holds none, they stay. @param {string} text */
    read(text) {
      if (moving) return;
      scenes = read(text);
      at = find(scenes, sceneOf(location.hash));
      shownAs = "";
    },
  };
}
