"""Commands to a race, and what remains of it: its model, its curves, its commands."""

from __future__ import annotations

import base64
import csv
import io

import torch

from tests.ui.train.visits import YOURS, contenders, start
from vit_explorer.models import load_checkpoint
from vit_explorer.training.runs.export import command_line


def test_only_the_starter_commands_renames_and_deletes(visit):
    name = visit.race.name
    for request in (
        lambda: visit.ask("command", owner=YOURS, race=name, do="stop"),
        lambda: visit.ask("rename", owner=YOURS, race=name, title="Mine now"),
        lambda: visit.ask("remove", owner=YOURS, race=name),
        lambda: visit.ask("keep", owner=YOURS, race=name, label="ViT", name="stolen"),
    ):
        assert "Only who started this race" in request()["error"]
    assert visit.ask("rename", race=name, title=" A  better name ") == {"title": "A better name"}
    assert visit.ask("lobby")["races"][0]["title"] == "A better name"
    assert visit.ask("remove", race=name) == {}
    assert visit.ask("lobby")["races"] == []


def test_commands_are_checked(visit):
    race = start(visit, contenders(visit))["race"]
    assert "between 0.01 and 100" in visit.ask("command", race=race, do="lr", factor=1e9)["error"]
    assert "not 'explode'" in visit.ask("command", race=race, do="explode")["error"]
    assert visit.ask("command", race=race, do="lr", factor=0.5)["state"] == "paused"  # submitted, never trained
    told = visit.ask("follow", race=race, cursors={})
    assert [part["lr_changes"] for part in told["contenders"]] == [[[0, 0.5]], [[0, 0.5]]]


def test_a_kept_model_is_one_of_the_page(visit):
    answer = visit.ask("keep", race=visit.race.name, label="ViT", name="my-tiny")
    assert answer == {"model": "my-tiny"}
    checkpoint = visit.session.checkpoint("my-tiny")
    assert checkpoint.card["test_accuracy"] == visit.race.runs["ViT"].events()[-1].test_accuracy
    assert checkpoint.class_names == ["dark", "grey", "light"]
    assert len(checkpoint.position_snapshots()[0]) == 5
    assert "my-tiny" in [one.name for one in visit.session.checkpoints()[0]]
    loaded = load_checkpoint("my-tiny", [visit.service.runs_folder / "exported"])
    state = visit.race.runs["ViT"].peek_state()
    assert torch.equal(loaded.model.pos_embedding, state["model"]["pos_embedding"])
    assert "already" in visit.ask("keep", race=visit.race.name, label="CNN", name="my-tiny")["error"]
    assert "small letters" in visit.ask("keep", race=visit.race.name, label="CNN", name="../out")["error"]


def test_curves_are_exported_as_table_and_figure(visit):
    file = visit.ask("export", race=visit.race.name, format="csv", axis="epochs", **{"with": []})
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(file["data"]).decode("utf-8-sig"))))
    assert file["filename"] == f"{visit.race.name}.csv" and {row["run"] for row in rows} == {"ViT", "CNN"}
    for format, magic in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        request = {"format": format, "axis": "seconds", "with": [visit.race.name]}
        assert base64.b64decode(visit.ask("export", race=visit.race.name, **request)["data"]).startswith(magic)
    refused = visit.ask("export", race=visit.race.name, format="exe", axis="epochs", **{"with": []})["error"]
    assert "csv, png, svg, pdf" in refused and "'exe'" in refused


def test_the_commands_repeat_the_runs(visit):
    told = visit.ask("commands", race=visit.race.name)["commands"]
    assert {one["label"]: one["command"] for one in told} == {
        label: command_line(recipe) for label, recipe in visit.race.recipes().items()
    }
