"""The Train tab in a real browser: a race from Play to a kept model, commands, a second visitor, a reload, a crash.

A worker trains two races here, that of the first test and that of ``starter``.
"""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests.browser.pages import reload
from tests.browser.races import PATIENCE, press_play
from tests.browser.train_page import in_state, open_setup
from vit_explorer.bench.page import VIEWPORT, open_page
from vit_explorer.training.runs.race import Race

# The steps that a contender has done, by the newest numbers that the page has of it.
STEP = "(({ now, steps }) => (now || steps.at(-1) || { step: 0 }).step)"
LONG = "400"  # epochs of a race that does not end while a test looks at it


@pytest.fixture(scope="module")
def starter(visitors, address):
    """The page of a visitor who has started a race that does not end by itself."""
    visitor = visitors.borrow()
    page = visitor.arrive(address, **VIEWPORT)
    open_page(page, address)
    press_play(open_setup(page), epochs=LONG)
    under_way(page)
    yield page
    assert not visitor.faults, visitor.faults
    visitors.give_back(visitor)


@pytest.fixture
def training(starter):
    """That page while its race trains, which it does not between the tests."""
    if state(starter) != "training":
        starter.locator(".vx-train-controls .play").click()
        in_state(starter, "training")
    yield starter
    if state(starter) == "training":
        stop(starter)


def state(page) -> str:
    return page.evaluate("vx.get('race').state")


def steps(page) -> list[int]:
    return page.evaluate(f"vx.get('race').contenders.map((one) => {STEP}(one))")


def under_way(page) -> None:
    """Both contenders have done some steps."""
    page.wait_for_function(
        f"vx.get('race').contenders.length === 2 && vx.get('race').contenders.every((one) => {STEP}(one) >= 3)",
        timeout=PATIENCE,
    )


def stop(page) -> None:
    page.locator(".vx-train-controls .stop").click()
    in_state(page, "paused")


@pytest.mark.slow
def test_a_race_from_play_to_the_kept_model_in_the_positions_tab(page, runs):
    train = open_setup(page)
    name = press_play(train, epochs="2")
    train.wait_for_function("(run) => location.hash.split('&').includes(run)", arg=f"run={name}")
    in_state(train, "finished")
    headline = train.locator(".vx-train-curves .headline").inner_text()
    for label in ("ViT", "CNN"):
        accuracy = re.search(rf"{label} (\d+\.\d) %", headline)[1]
        card = train.locator(".vx-train-cards .card", has=train.get_by_text(label, exact=True))
        assert card.locator(".accuracy").inner_text().replace("\n", "").startswith(accuracy)
    assert (
        "On 2,000 test pictures after 2 epochs on 500 pictures"
        in train.locator(".vx-train-curves .detail").inner_text()
    )
    assert "; guessing gets 1 of " in train.locator(".vx-train-curves .detail").inner_text()
    assert train.locator(".vx-train-cards .none").nth(1).inner_text().startswith("A CNN has none")

    card = train.locator(".vx-train-cards .card").first
    card.locator(".keep-model").click()
    card.locator(".keep input").fill("vit-cifar10")  # a name that is taken
    card.get_by_role("button", name="Keep", exact=True).click()
    card.locator(".told", has_text="There is a model 'vit-cifar10' already").wait_for(timeout=PATIENCE)
    card.locator(".keep input").fill("vit-of-this-test")
    card.get_by_role("button", name="Keep", exact=True).click()
    card.locator(".told", has_text="Kept as vit-of-this-test and chosen").wait_for(timeout=PATIENCE)
    assert train.evaluate("vx.get('model').name") == "vit-of-this-test"
    card.get_by_role("button", name="More epochs").click()
    chip = train.locator(".vx-train-setup .chip")
    chip.locator("strong", has_text="ViT continued").wait_for(timeout=PATIENCE)
    assert chip.count() == 1 and "from vit-of-this-test" in chip.inner_text()
    chip.get_by_role("button", name="Edit ViT continued").click()
    begins = train.get_by_label("Weights to begin with")
    assert begins.input_value() == "vit-of-this-test"
    train.locator(".vx-train-setup .editor").get_by_label("Model").select_option("cnn")
    assert begins.locator("option").all_inner_texts() == ["fresh: noise", "cnn-shapes"]
    assert begins.input_value() == ""
    train.locator(".vx-train-setup .close").click()
    card.get_by_role("button", name="See its positions").click(timeout=PATIENCE)
    train.wait_for_function("vx.get('settled').model === 'vit-of-this-test'", timeout=PATIENCE)
    assert train.evaluate("window.scrollY") == 0  # from its top
    assert (runs / "exported" / "vit-of-this-test.pt").exists()
    assert train.locator("#vx-model").input_value() == "vit-of-this-test"
    train.locator(".vx-positions .overview").wait_for(timeout=PATIENCE)
    assert train.locator(".vx-positions .epoch").inner_text() == "epoch 2 (trained)"
    assert train.evaluate("vx.get('model').data") == "shapes"
    train.evaluate("vx.openTab('classify')")
    train.locator(".vx-classify .model", has_text="vit-of-this-test").first.wait_for(state="attached", timeout=PATIENCE)
    for path in (runs / "exported").glob("vit-of-this-test.*"):  # the app serves the tests of other files too
        path.unlink()


def test_pause_step_learning_rate_and_stop(training, runs):
    play = training.locator(".vx-train-controls .play")
    assert play.get_attribute("aria-label") == "Pause"
    later = training.locator(".vx-train-cards .keep-later")
    assert later.count() == 2 and later.first.is_disabled() and training.locator(".keep-model").count() == 0
    play.click()
    in_state(training, "paused")
    race = Race.open(runs, training.evaluate("vx.get('race').name"))
    assert race.status().state == "paused"  # no process holds it
    before = [run.peek_state()["step"] for run in race.runs.values()]
    training.wait_for_function(
        f"(saved) => vx.get('race').contenders.every((one, i) => {STEP}(one) === saved[i])", arg=before
    )
    training.locator("[data-step=batch]").click()
    training.wait_for_function(
        "(before) => vx.get('race').state === 'paused' &&"
        f" vx.get('race').contenders.every((one, i) => {STEP}(one) === before[i] + 1)",
        arg=before,
        timeout=PATIENCE,
    )
    training.locator(".vx-train-controls .rate input").fill("-1")
    training.wait_for_function(
        "vx.get('race').contenders.every((one) => one.lr_changes.length === 1)", timeout=PATIENCE
    )
    assert training.evaluate("vx.get('race').contenders[0].lr_changes[0]") == [before[0] + 1, 0.1]
    assert training.locator(".vx-train-controls .rate output").inner_text() == "× 0.1"
    play.click()
    training.wait_for_function(
        f"(before) => {STEP}(vx.get('race').contenders[1]) > before + 2", arg=before[1], timeout=PATIENCE
    )
    stop(training)
    assert "Paused" in training.locator(".vx-train-controls .state").inner_text()
    assert play.get_attribute("aria-label") == "Go on"


def test_a_second_visitor_watches_and_cannot_command(training, watched):
    other = watched()
    other.goto(training.url)  # the link alone opens the tab and the race
    other.wait_for_function("window.vx && vx.get('race')", timeout=PATIENCE)
    under_way(other)
    assert "Started by somebody else: you watch." in other.locator(".vx-train-controls .state").inner_text()
    assert other.locator(".vx-train-controls .play").is_disabled()
    assert not other.locator(".vx-train-controls .own").is_visible()
    assert other.evaluate("async () => (await vx.module('train/data.js')).command('stop')") is False
    assert "Only who started this race can command it" in other.locator("#vx-say").inner_text()
    before = steps(other)
    other.wait_for_function(
        f"(before) => {STEP}(vx.get('race').contenders[0]) > before", arg=before[0], timeout=PATIENCE
    )
    stop(training)
    in_state(other, "paused")


def test_a_reload_attaches_again(training):
    name = training.evaluate("vx.get('race').name")
    before = steps(training)
    reload(training)
    training.wait_for_function("window.vx && vx.get('race')", timeout=PATIENCE)
    assert training.evaluate("[vx.get('race').name, vx.get('race').mine]") == [name, True]
    training.wait_for_function(
        f"(before) => vx.get('race').contenders.every((one, i) => {STEP}(one) > before[i])",
        arg=before,
        timeout=PATIENCE,
    )
    assert training.locator(".vx-train-controls .bar").is_visible()
    stop(training)


@pytest.mark.slow
def test_a_worker_killed_from_outside_is_a_sentence_and_the_race_goes_on(training):
    os.kill(the_worker(), signal.SIGKILL)
    in_state(training, "paused")
    assert "was ended from outside" in training.locator(".vx-train-controls .state").inner_text()
    training.locator(".vx-train-controls .play").click()
    in_state(training, "training")
    stop(training)


def the_worker() -> int:
    """The one training's process of the app that these tests started, once those of stopped races have ended."""
    until = time.monotonic() + PATIENCE / 1000
    while len(found := workers()) != 1:
        assert time.monotonic() < until, found
        time.sleep(0.1)
    return found[0]


def workers() -> list[int]:
    """The trainings' processes of the app that these tests started."""
    ours = {os.getpid()}
    for _ in range(2):  # the app, then its workers
        ours |= {int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat") if parent(path) in ours}
    return sorted(pid for pid in ours if b"vit_explorer.training.service.worker" in contents(f"/proc/{pid}/cmdline"))


def parent(stat: Path) -> int:
    """The process that started this one; -1 once it has ended."""
    state = contents(stat).rpartition(b")")[2].split()
    return int(state[1]) if state else -1


def contents(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
