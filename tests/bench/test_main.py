"""The bench prints what was measured, says what could not be, and takes no measure that does not exist."""

import json

import pytest

from vit_explorer.bench import __main__ as bench
from vit_explorer.bench.browser import NoBrowser
from vit_explorer.bench.faithful import MODELS, N_PICTURES
from vit_explorer.bench.missing import NotMeasured


@pytest.fixture
def measures(monkeypatch):
    """Two measures, one of which cannot be taken; what they were asked with."""
    asked: list[tuple[str, str | None]] = []

    def quick(checkpoints):
        asked.append(("quick", checkpoints))
        return {"time, s": 0.123456, "rounds": 3}

    def absent(checkpoints):
        asked.append(("absent", checkpoints))
        raise NotMeasured("a tool is not installed")

    monkeypatch.setattr(bench, "MEASURES", {"quick": quick, "absent": absent})
    return asked


def test_what_was_measured_is_printed(measures, capsys):
    assert bench.main(["quick", "--checkpoints", "there"]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0] == "quick"
    assert [line.split() for line in shown.splitlines()[1:]] == [["time,", "s", "0.1235"], ["rounds", "3"]]
    assert measures == [("quick", "there")]


def test_what_could_not_be_measured_is_said_and_the_rest_is_taken(measures, capsys):
    assert bench.main(["absent", "quick", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["absent"] == {"not measured": "a tool is not installed"}
    assert said["quick"] == {"time, s": 0.123456, "rounds": 3}
    assert said["machine"] and said["versions"]["torch"]
    assert issubclass(NoBrowser, NotMeasured)


def test_all_are_taken_if_none_is_named(measures, capsys):
    assert bench.main([]) == 1
    assert [name for name, _ in measures] == ["quick", "absent"]


def test_a_table_is_printed_as_it_stands_and_faithful_gets_its_flags(monkeypatch, capsys):
    asked = []

    def faithful(checkpoints, data, n, models):
        asked.append((checkpoints, data, n, models))
        return {"pictures": n, "table": "| a |\n|---|"}

    monkeypatch.setattr(bench, "MEASURES", {"faithful": faithful})
    assert bench.main(["faithful", "--data", "there", "--n", "7", "--model", "mine", "other"]) == 0
    assert capsys.readouterr().out.splitlines()[2:] == ["", "| a |", "|---|", ""]
    assert bench.main(["faithful"]) == 0
    assert asked == [(None, "there", 7, ["mine", "other"]), (None, None, N_PICTURES, MODELS)]


def test_the_cards_are_measured_on_the_data_that_are_named(monkeypatch):
    asked = []
    monkeypatch.setattr(
        bench, "MEASURES", {"cards": lambda checkpoints, data: asked.append((checkpoints, data)) or {"all": 1}}
    )
    assert bench.main(["cards", "--data", "there", "--checkpoints", "here"]) == 0 and asked == [("here", "there")]


def test_what_does_not_exist_is_refused(capsys):
    with pytest.raises(SystemExit):
        bench.main(["speed"])
    shown = capsys.readouterr().err
    assert f"no measure 'speed': choose from {', '.join(bench.MEASURES)}" in shown
    assert {"startup", "point", "load", "cards", "learn"} <= set(bench.MEASURES)
