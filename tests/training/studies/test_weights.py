"""All weights that ship by one command: what fits into the time, who goes first, and what a kill costs."""

import errno
import json
import multiprocessing
import os
import random
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.small import same
from vit_explorer.data.sources import open_dataset
from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER, find_card, load_checkpoint
from vit_explorer.training.loop.events import Epoch
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.runs.folder import RunFolder
from vit_explorer.training.studies.abreast import _train, train_abreast
from vit_explorer.training.studies.sweep import TAUGHT, train_cell
from vit_explorer.training.studies.weights import (
    PLAN,
    SHIPPED,
    USABLE,
    ShippedModel,
    lay_out,
    measure_pace,
    plan,
    ship,
    weight_cells,
)

SMALL = Recipe(batch_size=10, optimizer="adamw", snapshots=3, test_each_epoch=False, epochs=3, augment="crop-flip")
VIT = {"d_model": 16, "n_heads": 2, "n_layers": 1, "d_ff": 24, "patch_size": 4}
CNN = replace(SMALL, model="cnn", overrides={"widths": (4, 8)})
DEIT = replace(SMALL, model="deit", overrides=VIT)
MODELS = (
    ShippedModel("small-cnn", long=CNN, short=CNN),
    ShippedModel("small-deit", long=DEIT, short=DEIT, teacher="small-cnn"),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    drawn = np.random.default_rng(0)
    path = tmp_path / "small.npz"
    pictures = {
        f"x_{split}": drawn.integers(0, 256, (n, 8, 8, 3), np.uint8) for split, n in (("train", 60), ("test", 30))
    }
    labels = {f"y_{split}": np.arange(n) % 3 for split, n in (("train", 60), ("test", 30))}
    np.savez(path, **pictures, **labels)
    return path


def test_all_shipped_models_are_made_and_teachers_come_first():
    names = [model.name for model in SHIPPED]
    assert sorted(names) == sorted(path.stem for path in Path("checkpoints").glob("*-cifar10.json"))
    for place, model in enumerate(SHIPPED):
        assert model.teacher == "" or names.index(model.teacher) < place
        for recipe in (model.long, model.short):
            assert recipe.validation > 0 and not recipe.test_each_epoch  # the test split is looked at once
            assert recipe.snapshots >= 12


@pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.name)
def test_a_card_of_a_gpu_names_the_long_recipe(model):
    card = json.loads(find_card(model.name, [CHECKPOINT_FOLDER]).read_text(encoding="utf-8"))
    if card["recipe"]["device"] == "cpu":
        pytest.skip(f"{model.name} was trained on a CPU, by an earlier recipe")
    found = Recipe.from_dict(card["recipe"])
    assert found.teacher == model.teacher
    laid_out = ("epochs", "precision", "teacher")
    assert found == replace(model.recipe("cuda"), **{field: getattr(found, field) for field in laid_out})
    assert 0 < card["epochs_trained"] <= found.epochs <= model.long.epochs


@pytest.mark.parametrize("seeds", [1, 3])
def test_epochs_fit_into_the_time_and_every_model_gets_the_same_share(seeds):
    paces = {model.name: 1.0 + place for place, model in enumerate(SHIPPED)}
    seconds = 600.0 * seeds
    epochs = lay_out(SHIPPED, paces, "cuda", seconds, seeds)
    spent = sum(paces[model.name] * epochs[model.name] for model in SHIPPED)
    assert 0.7 * USABLE * seconds / seeds < spent <= USABLE * seconds / seeds
    shares = [epochs[model.name] / model.long.epochs for model in SHIPPED]
    assert max(shares) - min(shares) < 1 / min(model.long.epochs for model in SHIPPED) + 1e-9


def test_no_model_gets_more_epochs_than_it_deserves_or_none():
    paces = {model.name: 1e-3 for model in SHIPPED}
    assert lay_out(SHIPPED, paces, "cuda", 600.0) == {model.name: model.long.epochs for model in SHIPPED}
    with pytest.raises(ValueError, match=r"minutes"):
        lay_out(SHIPPED, dict.fromkeys(paces, 1000.0), "cuda", 60.0)


def test_a_plan_is_made_once(data, tmp_path):
    dataset = open_dataset(str(data))
    first = plan(tmp_path, "cpu", 100.0, dataset, models=MODELS)
    assert first == {"small-cnn": 3, "small-deit": 3}
    kept = json.loads((tmp_path / PLAN).read_text())
    assert set(kept["seconds an epoch"]) == set(first) and min(kept["seconds an epoch"].values()) > 0
    kept["epochs"]["small-cnn"] = 2
    (tmp_path / PLAN).write_text(json.dumps(kept))
    assert plan(tmp_path, "cpu", 1.0, dataset, models=MODELS)["small-cnn"] == 2


def test_the_pace_does_not_depend_on_how_long_the_recipe_is(data):
    dataset = open_dataset(str(data))
    assert measure_pace(replace(CNN, epochs=1), dataset) > 0  # one epoch is over before a measurement is


@pytest.mark.slow
def test_after_a_kill_the_same_command_ends_with_the_same_weights(data, tmp_path):
    def cells(folder: Path):
        return weight_cells(folder, "cpu", {"small-cnn": 8, "small-deit": 2}, models=MODELS, data=str(data))

    undisturbed, killed = tmp_path / "whole", tmp_path / "killed"
    dataset = open_dataset(str(data))
    for cell in cells(undisturbed):
        list(train_cell(undisturbed, cell, lambda _: dataset, half=True))

    first = cells(killed)[0]
    process = multiprocessing.get_context("spawn").Process(target=_train, args=(killed, first, None, 1))
    process.start()
    events = killed / first.name / "events.jsonl"
    deadline = time.monotonic() + 120
    while not (events.exists() and '"Epoch"' in events.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()

    assert train_abreast(killed, cells(killed), root=None, at_once=2, stride=1)
    for cell in cells(killed):
        whole, other = (
            torch.load(folder / TAUGHT / f"{cell.export_as}.pt", weights_only=True) for folder in (undisturbed, killed)
        )
        assert all(torch.equal(whole[key], other[key]) for key in whole)

    cards = [json.loads(path.read_text()) for path in ship(killed, cells(killed), tmp_path / "shipped")]
    assert [card["recipe"]["teacher"] for card in cards] == ["", "small-cnn"]
    for card, cell in zip(cards, cells(killed), strict=True):
        assert (
            card["seeds"]["test_accuracy"] == {"0": card["test_accuracy"]}
            and card["seeds"]["mean"] == card["test_accuracy"]
        )
        assert card["epochs_trained"] == cell.recipe.epochs
    assert sorted(path.name for path in (tmp_path / "shipped").glob("*.pt")) == ["small-cnn.pt", "small-deit.pt"]


def two_runs(folder: Path, data: Path):
    return weight_cells(folder, "cpu", {"small-cnn": 3, "small-deit": 2}, models=MODELS, data=str(data))


def train_all(folder: Path, data: Path, save_every: float, after_each=lambda number: None) -> int:
    """Train what is missing of both runs, each event as if it could be the last; how many events there were."""
    dataset, number = open_dataset(str(data)), 0
    for cell in two_runs(folder, data):
        for _ in train_cell(folder, cell, lambda _: dataset, half=True, save_every=save_every):
            after_each(number)
            number += 1
    return number


def outcome(folder: Path, data: Path) -> dict:
    """The weights and the cards of both, but for what the clock says."""
    found = {}
    for cell in two_runs(folder, data):
        card = json.loads((folder / TAUGHT / f"{cell.export_as}.json").read_text())
        del card["seconds"], card["history"]["seconds"]
        found[cell.name] = card, torch.load(folder / TAUGHT / f"{cell.export_as}.pt", weights_only=True)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("save_every", [0.0, 1_000.0])
def test_from_any_moment_on_the_same_command_ends_the_same(data, tmp_path, save_every):
    """What lies on the disk after an event is what a kill at that moment leaves."""
    folder, moments = tmp_path / "sweep", random.Random(7)
    count = train_all(folder, data, save_every)
    whole = outcome(folder, data)
    shutil.rmtree(folder)
    left = sorted(moments.sample(range(count), 4))
    train_all(folder, data, save_every, lambda n: shutil.copytree(folder, tmp_path / f"at-{n}") if n in left else None)
    for n in left:
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / f"at-{n}", folder)
        assert not all((folder / TAUGHT / f"{cell.export_as}.json").exists() for cell in two_runs(folder, data))
        train_all(folder, data, save_every)
        assert same(outcome(folder, data), whole)


def test_a_full_disk_costs_nothing_that_was_saved(data, tmp_path, monkeypatch):
    """From some moment on nothing can be written; when there is room again the same command ends as if never."""
    folder, other, room = tmp_path / "sweep", tmp_path / "whole", True
    train_all(other, data, 0.0)
    replace_file = os.replace

    def full(beside, path):
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace_file(beside, path)

    monkeypatch.setattr(os, "replace", full)

    def fills(number):
        nonlocal room
        room = number < 9

    with pytest.raises(ValueError, match="No space left"):
        train_all(folder, data, 0.0, fills)
    room = True
    train_all(folder, data, 0.0)
    for name, (card, weights) in outcome(folder, data).items():
        wanted_card, wanted = outcome(other, data)[name]
        card["recipe"]["teacher"] = wanted_card["recipe"]["teacher"]
        assert same(weights, wanted) and card == wanted_card


def test_the_numbers_of_a_card_are_those_of_its_run_and_of_the_file_beside_it(data, tmp_path):
    train_all(tmp_path, data, 0.0)
    test = open_dataset(str(data)).test
    for cell in two_runs(tmp_path, data):
        kept = load_checkpoint(cell.export_as, [tmp_path / TAUGHT])
        events = RunFolder(tmp_path / cell.name).events()
        epochs = [event for event in events if isinstance(event, Epoch)]
        history = kept.card["history"]
        assert history["epoch"] == [event.epoch for event in epochs] == list(range(1, cell.recipe.epochs + 1))
        assert history["train_accuracy"] == [round(event.train_accuracy, 4) for event in epochs]
        assert history["train_loss"] == [round(event.train_loss, 4) for event in epochs]
        assert kept.card["seconds"] == round(events[-1].seconds, 1)
        with torch.no_grad():
            right = kept.model(kept.preprocess(test.x)).argmax(dim=1) == test.y
        assert kept.card["test_accuracy"] == pytest.approx(right.float().mean().item())


def test_a_student_without_its_teacher_never_begins(data, tmp_path):
    cells = weight_cells(tmp_path, "cpu", {"small-cnn": 2, "small-deit": 2}, models=MODELS, data=str(data))
    assert not train_abreast(tmp_path, cells[1:], root=None, at_once=2, stride=1)
    assert not (tmp_path / cells[1].name).exists()
