"""Latency of training: from Play to the first point, and of the page beside it."""

from __future__ import annotations

import statistics
import tempfile
from typing import TYPE_CHECKING, Any

from vit_explorer.bench.browser import chromium, running_app
from vit_explorer.bench.latency import POINT_BUDGET
from vit_explorer.bench.missing import NotMeasured
from vit_explorer.bench.page import POLL_OF, VIEWPORT, app_flags, open_page, point_on
from vit_explorer.bench.views import POINTED

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

RACES = 5  # played and stopped, after one for which Play is pressed while the worker still gets ready
FIRST_POINT_BUDGET = 3.0  # seconds
STOP_BUDGET = 2.0  # seconds
PATIENCE = 180_000  # ms until something must have happened
FOLLOWED = 15_000  # ms in which the polls of a race are counted

# Notes when the set-up's Play and the bar's Stop are pressed, and when what follows from it has been drawn. A race's
# first point is the accuracy of the untrained model; its first trained point comes after the first step.
_WATCH_RACES = """() => {
  window.vxLive = {};
  const pressed = (event) => {
    const before = (vx.get('race') || {}).name;
    if (event.target.closest("#train-setup .start")) vxLive = { began: event.timeStamp, before };
    if (event.target.closest("#train-controls .stop")) vxLive.stopping = event.timeStamp;
  };
  document.addEventListener("click", pressed, true);
  const note = (name, so) => {
    if (!so || vxLive[name] !== undefined) return;
    vxLive[name] = null;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => (vxLive[name] = performance.now());
      channel.port2.postMessage(0);
    });
  };
  const look = () => {
    const race = vx.get('race');
    if (!race || race.name === vxLive.before || vxLive.began === undefined) return;
    note("point", race.contenders.some(({ tests, steps }) => tests.length || steps.length));
    note("trained", race.contenders.some(({ steps }) => steps.length));
    note("all", race.contenders.length > 0 && race.contenders.every(({ steps }) => steps.length));
    note("stopped", vxLive.stopping !== undefined && race.state === "paused");
  };
  vx.on("raceData", look);
  vx.on("race", look);
}"""


def measure_live(checkpoints: str | None = None) -> dict[str, Any]:
    """Seconds from Play to a point and from Stop to standstill; pointing beside a race.

    A race is what the set-up offers first: ViT and CNN. Nothing else should train on the machine meanwhile.

    Raises:
        NotMeasured: if a race does not begin, for instance because another training holds the machine.
    """
    with (
        tempfile.TemporaryDirectory() as runs,
        running_app(*app_flags(checkpoints), "--runs", runs) as address,
        chromium() as browser,
    ):
        page = browser.new_page(viewport=VIEWPORT)
        open_page(page, address)
        page.evaluate(_WATCH_RACES)
        _open_setup(page)
        times = [_play_and_stop(page) for _ in range(1 + RACES)]
        alone = {view: point_on(page, view) for view in POINTED}

        _open_setup(page)
        _play(page)
        polls = _polls(page)
        beside = {view: point_on(page, view) for view in POINTED}
        page.wait_for_function("vx.get('race')", timeout=PATIENCE)
        if page.evaluate("vx.get('race').state") != "training":
            raise NotMeasured("the race was over before all was measured beside it")
        result = _starts(times) | _sizes(polls)
        for view in POINTED:
            for words, pointing in (("without training", alone[view]), ("while a race trains", beside[view])):
                result[f"{view}, {words}: marks drawn, ms (median)"] = pointing.percentile(50)
                result[f"{view}, {words}: marks drawn, ms (95th percentile)"] = pointing.percentile(95)
        return result | {"budget, ms (95th percentile, marks drawn)": POINT_BUDGET}


def _open_setup(page: Page) -> None:
    """Open the set-up of the Train tab."""
    page.get_by_role("tab", name="Train").click()
    page.wait_for_function("vx.get('race') || (vx.get('setup') || {}).open", timeout=PATIENCE)
    if page.evaluate("!(vx.get('setup') || {}).open"):
        page.locator("#train-controls .new").click()


def _play_and_stop(page: Page) -> dict[str, float]:
    """Seconds from Play to the first points, and from Stop to stopped."""
    _play(page)
    page.locator("#train-controls .stop").click()
    page.wait_for_function("vxLive.stopped > 0", timeout=PATIENCE)
    noted = page.evaluate("vxLive")
    page.locator("#train-controls .new").click()
    since_play = {name: (noted[name] - noted["began"]) / 1000 for name in ("point", "trained", "all")}
    return since_play | {"stopped": (noted["stopped"] - noted["stopping"]) / 1000}


def _play(page: Page) -> None:
    """Press Play and wait until each contender has a point."""
    from playwright.sync_api import TimeoutError as TooLate

    page.locator("#train-setup .start").click()
    try:
        page.wait_for_function("vxLive.all > 0", timeout=PATIENCE)
    except TooLate as error:
        state = page.evaluate("(({ state, reason }) => [state, reason])(vx.get('race') || {})")
        raise NotMeasured(f"no race began within {PATIENCE // 1000} s; on the page it stands as {state}") from error


def _polls(page: Page) -> list[int]:
    """Bytes of each poll of the race on screen, as transferred."""
    answers: list[Response] = []

    def take(answer: Response) -> None:
        if POLL_OF in (answer.request.post_data or ""):
            answers.append(answer)

    page.on("response", take)
    page.wait_for_timeout(FOLLOWED)
    page.remove_listener("response", take)
    return [answer.request.sizes()["responseBodySize"] for answer in answers]


def _starts(times: list[dict[str, float]]) -> dict[str, Any]:
    first, later = times[0], times[1:]
    result: dict[str, Any] = {}
    for name, words in {
        "point": "Play to the first point",
        "trained": "Play to the first trained point",
        "all": "Play to a trained point of each contender",
        "stopped": "Stop to standing still",
    }.items():
        taken = [one[name] for one in later]
        result[f"{words}, s (median)"] = statistics.median(taken)
        result[f"{words}, s (longest)"] = max(taken)
        result[f"{words}, s (at once after the app's start)"] = first[name]
    budgets = {"budget, s (Play to the first point)": FIRST_POINT_BUDGET, "budget, s (Stop)": STOP_BUDGET}
    return result | budgets | {"races": RACES}


def _sizes(polls: list[int]) -> dict[str, Any]:
    return {
        "polls of a race on screen, a second": len(polls) / (FOLLOWED / 1000),
        "bytes a poll (median)": statistics.median(polls),
        "bytes a poll (largest)": max(polls),
    }
