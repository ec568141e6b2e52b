"""Sweeps: going on where they stopped, teachers that saw no more than their pupils, results that hold each run once."""

import json
from pathlib import Path

import pytest

from tests.training.sweeps import shrunk, tiny_dataset
from vit_explorer.data.dataset import Dataset
from vit_explorer.models import load_checkpoint
from vit_explorer.training.loop.events import Finished
from vit_explorer.training.studies.data_scaling import scaling_cells
from vit_explorer.training.studies.sweep import Cell, Sweep, shipped_results


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return tiny_dataset()


def planned(folder: Path, models=("cnn", "deit"), sizes=(100, 200), updates=4) -> list[Cell]:
    return [shrunk(cell) for cell in scaling_cells(folder, 1, updates, models=models, sizes=sizes)]


def sweep(folder: Path, dataset: Dataset, **options) -> Sweep:
    return Sweep("hunger", folder, planned(folder, **options), lambda _: dataset)


def test_the_teacher_of_a_cell_learned_from_the_same_pictures(tmp_path, dataset):
    told = [(cell, event) for cell, event in sweep(tmp_path, dataset).events() if isinstance(event, Finished)]
    assert [cell.name for cell, _ in told] == ["cnn-100-seed0", "deit-100-seed0", "cnn-200-seed0", "deit-200-seed0"]
    for cell, _ in told[1::2]:
        folder, name = cell.recipe.teacher.rsplit("/", 1)
        card = load_checkpoint(name, [folder]).card
        assert card["recipe"]["subset"] == cell.facts["size"] and card["recipe"]["seed"] == 0 and card["model"] == "cnn"


def test_results_hold_each_run_once_and_survive_a_stop(tmp_path, dataset):
    for cell, event in sweep(tmp_path, dataset).events():
        if cell.recipe.model == "deit" and isinstance(event, Finished):
            break  # somebody stops it here
    again = sweep(tmp_path, dataset)
    trained = [cell.name for cell, event in again.events() if isinstance(event, Finished)]
    assert trained == ["cnn-200-seed0", "deit-200-seed0"]
    results = json.loads((tmp_path / "results.json").read_text())
    assert results == json.loads(json.dumps(again.results())) and results["sweep"] == "hunger" and results["runs"] == 4
    assert [(p["model"], p["size"], p["seed"], p["images"]) for p in results["points"]] == [
        ("cnn", 100, 0, 200), ("deit", 100, 0, 200), ("cnn", 200, 0, 200), ("deit", 200, 0, 200),
    ]  # fmt: skip
    for accuracy in ("train_accuracy", "test_accuracy"):
        assert all(0 <= point[accuracy] <= 1 for point in results["points"])
    assert [*sweep(tmp_path, dataset).events()] == []


def test_results_say_where_the_runs_were_made_and_not_where_they_are_read(tmp_path, dataset, monkeypatch):
    def made_by(commit: str, sizes: tuple[int, ...]) -> dict:
        monkeypatch.setattr("vit_explorer.training.studies.sweep.current_commit", lambda: commit)
        one = sweep(tmp_path, dataset, models=("cnn",), sizes=sizes)
        for _ in one.events():
            pass
        return json.loads((tmp_path / "results.json").read_text())

    first = made_by("aaa", (100,))
    assert first["commit"] == "aaa" and made_by("bbb", (100,)) == first
    assert made_by("bbb", (100, 200))["commit"] == "aaa; bbb"


def test_a_run_whose_training_pictures_were_not_measured_is_said_to_be_old(tmp_path, dataset):
    one = sweep(tmp_path, dataset, models=("cnn",), sizes=(100,))
    for _ in one.events():
        pass
    events = tmp_path / "cnn-100-seed0" / "events.jsonl"
    *others, last = events.read_text().splitlines()
    last = {key: value for key, value in json.loads(last).items() if key != "train_accuracy"}
    events.write_text("\n".join([*others, json.dumps(last)]) + "\n")
    with pytest.raises(ValueError, match="before training pictures were measured"):
        one.results()


def test_the_recipe_in_the_results_is_what_all_runs_have_in_common(tmp_path, dataset):
    one = sweep(tmp_path, dataset)
    for _ in one.events():
        pass
    recipe = one.results()["recipe"]
    assert recipe["lr"] == 1e-3 and recipe["seed"] == 0
    assert not {"model", "subset", "teacher", "overrides", "epochs"} & set(recipe)


def test_a_folder_of_another_sweep_is_refused(tmp_path, dataset):
    assert [*sweep(tmp_path, dataset, models=("cnn",), sizes=(100,)).events()]
    with pytest.raises(ValueError, match="holds a run of another recipe"):
        [*sweep(tmp_path, dataset, models=("cnn",), sizes=(100,), updates=8).events()]


def test_results_that_ship_are_found_by_name(tmp_path):
    nothing = {"points": [], "runs": 0, "recipe": {}, "hardware": "", "commit": ""}
    (tmp_path / "hunger.json").write_text(json.dumps(nothing))
    assert shipped_results("hunger", tmp_path) == nothing and shipped_results("ladder", tmp_path) is None
