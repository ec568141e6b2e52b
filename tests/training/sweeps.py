"""Small sweeps: data of three classes, networks of a few weights."""

from dataclasses import replace

import torch

from tests.training.small import OVERRIDES
from vit_explorer.data.dataset import Dataset, Split
from vit_explorer.training.studies.sweep import Cell

SMALL = {
    "cnn": {"widths": (4, 8)}, "vit": OVERRIDES, "vit-conv": OVERRIDES, "deit": OVERRIDES,
    "hybrid": {"widths": (4, 4, 8), "d_model": 16, "n_heads": 2, "n_layers": 1, "d_ff": 24},
}  # fmt: skip


def tiny_dataset() -> Dataset:
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(0, 256, (600, 3, 32, 32), dtype=torch.uint8, generator=generator)
    y = torch.arange(600) % 3
    return Dataset("tiny", Split(x[:540], y[:540]), Split(x[540:], y[540:]), ("a", "b", "c"), "here", "here")


def shrunk(cell: Cell, **fields) -> Cell:
    """The cell with a small network in it."""
    overrides = SMALL[cell.recipe.model] | dict(cell.recipe.overrides)
    return replace(cell, recipe=replace(cell.recipe, overrides=overrides, **fields))
