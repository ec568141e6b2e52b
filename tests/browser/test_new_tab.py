"""A tab with one view, added to a copy of the package by the steps in docs/architecture.md, works like the others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from vit_explorer.bench.browser import running_app
from vit_explorer.bench.page import VIEWPORT, open_page
from vit_explorer.models.folders import CHECKPOINTS, PACKAGE, checkout
from vit_explorer.ui.core.terms import GLOSSARY

TAB = """
from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.toy.echo import double_number


def place_toy(session: Session) -> None:
    widget(__file__, "toy-echo", serve(session, double=double_number), elem_id="toy-echo")
"""
VIEW = """
from dataclasses import dataclass
from typing import Annotated, TypedDict

from vit_explorer.ui.core.requests import Range
from vit_explorer.ui.core.session import Session


@dataclass(frozen=True)
class DoubleRequest:
    model: str
    number: Annotated[int, Range(0, 99)]


class DoublePayload(TypedDict):
    doubled: int
    model: str


def double_number(session: Session, request: DoubleRequest) -> DoublePayload:
    return {"doubled": 2 * request.number, "model": session.checkpoint(request.model).name}
"""
HTML = '<section class="vx-panel"><p class="drawn"></p><p class="marked"></p><p class="answer"></p></section>'
SCRIPT = """
import { ask } from "../core/server.js";
import { widget } from "../core/widget.js";

export default widget((root, server) => ({
  topics: ["model"],
  async draw(state) {
    root.querySelector(".drawn").textContent = state.model.name;
    const answer = await ask(server, "double", { number: 21, model: state.model.name });
    if (answer) root.querySelector(".answer").textContent = `${answer.doubled} ${answer.model}`;
  },
  mark(state) {
    root.querySelector(".marked").textContent = String(state.token);
  },
}));
"""
STYLE = ".vx-toy-echo .drawn { color: rgb(1, 2, 3); }"
LAST_TAB = '                with gr.Tab("Compare", id="compare"):\n'


@pytest.fixture(scope="module")
def toy_address(tmp_path_factory):
    """A running app from a copy of the checkout that has a tab more."""
    copy = tmp_path_factory.mktemp("copy")
    source = checkout() or Path()
    shutil.copytree(PACKAGE, copy / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "pyproject.toml"):
        shutil.copy(source / name, copy / name)
    (copy / CHECKPOINTS).symlink_to(source / CHECKPOINTS)
    (copy / "docs").mkdir()
    shutil.copy(source / "docs" / GLOSSARY, copy / "docs" / GLOSSARY)
    page = copy / PACKAGE.name / "ui"
    (page / "toy").mkdir()
    for name, text in (
        ("__init__.py", ""),
        ("tab.py", TAB),
        ("echo.py", VIEW),
        ("echo.html", HTML),
        ("echo.js", SCRIPT),
        ("toy.css", STYLE),
    ):
        (page / "toy" / name).write_text(text, encoding="utf-8")
    app = (page / "app.py").read_text(encoding="utf-8")
    line = '                with gr.Tab("Toy", id="toy"):\n                    place_toy(session)\n'
    app = app.replace(LAST_TAB, line + LAST_TAB).replace(
        "from vit_explorer.ui.train.tab",
        "from vit_explorer.ui.toy.tab import place_toy\nfrom vit_explorer.ui.train.tab",
    )
    (page / "app.py").write_text(app, encoding="utf-8")
    with running_app("--runs", str(copy / "runs"), program=[str(copy / "app.py")]) as running:
        yield running


def test_a_new_tab_is_drawn_marked_styled_and_answered(browser, toy_address):
    page = browser.new_page(viewport=VIEWPORT)
    open_page(page, toy_address)
    page.get_by_role("tab", name="Toy", exact=True).click()
    view = page.locator(".vx-toy-echo")
    page.wait_for_function("document.querySelector('.vx-toy-echo .answer').textContent === '42 vit-cifar10'")
    assert view.locator(".drawn").inner_text() == "vit-cifar10"
    assert view.locator(".drawn").evaluate("(element) => getComputedStyle(element).color") == "rgb(1, 2, 3)"
    page.evaluate("vx.pin(7)")
    assert view.locator(".marked").inner_text() == "7"
    page.close()
