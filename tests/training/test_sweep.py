"""The sweep: as many updates for all, teachers that saw no more than their pupils, going on where it stopped."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training.small import OVERRIDES
from vit_explorer.data.dataset import Dataset, Split
from vit_explorer.models import load_checkpoint
from vit_explorer.training.events import Finished
from vit_explorer.training.sweep import BATCH, MODELS, SIZES, Cell, Sweep, cells, curves, recipe_of

SMALL = {
    "cnn": {"widths": (4, 8)}, "vit": OVERRIDES, "vit-conv": OVERRIDES, "deit": OVERRIDES,
    "hybrid": {"widths": (4, 4, 8), "d_model": 16, "n_heads": 2, "n_layers": 1, "d_ff": 24},
}  # fmt: skip


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(0, 256, (600, 3, 32, 32), dtype=torch.uint8, generator=generator)
    y = torch.arange(600) % 3
    return Dataset("tiny", Split(x[:540], y[:540]), Split(x[540:], y[540:]), ("a", "b", "c"), "here", "here")


def sweep(folder: Path, dataset: Dataset, models=("cnn", "deit"), sizes=(125, 250), seeds=1) -> Sweep:
    planned = cells(seeds, models, sizes)
    recipes = {cell: replace(recipe_of(cell, folder, updates=4), overrides=SMALL[cell.model]) for cell in planned}
    return Sweep(folder, recipes, lambda _: dataset)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("model", MODELS)
def test_every_run_makes_as_many_updates(tmp_path, model, size):
    recipe = recipe_of(Cell(model, size, 3), tmp_path)
    assert recipe.epochs * (size // recipe.batch_size) == 2_000 and size % recipe.batch_size == 0
    assert (recipe.subset, recipe.seed, recipe.model) == (size, 3, model)
    same = recipe_of(Cell("cnn", 500, 3), tmp_path)
    assert replace(recipe, model="cnn", subset=500, epochs=same.epochs, teacher="") == same


def test_updates_that_make_no_whole_epochs_are_refused(tmp_path):
    with pytest.raises(ValueError, match="1000 updates are no whole epochs of 50,000 pictures: take a multiple of 400"):
        recipe_of(Cell("vit", 50_000, 0), tmp_path, updates=1_000)


def test_a_seed_is_whole_before_the_next_begins():
    planned = cells(2)
    assert len(planned) == len(set(planned)) == 2 * len(MODELS) * len(SIZES)
    assert [cell.seed for cell in planned] == [0] * 35 + [1] * 35
    assert planned.index(Cell("cnn", 500, 0)) < planned.index(Cell("deit", 500, 0))


def test_the_teacher_of_a_cell_learned_from_the_same_pictures(tmp_path, dataset):
    one = sweep(tmp_path, dataset)
    told = [(cell, event) for cell, event in one.events() if isinstance(event, Finished)]
    assert [cell.name for cell, _ in told] == ["cnn-125-seed0", "deit-125-seed0", "cnn-250-seed0", "deit-250-seed0"]
    for size in (125, 250):
        recipe = recipe_of(Cell("deit", size, 0), tmp_path, updates=4)
        folder, name = recipe.teacher.rsplit("/", 1)
        card = load_checkpoint(name, [folder]).card
        assert card["recipe"]["subset"] == size and card["recipe"]["seed"] == 0 and card["model"] == "cnn"


def test_results_hold_each_run_once_and_survive_a_stop(tmp_path, dataset):
    one = sweep(tmp_path, dataset)
    for cell, event in one.events():
        if cell.model == "deit" and isinstance(event, Finished):
            break  # somebody stops it here
    again = sweep(tmp_path, dataset)
    trained = [cell.name for cell, event in again.events() if isinstance(event, Finished)]
    assert trained == ["cnn-250-seed0", "deit-250-seed0"]
    results = json.loads((tmp_path / "results.json").read_text())
    assert results == json.loads(json.dumps(again.results())) and results["updates"] == 4
    assert [(p["model"], p["size"], p["seed"]) for p in results["points"]] == [
        ("cnn", 125, 0), ("deit", 125, 0), ("cnn", 250, 0), ("deit", 250, 0),
    ]  # fmt: skip
    assert all(0 <= point["test_accuracy"] <= 1 for point in results["points"])
    assert [*sweep(tmp_path, dataset).events()] == []


def test_a_folder_of_another_sweep_is_refused(tmp_path, dataset):
    one = sweep(tmp_path, dataset, models=("cnn",), sizes=(125,))
    assert [*one.events()]
    other = Sweep(
        tmp_path, {Cell("cnn", 125, 0): recipe_of(Cell("cnn", 125, 0), tmp_path, updates=8)}, lambda _: dataset
    )
    with pytest.raises(ValueError, match="holds a run of another recipe"):
        [*other.events()]


def test_curves_are_means_over_seeds_with_their_spread():
    points = [
        {"model": "vit", "size": size, "seed": seed, "test_accuracy": accuracy}
        for size, seed, accuracy in ((1000, 0, 0.5), (500, 0, 0.3), (500, 1, 0.5), (500, 2, 0.4))
    ]
    assert curves({"points": points}) == {
        "vit": [(500, pytest.approx(0.4), pytest.approx(0.1), 3), (1000, 0.5, 0.0, 1)]
    }


def test_all_sizes_are_whole_batches():
    assert all(size % BATCH == 0 for size in SIZES)
