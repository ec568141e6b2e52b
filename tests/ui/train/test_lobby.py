"""The lobby of the Train tab: what there is to choose from, and the races kept."""

from __future__ import annotations

import base64
import io
import shutil

import numpy as np
from PIL import Image

from tests.ui.train.visits import YOURS, contenders, start
from vit_explorer.training.runs.race import Race
from vit_explorer.training.studies.presets import PRESETS


def test_the_lobby_offers_presets_models_data_and_ranges(visit):
    lobby = visit.ask("lobby")
    assert [preset["name"] for preset in lobby["presets"]] == list(PRESETS)
    assert all(preset["teaches"] for preset in lobby["presets"])
    assert {"vit", "vit-conv", "cnn", "vit positions=none"} <= {model["key"] for model in lobby["models"]}
    assert lobby["limits"]["epochs"] == [1, 10_000] and "epochs" in lobby["counts"]
    assert lobby["choices"]["optimizer"] == ["adam", "adamw", "muon"]
    shapes, tiny = lobby["datasets"][-2:]
    assert (shapes["name"], shapes["n_train"], len(shapes["probes"])) == ("shapes", 10_000, 12)
    assert len({probe["label"] for probe in shapes["probes"]}) == 10  # all classes
    assert (tiny["name"], tiny["n_train"], tiny["n_test"]) == ("tiny", 24, 9)
    split, names = visit.session.test_split("tiny")
    for probe in tiny["probes"]:
        image = Image.open(io.BytesIO(base64.b64decode(probe["image"].partition(",")[2])))
        assert (np.asarray(image) == split.x[probe["index"]].permute(1, 2, 0).numpy()).all()
        assert probe["label"] == names[int(split.y[probe["index"]])]


def test_the_lobby_lists_races_with_their_latest_accuracies(visit):
    (line,) = visit.ask("lobby")["races"]
    assert (line["name"], line["title"], line["state"], line["mine"]) == (
        visit.race.name,
        "Two on tiny",
        "finished",
        True,
    )
    for one in line["contenders"]:
        assert one["test_accuracy"] == visit.race.runs[one["label"]].events()[-1].test_accuracy
    assert visit.ask("lobby", owner=YOURS)["races"][0]["mine"] is False


def test_no_path_of_the_server_reaches_the_page(visit, tmp_path):
    answers = [visit.ask("lobby"), visit.ask("follow", race=visit.race.name, cursors={})]
    assert str(tmp_path.parent) not in str([{**answer, "problems": []} for answer in answers])


def test_damaged_cards_leave_the_lobby_whole(visit):
    folder = visit.service.runs_folder / "exported"
    folder.mkdir()
    for name, text in {"cut": "{", "other": '{"note": 1}', "list": "[1]", "._cut": "\x00\x05\x16\x07"}.items():
        (folder / f"{name}.json").write_text(text)
    (folder / "folder.json").mkdir()
    lobby = visit.ask("lobby")
    assert [one["name"] for one in lobby["races"]] == [visit.race.name]
    for name in ("cut", "other", "list", "folder"):
        assert sum(str(folder / f"{name}.json") in problem for problem in lobby["problems"]) == 1
    assert "._cut" not in str(lobby["problems"])
    assert start(visit, contenders(visit))["race"]


def test_a_race_whose_events_are_a_folder_is_a_sentence(visit):
    other = Race.at(shutil.copytree(visit.race.path, visit.service.runs_folder / "other"))
    path = visit.race.runs["CNN"].path / "events.jsonl"
    path.unlink()
    path.mkdir()
    lobby = visit.ask("lobby")
    assert [one["name"] for one in lobby["races"]] == [other.name]
    assert [str(path) in problem for problem in lobby["problems"]].count(True) == 1
    assert str(path) in visit.ask("follow", race=visit.race.name, cursors={})["error"]


def test_unknown_and_damaged_races_are_sentences(visit):
    assert "There is no race" in visit.ask("follow", race="../weights", cursors={})["error"]
    (visit.race.runs["CNN"].path / "events.jsonl").write_text("{}\n")
    assert "is damaged" in visit.ask("follow", race=visit.race.name, cursors={})["error"]
    (visit.race.path / "race.json").write_text("{")
    lobby = visit.ask("lobby")
    assert lobby["races"] == [] and "race.json cannot be read" in lobby["problems"][-1]
