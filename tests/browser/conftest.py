"""A running app and a page in a real Chromium. Every test fails on a console error or a request to elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.apps import serving
from tests.browser.pages import Visitor, Visitors, drawn
from tests.browser.races import train_race
from tests.browser.stage_page import NO_FULLSCREEN, ROOM
from vit_explorer.bench.browser import HEADLESS_SHELL, NoBrowser, chromium, find_chromium
from vit_explorer.bench.page import VIEWPORT, open_page
from vit_explorer.training.runs.race import Race

_LINK = "({ picture, model }) => `picture=${picture}&model=${model}`"
FAILED = pytest.StashKey[bool]()  # of a test: whether it has failed


@pytest.fixture(scope="session", autouse=True)
def _needs_chromium() -> None:
    try:
        find_chromium()
    except NoBrowser as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def runs(tmp_path_factory) -> Path:
    """Where the app writes its trainings: an empty folder."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="session")
def recorded(tmp_path_factory) -> Race:
    """A race that is over; tests put copies of it where an app finds them."""
    return train_race(tmp_path_factory.mktemp("recorded"))


@pytest.fixture(scope="session")
def address(runs) -> Iterator[str]:
    """The page as it ships, on the weights that ship."""
    with serving(runs) as running:
        yield running


@pytest.fixture(scope="session")
def browser():
    with chromium(HEADLESS_SHELL) as running:
        yield running


@pytest.fixture(scope="session")
def visitors(browser) -> Visitors:
    return Visitors(browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def watched(request, visitors, address):
    """Make pages that are watched for errors and foreign requests: watched(width, height) -> page, not yet opened."""

    def make(width: int = VIEWPORT["width"], height: int = VIEWPORT["height"], **options):
        return visitors.arrive(address, width, height, **options)

    yield make
    problems = visitors.leave(failed=request.node.stash.get(FAILED, True))
    assert not problems, "\n".join(problems)


@pytest.fixture
def page(watched, address):
    """The page at 1280 x 720 with the finished example on it."""
    made = watched()
    open_page(made, address)
    return made


@pytest.fixture(scope="module")
def media() -> dict[str, str]:
    """What the visitor of ``same_page`` prefers, such as reduced motion."""
    return {}


@pytest.fixture(scope="module")
def link() -> str:
    """The picture and model that ``same_page`` begins with, as a link; what ships first if it is empty."""
    return ""


@pytest.fixture(scope="module")
def resident(visitors, address, media) -> Iterator[Visitor]:
    """The one visitor of all tests of a module that ask for ``same_page``."""
    visitor = visitors.borrow()
    visitor.arrive(address, **VIEWPORT, **media)
    yield visitor
    visitors.give_back(visitor)


@pytest.fixture
def same_page(request, resident, address, link, media):
    """The page as the test before has left it, but for what a link holds of the open view: that is at its default.

    A test that has failed leaves nothing.
    """
    made = resident.page
    if made.url.startswith("about:"):
        open_page(made, f"{address}#{link}")
        resident.first = made.evaluate(f"({_LINK})(vx.get('settled'))")
    yield made
    if request.node.stash.get(FAILED, True):
        problems, resident.faults = resident.faults, []
        made.goto("about:blank")
    else:
        problems = resident.again(**VIEWPORT, **media)
    assert not problems, "\n".join(problems)


@pytest.fixture
def room(same_page):
    """The page, not yet the stage, at the size of a projector."""
    same_page.set_viewport_size(ROOM)
    same_page.evaluate(NO_FULLSCREEN)
    return same_page


@pytest.fixture
def stage(room):
    """The stage, on Home, without any scene."""
    room.evaluate("vx.go('tab=home&present=1&deck=none', true)")
    room.wait_for_selector("body.vx-present")
    drawn(room)
    return room
