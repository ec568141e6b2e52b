"""A ladder from the plain ViT to the DeiT: one ingredient of the recipe more on every rung, all else equal.

Source of the ingredients and their order: Touvron et al. 2021 (DeiT), table 9, weaker for pictures of 32 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vit_explorer.training.recipe import Recipe
from vit_explorer.training.sweep import TAUGHT, Cell

PICTURES, EPOCHS, BATCH = 5_000, 20, 60  # 60: so that a picture can stand in a batch three times
STOCHASTIC_DEPTH = 0.1  # of the last layer
TEACHER = "teacher"

COMMON = Recipe(
    model="vit", subset=PICTURES, epochs=EPOCHS, batch_size=BATCH, lr=1e-3, optimizer="adamw", schedule="linear",
    warmup=0.05, weight_decay=0.05, test_each_epoch=False, snapshots=2,
)  # fmt: skip


@dataclass(frozen=True)
class Rung:
    """What a rung adds to all below it: ``fields`` of the recipe."""

    name: str
    title: str
    fields: dict[str, Any]


RUNGS = (
    Rung("plain", "Plain ViT", {}),
    Rung("crop-flip", "crop and flip", {"augment": "crop-flip"}),
    Rung("smoothing", "label smoothing", {"label_smoothing": 0.1}),
    Rung("rand-augment", "RandAugment", {"rand_augment": 9}),
    Rung("erasing", "random erasing", {"erasing": 0.25}),
    Rung("mixing", "mixup or CutMix", {"mixup": 0.8, "cutmix": 1.0}),
    Rung("depth", "stochastic depth", {"overrides": {"stochastic_depth": STOCHASTIC_DEPTH}}),
    Rung("repeats", "repeated augmentation", {"repeats": 3}),
    Rung("distillation", "distillation token and teacher", {"model": "deit"}),
)


def ladder_cells(folder: Path, seeds: int = 1, **fields: Any) -> list[Cell]:
    """For every seed the rungs from below, and before the last its teacher: a CNN of the same pictures and seed."""
    cells: list[Cell] = []
    for seed in range(seeds):
        taught, recipe = f"{TEACHER}-seed{seed}", replace(COMMON, seed=seed, **fields)
        cnn = replace(recipe, model="cnn", augment="crop-flip")
        for rung in RUNGS:
            recipe = replace(recipe, **rung.fields)
            if recipe.model == "deit":
                cells.append(Cell(taught, {"rung": TEACHER}, cnn, kept_as=taught))
                recipe = replace(recipe, teacher=str(folder / TAUGHT / taught))
            cells.append(Cell(f"{rung.name}-seed{seed}", {"rung": rung.name}, recipe))
    return cells
