/* What remains of races: files and commands of the one on screen, and the list of all that are kept. */
import { fill, make } from "../core/elements.js";
import * as format from "../core/format.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";
import * as calls from "./calls.js";
import * as races from "./data.js";
import * as words from "./words.js";

export default widget((root) => {
  const $ = (selector) => root.querySelector(selector);
  const STATES = {
    waiting: "waiting",
    starting: "starting",
    training: "training now",
    paused: "paused",
    failed: "failed",
    elsewhere: "trained in a terminal",
    finished: "",
  };
  let renaming = null; // names of races whose row is a form or asks once more
  let deleting = null;
  let commandsOf = null;

  // ---- this race ---------------------------------------------------------------------------------------------------
  /** Put text on the clipboard, and say on the button whether that worked. */
  async function copy(text, button) {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select and copy it"; // pages at plain http addresses get no clipboard
    }
    setTimeout(() => (button.textContent = before), 1600);
  }

  $(".repeat").addEventListener("click", async () => {
    if (!$(".commands").hidden) return fold();
    const { name } = races.race;
    const answer = await calls.ask("commands", { race: name });
    if (!answer) return undefined;
    commandsOf = name;
    fill($(".commands"), answer.commands, ({ label, command }) => {
      const [row, code, button] = [
        make("div", "command"),
        make("code", "", command),
        make("button", "vx-button", "Copy"),
      ];
      button.type = "button";
      button.addEventListener("click", () => copy(command, button));
      row.append(make("strong", "", label), code, button);
      return row;
    });
    $(".commands").hidden = false;
    return $(".repeat").setAttribute("aria-expanded", "true");
  });

  function fold() {
    commandsOf = null;
    $(".commands").hidden = true;
    $(".repeat").setAttribute("aria-expanded", "false");
  }

  // ---- the list ----------------------------------------------------------------------------------------------------
  function act(text, run, className = "", label = text) {
    const button = make("button", `vx-button ${className}`.trim(), text);
    button.type = "button";
    button.setAttribute("aria-label", label);
    button.addEventListener("click", run);
    return button;
  }

  async function change(name, request) {
    const answer = await calls.order(name, request);
    [renaming, deleting] = [null, null];
    const { race } = request;
    if (answer && name === "remove" && races.race && races.race.name === race) {
      races.close();
      store.set("setup", { open: true });
    }
    if (answer && name === "rename" && races.race && races.race.name === race) {
      races.race.title = request.title;
      store.set("race", races.race);
    }
    await races.refreshLobby();
    draw();
  }

  function ago(iso) {
    const date = new Date(iso);
    return Number.isNaN(date.getTime())
      ? ""
      : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  }

  function title(race) {
    const box = make("div");
    if (renaming === race.name) {
      const input = make("input", "name");
      const label = `New name for ${race.title}`;
      const before = /** @type {HTMLInputElement | null} */ (root.querySelector(".name"));
      input.value = before && before.getAttribute("aria-label") === label ? before.value : race.title;
      input.maxLength = 80;
      input.setAttribute("aria-label", label);
      input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") change("rename", { race: race.name, title: input.value });
        if (event.key === "Escape") {
          renaming = null;
          draw();
        }
      });
      box.append(input);
      return box;
    }
    const open = make("button", "open", race.title);
    open.type = "button";
    open.addEventListener("click", async () => {
      if (await races.open(race.name)) document.querySelector("#train-controls").scrollIntoView({ block: "start" });
    });
    const followed = races.race;
    const now = followed && followed.name === race.name ? followed.state : race.state; // the list is older than what is followed
    const state = STATES[now] === undefined ? now : STATES[now];
    box.append(
      open,
      make(
        "div",
        "about",
        [ago(race.created), words.settings(race.contenders.map(({ recipe }) => recipe)), state]
          .filter(Boolean)
          .join(" · "),
      ),
    );
    return box;
  }

  function standing(race) {
    const box = make("div", "standing");
    race.contenders.forEach(({ label, test_accuracy: accuracy }, i) => {
      const one = make("span");
      const dot = make("i");
      dot.style.setProperty("--ink", `var(--vx-run-${i % 4})`);
      one.append(dot, `${label} ${accuracy === null ? "–" : format.percent(accuracy)}`);
      box.append(one);
    });
    return box;
  }

  function acts(race, current) {
    const box = make("div", "acts");
    if (renaming === race.name) {
      box.append(
        act("Save", () => change("rename", { race: race.name, title: root.querySelector(".name").value }), "primary"),
        act("Cancel", () => ((renaming = null), draw())),
      );
      return box;
    }
    if (deleting === race.name) {
      box.append(
        act("Delete for good", () => change("remove", { race: race.name }), "sure"),
        act("Keep it", () => ((deleting = null), draw())),
      );
      return box;
    }
    const compared = races.compared.some(({ name }) => name === race.name);
    const compare = act(
      compared ? "Shown dashed" : "Compare",
      () => races.compare(race.name),
      "",
      `Compare: lay the curves of ${race.title} under those on screen`,
    );
    compare.setAttribute("aria-pressed", String(compared));
    compare.disabled = !races.race || current;
    box.append(compare);
    if (race.mine) {
      box.append(
        act(
          "Rename",
          () => {
            [renaming, deleting] = [race.name, null];
            draw();
            root.querySelector(".name").focus();
          },
          "",
          `Rename ${race.title}`,
        ),
        act(
          "Delete",
          () => {
            [renaming, deleting] = [null, race.name];
            draw();
            root.querySelector(".sure").focus();
          },
          "",
          `Delete ${race.title}`,
        ),
      );
    }
    return box;
  }

  function draw() {
    const [race, lobby] = [races.race, store.get("lobby")];
    $(".this").hidden = !race;
    if (!race || race.name !== commandsOf) fold();
    $(".races").hidden = !lobby || (!lobby.races.length && !lobby.problems.length);
    if (!lobby) return;
    const n = lobby.races.length;
    $(".count").textContent =
      `${format.plural(n, "race")}, newest first: open one to see it again, or lay its curves dashed under those on screen.`;
    const focused =
      document.activeElement && root.contains(document.activeElement)
        ? document.activeElement.getAttribute("aria-label")
        : null;
    fill($(".list"), lobby.races, (one) => {
      const row = make("li");
      const current = Boolean(race) && one.name === race.name;
      row.classList.toggle("current", current);
      row.append(title(one), standing(one), acts(one, current));
      return row;
    });
    if (focused && !root.contains(document.activeElement)) {
      const again = [...root.querySelectorAll("[aria-label]")].find(
        (element) => element.getAttribute("aria-label") === focused,
      );
      if (again) again.focus();
    }
    $(".problems").textContent = lobby.problems.join(" ");
  }

  return { topics: ["race", "lobby", "comparing"], draw };
});
