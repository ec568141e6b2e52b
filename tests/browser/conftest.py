"""A running app and a page in a real Chromium. Every test fails on a console error or a request to elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from vit_explorer.bench.browser import NoBrowser, chromium, find_chromium, running_app
from vit_explorer.bench.page import VIEWPORT, open_page


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
def address(runs, tmp_path_factory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TMPDIR", str(tmp_path_factory.mktemp("slots")))  # other trainings here are not waited for
        with running_app("--runs", str(runs)) as running:
            yield running


@pytest.fixture(scope="session")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def watched(browser, address):
    """Make pages that are watched for errors and foreign requests: watched(width, height) -> page, not yet opened."""
    contexts, problems = [], []

    def make(width: int = VIEWPORT["width"], height: int = VIEWPORT["height"], **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and problems.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
        page.on(
            "request",
            lambda request: (
                request.url.startswith((address, "data:", "blob:"))
                or problems.append(f"foreign request: {request.url}")
            ),
        )
        return page

    yield make
    for context in contexts:
        context.close()
    assert not problems, "\n".join(problems)


@pytest.fixture
def page(watched, address):
    """The page at 1280 x 720 with the finished example on it."""
    made = watched()
    open_page(made, address)
    return made
