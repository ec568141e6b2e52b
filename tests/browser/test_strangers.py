"""Two strangers at a public page: neither sees what the other brought, and both go on when the server was killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.pages import red_picture
from tests.browser.races import press_play
from vit_explorer.bench.browser import APP, free_port, wait_until_answering
from vit_explorer.bench.page import VIEWPORT, open_page

pytestmark = pytest.mark.slow

STANDS = "#vx-stands.shown"
SETUP = ".vx-train-setup"
PATIENCE = 180_000  # ms until a test gives up; nothing is measured with it
STEPS = "(vx.get('race')?.contenders || []).map(({ now, steps }) => (now || steps.at(-1) || { step: 0 }).step)"


class Server:
    """A public page that can be killed and started again at its place."""

    def __init__(self, runs: Path) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}/"
        self._command = [sys.executable, str(APP), "--public", "--port", str(port), "--runs", str(runs)]
        self.start()
        wait_until_answering(self.address, self._process)

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TMPDIR", str(tmp_path_factory.mktemp("slots")))  # other trainings here are not waited for
        running = Server(tmp_path_factory.mktemp("runs"))
    yield running
    running.kill()


@pytest.fixture(scope="module")
def strangers(browser, server):
    """Two pages of two visitors, and the errors of both."""
    pages, errors = [], []
    for _ in range(2):
        page = browser.new_context(viewport=VIEWPORT).new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        open_page(page, server.address)
        pages.append(page)
    yield pages
    for page in pages:
        page.context.close()
    assert not errors


def shows(page, picture: str) -> None:
    page.wait_for_function("(name) => vx.get('settled')?.picture === name", arg=picture, timeout=PATIENCE)


def lobby(page) -> dict:
    """What the server tells this visitor now."""
    return page.evaluate("async () => (await vx.module('train/data.js')).refreshLobby()")


def test_strangers_do_not_see_each_others_pictures_and_races_and_go_on_after_a_kill(strangers, server):
    first, second = strangers
    first.locator(".vx-frame .file").set_input_files(red_picture())
    first.wait_for_function("vx.get('settled').picture.startsWith('upload:')", timeout=PATIENCE)
    mine = first.evaluate("vx.get('settled').picture")

    first.evaluate("vx.openTab('train')")
    first.wait_for_function("vx.get('lobby') && vx.get('setup')", timeout=PATIENCE)
    press_play(first, epochs="400")
    first.wait_for_function(f"{STEPS}.length === 2 && {STEPS}.every((step) => step >= 3)", timeout=PATIENCE)
    race = first.evaluate("vx.get('race').name")

    # The other stranger finds nothing of it, and no button that this page would refuse.
    told = second.evaluate("async () => JSON.stringify([vx.get('catalogue'), await (await fetch('config')).json()])")
    assert "sample:cat" in told and mine not in told and race not in told
    assert [one["name"] for one in lobby(first)["races"]] == [race]
    for page in strangers:
        assert page.locator(".vx-frame-weights").count() == 0
        assert not page.locator(".vx-frame-get .get").locator("visible=true").count()

    server.kill()
    for page in strangers:
        page.evaluate("vx.set('wish', { picture: 'shapes:5' })")
        page.locator(STANDS, has_text="does not answer").wait_for()
    second.evaluate("vx.openTab('train')")  # whose scripts this browser does not have yet
    server.start()
    for page in strangers:
        shows(page, "shapes:5")
        page.wait_for_function(f"!document.querySelector('{STANDS}')", timeout=PATIENCE)
    second.locator(f"{SETUP} .chip").first.wait_for(timeout=PATIENCE)
    assert lobby(second)["races"] == [] and second.evaluate("vx.get('race') || null") is None
    first.evaluate("(picture) => vx.set('wish', { picture })", mine)  # which this server has never seen
    shows(first, mine)
    assert first.evaluate("[0, 1, 2].map((k) => vx.get('trace').rgb.at(9, 9, k))") == [255, 0, 0]

    # The race is there as it was when the server died, and goes on from there.
    first.wait_for_function("vx.get('race').state === 'paused'", timeout=PATIENCE)
    assert first.evaluate("[vx.get('race').name, vx.get('race').mine]") == [race, True]
    assert first.locator(".keep-model").count() == 0
    before = first.evaluate(STEPS)
    first.locator(".vx-train-controls .play").click()
    first.wait_for_function(
        f"(before) => vx.get('race').state === 'training' && {STEPS}.every((step, i) => step > before[i])",
        arg=before,
        timeout=PATIENCE,
    )
    assert min(before) >= 1
    first.locator(".vx-train-controls .stop").click()
    first.wait_for_function("vx.get('race').state === 'paused'", timeout=PATIENCE)
