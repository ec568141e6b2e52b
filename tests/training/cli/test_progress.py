"""What a terminal shows of a race: lines that stay, and bars only where somebody looks."""

import io
import os
import re

import pytest

from vit_explorer.training.cli import progress
from vit_explorer.training.cli.progress import Display
from vit_explorer.training.loop.events import Epoch, Failed, Finished, Snapshot, Started, Step


def step(number: int, total: int = 100) -> Step:
    return Step(number, total, 3, 6400, 30.0, 9.9, 1.2345, 0.5, 1e-3, 512.4, 150.0)


EPOCH = Epoch(3, 60, 6400, 12.3, 1.25, 0.5, None, 0.25)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch) -> Terminal:
    """Of 100 columns, drawn on without a pause."""
    monkeypatch.setattr(progress, "REDRAW_EVERY", 0.0)
    monkeypatch.setattr("shutil.get_terminal_size", lambda *_, **__: os.terminal_size((100, 30)))
    return Terminal()


def screen(text: str) -> list[str]:
    """The lines of bars that stand after all that was written: a wipe goes up some lines and clears from there on."""
    lines: list[str] = []
    for up, part in re.findall(r"(?:\x1b\[(\d+)F\x1b\[J)?((?:(?!\x1b).)*)", text, flags=re.DOTALL):
        lines = lines[: len(lines) - int(up)] if up else lines
        lines += part.splitlines()
    return lines


def test_lines_say_what_happened(capsys):
    shown = Display(["vit"])
    shown.show("vit", Started(0, 100, 20, 2500, 0, 10_000, 1000, 809_354))
    shown.show("vit", step(1))
    shown.show("vit", EPOCH)
    shown.show("vit", Epoch(4, 80, 6400, 12.3, 1.25, 0.5, 0.75, None))
    shown.show("vit", Finished(100, 9600, 20.4, None, 0.256))
    shown.show("vit", Failed(3, "It broke."))
    found = capsys.readouterr()
    assert found.out.splitlines() == [
        "809,354 parameters; 2,500 training, 0 validation and 10,000 test pictures (1,000 for the curve); "
        "step 0 of 100",
        "epoch   3  train loss 1.2500  train 50.00%  test 25.00%  12 s",
        "epoch   4  train loss 1.2500  train 50.00%  validation 75.00%  12 s",
        "test accuracy 25.60% after 20 s of training",
        "It broke.",
    ]
    assert found.err == ""  # no bar where nobody looks


def test_of_several_models_each_line_says_whose_it_is(capsys):
    shown = Display(["vit", "vit-conv"])
    shown.show("vit", EPOCH)
    shown.show("vit-conv", EPOCH)
    assert [line.split("epoch")[0] for line in capsys.readouterr().out.splitlines()] == ["vit       ", "vit-conv  "]


def test_each_model_has_a_bar_that_moves_in_its_place(terminal):
    shown = Display(["vit", "cnn"], terminal)
    shown.show("vit", step(10))
    shown.show("cnn", step(50))
    shown.show("vit", step(100))
    first, second = screen(terminal.getvalue())
    assert first == f"vit  [{'#' * 24}] epoch 3  loss 1.234  train 50.0%  512 img/s  2.5 min left"
    assert second.startswith(f"cnn  [{'#' * 12}{'.' * 12}] epoch 3")


def test_bars_make_room_for_lines_and_end_with_their_model(terminal, capsys):
    shown = Display(["vit", "cnn"], terminal)
    shown.show("vit", step(10))
    shown.show("cnn", step(50))
    shown.show("vit", EPOCH)
    assert len(screen(terminal.getvalue())) == 2
    assert "epoch   3" in capsys.readouterr().out
    shown.show("vit", Finished(100, 9600, 20.4, None, 0.256))
    assert [line[:3] for line in screen(terminal.getvalue())] == ["cnn"]
    shown.wipe()
    assert screen(terminal.getvalue()) == []


def test_bars_are_cut_to_the_terminal(terminal, monkeypatch):
    monkeypatch.setattr("shutil.get_terminal_size", lambda *_, **__: os.terminal_size((40, 30)))
    Display(["vit"], terminal).show("vit", step(10))
    assert [len(line) for line in screen(terminal.getvalue())] == [39]


def test_bars_are_not_drawn_more_often_than_one_can_see(terminal, monkeypatch):
    monkeypatch.setattr(progress, "REDRAW_EVERY", 1e9)
    shown = Display(["vit"], terminal)
    shown.show("vit", EPOCH)
    for number in range(1, 100):
        shown.show("vit", step(number))
    assert terminal.getvalue().count("epoch") == 0
    shown.show("vit", step(100))  # the last one is shown in any case
    assert terminal.getvalue().count("epoch") == 1


def test_what_is_no_news_for_a_terminal_is_not_shown(capsys):
    import torch

    Display(["vit"]).show("vit", Snapshot(1, 0.5, 7, 0.1, 0.5, None, torch.zeros(2, 2), 0, 0.5))
    assert capsys.readouterr() == ("", "")
