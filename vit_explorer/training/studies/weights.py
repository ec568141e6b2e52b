"""The weights that ship: which recipe makes each, and how many epochs of it fit into a given time.

``python -m vit_explorer.train --sweep weights --device cuda --minutes 10`` makes them all. The pace of every model is
measured first, on the machine at hand, and the epochs are laid out so that each schedule comes to its end in time.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch

from vit_explorer.data.dataset import Dataset
from vit_explorer.training.loop.events import Step
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.loop.trainer import Trainer
from vit_explorer.training.runs.atomic import write_json
from vit_explorer.training.studies.sweep import TAUGHT, Cell

PLAN = "plan.json"  # in the sweep's folder: the paces that were measured, and the epochs laid out from them
USABLE = 0.9  # share of the time that is laid out: the rest is for starting, testing and writing
GPU_STRIDE = 50  # steps between two waits for the device
WARM_STRIDES, TIMED_SECONDS = 2, 1.5  # of a measurement: what is not counted, and how long counts at least
TEACHER_SHARE = 1 / 3  # of a teacher's own training step: its forward pass


@dataclass(frozen=True)
class ShippedModel:
    """A checkpoint that ships.

    Attributes:
        long, short: the recipes for a GPU and for a CPU, each with as many epochs as it deserves.
        teacher: the checkpoint that has to be there before.
    """

    name: str
    long: Recipe
    short: Recipe
    teacher: str = ""

    def recipe(self, device: str) -> Recipe:
        """The recipe for a device, on it."""
        return replace(self.long if torch.device(device).type == "cuda" else self.short, device=device)


_COMMON = Recipe(
    optimizer="muon", lr=3e-3, schedule="linear", warmup=0.05, weight_decay=0.05, augment="crop-flip",
    label_smoothing=0.1, ema=0.995, validation=0.02, test_each_epoch=False, snapshots=24, batch_size=125,
)  # fmt: skip
_LONG = replace(_COMMON, lr=4e-3, warmup=0.03, ema=0.999, batch_size=500, rand_augment=5, erasing=0.15, mixup=0.2)
_CNN: dict[str, Any] = {"overrides": {"depth": 3, "norm": "batch", "widths": (64, 128, 256)}, "optimizer": "adamw"}
_DEIT: dict[str, Any] = {"overrides": {"embedding": "conv"}}

SHIPPED: tuple[ShippedModel, ...] = (  # in the order in which they are begun
    ShippedModel(
        "cnn-cifar10",
        replace(_LONG, model="cnn", lr=5e-3, epochs=120, mixup=0.0, **_CNN),
        replace(_COMMON, model="cnn", ema=0.99, epochs=30, **_CNN),
    ),
    ShippedModel("swin-cifar10", replace(_LONG, model="swin", epochs=150), replace(_COMMON, model="swin", epochs=30)),
    ShippedModel(
        "hybrid-cifar10",
        replace(_LONG, model="hybrid", epochs=140, mixup=0.1),
        replace(_COMMON, model="hybrid", epochs=30),
    ),
    ShippedModel(
        "vit-conv-cifar10",
        replace(_LONG, model="vit-conv", epochs=240, rand_augment=3, erasing=0.1, mixup=0.0),
        replace(_COMMON, model="vit-conv", epochs=60),
    ),
    ShippedModel(
        "deit-cifar10",
        replace(_LONG, model="deit", epochs=200, erasing=0.1, **_DEIT),
        replace(_COMMON, model="deit", rand_augment=5, epochs=40, **_DEIT),
        teacher="cnn-cifar10",
    ),
    ShippedModel("vit-cifar10", replace(_LONG, model="vit", epochs=250), replace(_COMMON, model="vit", epochs=60)),
)


def stride_on(device: str) -> int:
    """Steps between two waits for a device."""
    return GPU_STRIDE if torch.device(device).type == "cuda" else 1


def measure_pace(recipe: Recipe, dataset: Dataset) -> float:
    """Seconds that one epoch of a recipe takes alone on its device, its teacher and its validation left out."""
    trainer = Trainer(replace(recipe, teacher="", snapshots=2, epochs=10_000), dataset, stride=stride_on(recipe.device))
    steps = (event for event in trainer.events() if isinstance(event, Step))
    for _ in range(WARM_STRIDES):
        before = next(steps)
    first, started = before.step, time.perf_counter()
    while (passed := time.perf_counter() - started) < TIMED_SECONDS or before.step == first:
        before = next(steps)
    return passed / (before.step - first) * trainer.steps_per_epoch


def lay_out(
    models: Sequence[ShippedModel], paces: Mapping[str, float], device: str, seconds: float, seeds: int = 1
) -> dict[str, int]:
    """How many epochs of each model fit: all of them get the same share of what they deserve, at most the whole.

    Args:
        paces: seconds of one epoch alone, by name. Models that share a device are taken to share its time.
        seconds: for all models and seeds together; USABLE of it is laid out.
    Raises:
        ValueError: if not even one epoch of each fits; the message says how long they take.
    """
    costs = {}
    for model in models:
        pace = paces[model.name] + TEACHER_SHARE * paces.get(model.teacher, 0.0)
        costs[model.name] = pace * model.recipe(device).epochs
    share = min(1.0, USABLE * seconds / (seeds * sum(costs.values())))
    epochs = {model.name: int(share * model.recipe(device).epochs) for model in models}
    if min(epochs.values()) < 1:
        needed = seeds * sum(costs[model.name] / model.recipe(device).epochs for model in models) / USABLE
        raise ValueError(f"one epoch of each model takes about {needed / 60:.1f} minutes here: give it more time")
    return epochs


def plan(
    folder: Path,
    device: str,
    minutes: float | None,
    dataset: Dataset,
    seeds: int = 1,
    models: Sequence[ShippedModel] = SHIPPED,
) -> dict[str, int]:
    """The epochs of each model, by name: those that the folder's plan has, or else newly laid out and written there.

    Args:
        minutes: the time for all; None for all epochs that each model deserves.
    """
    path = folder / PLAN
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))["epochs"]
    if minutes is None:
        epochs = {model.name: model.recipe(device).epochs for model in models}
        paces: dict[str, float] = {}
    else:
        started = time.perf_counter()
        paces = {model.name: measure_pace(model.recipe(device), dataset) for model in models}
        epochs = lay_out(models, paces, device, 60 * minutes - (time.perf_counter() - started), seeds)
    write_json(path, {"device": device, "minutes": minutes, "seconds an epoch": paces, "epochs": epochs})
    return epochs


def weight_cells(
    folder: Path,
    device: str,
    epochs: Mapping[str, int],
    seeds: int = 1,
    models: Sequence[ShippedModel] = SHIPPED,
    **fields: Any,
) -> list[Cell]:
    """One run for each model and seed, a teacher before the models that learn from it.

    Args:
        epochs: of each model, by name.
        fields: of all recipes, such as the precision.
    """
    cells = []
    for seed in range(seeds):
        for model in models:
            teacher = str(folder / TAUGHT / f"{model.teacher}-seed{seed}") if model.teacher else ""
            recipe = replace(model.recipe(device), epochs=epochs[model.name], seed=seed, teacher=teacher, **fields)
            name = f"{model.name}-seed{seed}"
            cells.append(Cell(name, {"model": recipe.model, "checkpoint": model.name}, recipe, export_as=name))
    return cells


def ship(folder: Path, cells: Sequence[Cell], target: Path) -> list[Path]:
    """Copy the first seed's checkpoints to a folder, in place of those of the same names; return their cards.

    A card then holds the test accuracy of every seed, and calls its teacher by the name that it has there.
    """
    target.mkdir(parents=True, exist_ok=True)
    cards = []
    for cell in cells:
        if cell.recipe.seed != 0:
            continue
        name = str(cell.facts["checkpoint"])
        same = [other for other in cells if other.facts["checkpoint"] == name]
        found = [json.loads((folder / TAUGHT / f"{one.export_as}.json").read_text(encoding="utf-8")) for one in same]
        card, accuracies = found[0], [one["test_accuracy"] for one in found]
        card["seeds"] = {
            "test_accuracy": {one.recipe.seed: accuracy for one, accuracy in zip(same, accuracies, strict=True)},
            "mean": mean(accuracies),
            "standard_deviation": stdev(accuracies) if len(accuracies) > 1 else None,
        }
        taught_by = {other.export_as: str(other.facts["checkpoint"]) for other in cells}
        card["recipe"]["teacher"] = taught_by.get(Path(cell.recipe.teacher).name, "")
        for ending in ("pt", "positions.npz"):
            if (source := folder / TAUGHT / f"{cell.export_as}.{ending}").exists():
                shutil.copyfile(source, target / f"{name}.{ending}")
        cards.append(target / f"{name}.json")
        cards[-1].write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return cards
