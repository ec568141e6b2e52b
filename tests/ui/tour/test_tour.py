"""The tour's file: a fault is one sentence that names step and field, and the guide knows all that can be said."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from vit_explorer.ui.door import main
from vit_explorer.ui.tour.tour import ACTS, FIELDS, NUMBERS, OPTIONAL, OWN, TourError, read_tour, tour_payload

REPOSITORY = Path(__file__).resolve().parents[3]
STEP = json.loads(OWN.read_text(encoding="utf-8"))[0]


def written(tmp_path, *steps) -> Path:
    path = tmp_path / "tour.json"
    path.write_text(json.dumps(steps), encoding="utf-8")
    return path


def test_what_ships_has_nine_acts_and_an_end():
    steps = read_tour()
    assert len(steps) == 10
    assert steps[-1].link.startswith("tab=home&")
    assert set(tour_payload(steps)["steps"][0]) == {*FIELDS, *OPTIONAL}


def test_a_link_may_be_copied_with_its_sign(tmp_path):
    assert read_tour(written(tmp_path, STEP | {"link": "#tab=windows"}))[0].link == "tab=windows"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"say": "It says {anser}."}, "say: {anser}"),
        ({"say": "  "}, "say"),
        ({"title": 3}, "title"),
        ({"wait": "2"}, "wait"),
        ({"wait": 61}, "wait"),
        ({"done": {}}, "done"),
        ({"done": {"press": ".a", "point": ".b"}}, "done"),
        ({"done": {"press": ".a", "is": "3"}}, "done"),
        ({"done": {"setting": "head"}}, "done: 'setting'"),
        ({"done": {"setting": ["head"], "is": 3}}, "done: 'is'"),
        ({"small": 3}, "small"),
        ({"small": [".a", 3]}, "small"),
        ({"done": {"race": "won"}}, "done: 'race'"),
        ({"done": {"race": "over", "until": ".a"}}, "done: 'until'"),
        ({"done": {"press": ".a", "until": " "}}, "done: 'until'"),
        ({"colour": "red"}, "'colour'"),
    ],
)
def test_a_fault_names_step_and_field(tmp_path, change, field):
    with pytest.raises(TourError, match=rf"step 2.*{re.escape(field)}") as caught:
        read_tour(written(tmp_path, STEP, STEP | change))
    assert "\n" not in str(caught.value)


def test_what_is_lit_where_there_is_little_room_may_be_one_or_several(tmp_path):
    one, several, none = (
        STEP | {"small": ".a"},
        STEP | {"small": [".a, .b", ".b"]},
        {key: value for key, value in STEP.items() if key != "small"},
    )
    assert [step.small for step in read_tour(written(tmp_path, one, several, none))] == [(".a",), (".a, .b", ".b"), ()]


def test_a_missing_field_is_named(tmp_path):
    with pytest.raises(TourError, match="step 1: the field 'act' is missing"):
        read_tour(written(tmp_path, {key: value for key, value in STEP.items() if key != "act"}))


def test_a_file_that_is_no_tour_is_said(tmp_path):
    path = tmp_path / "tour.json"
    with pytest.raises(TourError, match="cannot be read"):
        read_tour(path)
    for text, words in (("[{]", "line 1"), ("{}", "list of steps"), ("[]", "at least one"), ("[3]", "step 1")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(TourError, match=words):
            read_tour(path)


def test_the_program_says_a_fault_in_one_line_and_ends(tmp_path, capsys):
    path = written(tmp_path, STEP | {"wait": -1})
    assert main(["--tour", str(path), "--runs", str(tmp_path / "runs"), "--port", "0"]) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert "step 1, wait" in said[0]


def test_page_and_guide_know_the_same_numbers_fields_and_acts():
    script = (OWN.parent / "numbers.js").read_text(encoding="utf-8")
    body = script[script.index("export const NUMBERS") :]
    assert set(re.findall(r"^  (\w+)[(:]", body, re.MULTILINE)) == set(NUMBERS)
    guide = (REPOSITORY / "docs" / "teaching.md").read_text(encoding="utf-8")
    for name in (*NUMBERS, *FIELDS, *ACTS):
        assert f"`{name}`" in guide or f"`{{{name}}}`" in guide, name
