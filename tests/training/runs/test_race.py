"""A race is a folder: made whole, opened by its name and nothing else, and damaged ones are said."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.training.written import EVENTS, RECIPE, refused
from vit_explorer.training.loop.events import Failed, Finished
from vit_explorer.training.runs.errors import RunError
from vit_explorer.training.runs.folder import RunFolder
from vit_explorer.training.runs.race import Race, list_races, owner_of
from vit_explorer.training.runs.status import INTERRUPTED, RaceStatus, outcome

RECIPES = {"ViT, plain": RECIPE, "CNN": RECIPE}
FINISHED, FAILED = EVENTS[-2:]
assert isinstance(FINISHED, Finished) and isinstance(FAILED, Failed)


def create(root: Path, **values) -> Race:
    return Race.create(root, RECIPES, **{"title": "Two models", **values})


@pytest.fixture
def race(tmp_path) -> Race:
    return create(tmp_path / "runs", preset="vit-cnn", owner=owner_of("mine"))


# --- made, found, named ---


def test_a_race_is_found_as_it_was_made(race):
    root = race.path.parent
    assert Race.open(root, race.name) == race == Race.at(race.path)
    assert list(race.runs) == ["ViT, plain", "CNN"]
    assert race.recipes() == RECIPES
    assert (race.title, race.preset) == ("Two models", "vit-cnn")
    assert list_races(root) == ([race], [])
    assert [path.name for path in root.iterdir()] == [race.name]  # nothing is left of its making


def test_names_made_of_time_and_labels_never_meet(tmp_path, monkeypatch):
    monkeypatch.setattr("time.strftime", lambda form: "now")
    races = [create(tmp_path) for _ in range(3)]
    assert [race.name for race in races] == ["now-vit-plain-cnn", "now-vit-plain-cnn-2", "now-vit-plain-cnn-3"]
    assert [Race.open(tmp_path, race.name) for race in races] == races


def test_a_name_that_is_taken_is_refused(tmp_path):
    first = create(tmp_path, name="mine")
    refused("mine exists already", lambda: create(tmp_path, name="mine", title="another"))
    assert list_races(tmp_path) == ([first], [])
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("label", ["", " ", "a/b", "..", ".a", "a\\b", "a:b", "a ", "a\n", "x" * 61, "CNN?"])
def test_labels_that_cannot_name_a_folder(tmp_path, label):
    with pytest.raises(ValueError, match="cannot be the name of a contender"):
        Race.create(tmp_path, {label: RECIPE}, title="A race")
    assert list(tmp_path.iterdir()) == []


def test_contenders_are_told_apart(tmp_path):
    for recipes in ({}, {"ViT": RECIPE, "vit": RECIPE}):  # some disks know no capitals
        with pytest.raises(ValueError, match="contenders"):
            Race.create(tmp_path, recipes, title="A race")


@pytest.mark.parametrize("title", ["", "   ", "x" * 81, "a\x07b"])
def test_titles_that_cannot_be(race, title):
    for act in (lambda: create(race.path.parent, title=title), lambda: race.rename(title)):
        with pytest.raises(ValueError, match="a title has 1 to 80 characters"):
            act()
    assert list_races(race.path.parent) == ([race], [])


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../runs", "a/b", "/etc", ".hidden", "kept", "exported", "no-such", "x" * 101, 3]
)
def test_nothing_else_can_be_opened(race, name):
    (race.path.parent / ".hidden").mkdir()
    refused("There is no race", lambda: Race.open(race.path.parent, name))


def test_the_newest_comes_first_and_other_folders_are_left_alone(tmp_path):
    made = [create(tmp_path, name=name) for name in ("b", "c", "a")]
    for race, day in zip(made, (2, 3, 1), strict=True):
        about = json.loads((race.path / "race.json").read_text())
        (race.path / "race.json").write_text(json.dumps(about | {"created": f"2026-11-0{day}T10:00:00+00:00"}))
    (tmp_path / "photos").mkdir()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "race.json").write_text("{}")  # the card of a model that somebody called race
    (tmp_path / "note.txt").write_text("")
    races, problems = list_races(tmp_path)
    assert ([race.name for race in races], problems) == (["c", "b", "a"], [])
    assert list_races(tmp_path / "nowhere") == ([], [])


def test_a_run_from_the_command_line_is_a_race_of_one(tmp_path):
    run = RunFolder.create(tmp_path / "vit-1", RECIPE)
    race = Race.open(tmp_path, "vit-1")
    assert (race.title, race.preset, race.owner) == ("vit-1", None, None)
    assert {label: one.path for label, one in race.runs.items()} == {"cnn": run.path}
    assert race.rename("My first").title == "My first"
    assert Race.open(tmp_path, "vit-1") == race.rename("My first")
    assert run.recipe() == RECIPE


def test_another_title(race):
    assert race.rename("  Who  wins? ").title == "Who wins?"
    assert Race.at(race.path) == race.rename("Who wins?")
    assert race.title == "Two models"


def test_only_the_starter_owns_it(race):
    assert race.owned_by("mine")
    assert not any(race.owned_by(other) for other in ("yours", "", owner_of("mine"), None, 3))
    assert not create(race.path.parent).owned_by("mine")
    assert "mine" not in (race.path / "race.json").read_text().replace(owner_of("mine"), "")


def test_deleted(race):
    other = create(race.path.parent)
    race.delete()
    assert list_races(race.path.parent) == ([other], [])
    assert [path.name for path in race.path.parent.iterdir()] == [other.name]
    refused("There is no race", lambda: Race.open(race.path.parent, race.name))


def test_not_deleted_while_it_trains(race):
    with race.runs["CNN"].claim():
        refused("is being trained", race.delete)
    assert race.recipes() == RECIPES


# --- damage ---


def harm(race: Race, what: str) -> None:
    about = json.loads((race.path / "race.json").read_text())
    if what == "no contender's recipe":
        (race.path / "CNN" / "recipe.json").unlink()
    elif what == "a contender's recipe":
        (race.path / "CNN" / "recipe.json").write_text("{")
    elif what == "an order that leads away":
        (race.path / "race.json").write_text(json.dumps(about | {"order": ["../other"]}))
    elif what == "no order":
        (race.path / "race.json").write_text(json.dumps(about | {"order": []}))
    elif what == "a title that is no text":
        (race.path / "race.json").write_text(json.dumps(about | {"title": 3}))
    elif what == "an owner that is no text":
        (race.path / "race.json").write_text(json.dumps(about | {"owner": ["x"]}))
    else:
        (race.path / "race.json").write_text(what)


@pytest.mark.parametrize(
    "what",
    [
        "",
        "{",
        "null",
        "[1]",
        "no contender's recipe",
        "a contender's recipe",
        "an order that leads away",
        "no order",
        "a title that is no text",
        "an owner that is no text",
    ],
)
def test_a_damaged_race_is_said_and_the_others_are_listed(race, what):
    other = create(race.path.parent)
    harm(race, what)
    races, problems = list_races(race.path.parent)
    assert races == [other]
    assert len(problems) == 1 and str(race.path) in problems[0]
    refused(str(race.path), lambda: Race.open(race.path.parent, race.name))


def test_a_folder_that_cannot_hold_races(tmp_path):
    (tmp_path / "file").write_text("in the way")
    refused("cannot hold a race", lambda: create(tmp_path / "file"))
    assert list_races(tmp_path / "file")[1] == [f"{tmp_path / 'file'} cannot be read: Not a directory."]


# --- how it stands ---


def ends_with(race: Race, **events) -> None:
    for label, event in zip(race.runs, events.values(), strict=True):
        race.runs[label].append(event)


def test_a_race_that_nobody_trains_was_interrupted(race):
    assert race.status() == RaceStatus("paused", INTERRUPTED)
    ends_with(race, one=EVENTS[0], other=FINISHED)
    assert race.status() == RaceStatus("paused", INTERRUPTED)
    assert not race.finished()


def test_why_it_rests_is_remembered_until_it_goes_on(race):
    for status in (RaceStatus("paused"), RaceStatus("failed", "There is no room.")):
        race.save_status(status)
        assert Race.at(race.path).status() == status
    race.save_status(None)
    assert race.status() == RaceStatus("paused", INTERRUPTED)
    race.save_status(None)


@pytest.mark.parametrize(
    ("state", "now"), [("paused", "paused"), ("stopped", "paused"), ("interrupted", "paused"), ("failed", "failed")]
)
def test_the_status_is_read_from_the_file_that_older_versions_wrote(race, state, now):
    (race.path / "standing.json").write_text(f'{{"state": "{state}", "reason": "Why."}}')
    assert race.status() == RaceStatus(now, "Why.")
    race.save_status(RaceStatus("paused"))
    assert race.status() == RaceStatus("paused")
    race.save_status(None)
    assert race.status() == RaceStatus("paused", INTERRUPTED)
    assert not (race.path / "standing.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": "flying", "reason": null}', '{"state": "stopped"}'])
def test_a_damaged_note_is_none(race, text):
    for name in ("status.json", "standing.json"):
        (race.path / name).write_text(text)
    assert race.status() == RaceStatus("paused", INTERRUPTED)


def test_who_trains_elsewhere(race):
    race.save_status(RaceStatus("paused"))
    with race.runs["CNN"].claim():
        assert race.busy()
        assert race.status() == RaceStatus("elsewhere")
    assert not race.busy()
    assert race.status() == RaceStatus("paused")


def test_a_race_is_over_when_all_are_and_lost_only_if_all_failed(race):
    race.save_status(RaceStatus("paused"))
    ends_with(race, one=FINISHED, other=FAILED)
    assert race.finished()
    assert race.status() == RaceStatus("finished", f"CNN: {FAILED.reason}")
    assert outcome({"a": RaceStatus("finished"), "b": RaceStatus("finished")}) == RaceStatus("finished")
    assert outcome({"a": RaceStatus("failed", "No."), "b": RaceStatus("failed", "No.")}) == RaceStatus("failed", "No.")
    different = outcome({"a": RaceStatus("failed", "No."), "b": RaceStatus("failed", "Never.")})
    assert different == RaceStatus("failed", "a: No. b: Never.")


def test_the_end_is_read_off_a_long_file(race):
    for _ in range(200):
        ends_with(race, one=EVENTS[1], other=EVENTS[1])
    assert race.ends() == {"ViT, plain": None, "CNN": None}
    ends_with(race, one=FAILED, other=FINISHED)
    assert race.ends() == {"ViT, plain": RaceStatus("failed", FAILED.reason), "CNN": RaceStatus("finished")}
    path = race.runs["CNN"].path / "events.jsonl"
    with path.open("a") as file:
        file.write('{"event": "St')  # a writer that was killed
    assert race.ends()["CNN"] == RaceStatus("finished")
    os.truncate(path, 0)
    assert race.ends()["CNN"] is None


def test_a_note_that_cannot_be_written(race):
    (race.path / "status.json.new").mkdir()
    with pytest.raises(RunError, match=r"status\.json cannot be written"):
        race.save_status(RaceStatus("paused"))
