"""The lines of Python behind the views: each of them runs, and stands on the page ready to paste."""

from __future__ import annotations

import html
import re
import runpy
import shutil
from pathlib import Path

import pytest

from vit_explorer.ui.core import example
from vit_explorer.ui.core.example import IMAGE, MODEL, example_markup, read_example

PAGE = Path(example.__file__).parents[1]
VIEWS = sorted(path for path in PAGE.glob("*/*.html") if read_example(path))
PHOTO = Path(example.__file__).parents[2] / "data" / "photos" / "cat.jpg"


def test_every_example_belongs_to_a_view():
    files = [*PAGE.glob("*/*.example.txt"), *PAGE.glob("*/*.script.txt")]
    assert len(files) == len(VIEWS) >= 20
    assert all((path.parent / f"{path.name.split('.')[0]}.html").is_file() for path in files)


@pytest.mark.parametrize("view", VIEWS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_an_example_runs_and_prints(view, tmp_path, monkeypatch, capsys):
    script = read_example(view)
    shutil.copy(PHOTO, tmp_path / IMAGE)
    (tmp_path / "pasted.py").write_text(script, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path("pasted.py")
    assert capsys.readouterr().out or "assert" in script
    assert len(script.splitlines()) <= 16


def test_the_page_holds_the_script_as_it_is():
    view = PAGE / "attention" / "rollout.html"
    code = re.search(r"<code>(.*)</code>", example_markup(view), re.DOTALL)[1]
    assert html.unescape(code) == read_example(view)
    assert f'load_checkpoint("{MODEL}")\nimage' in html.unescape(code)
    assert example_markup(PAGE / "frame" / "frame.html") == ""
