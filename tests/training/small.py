"""A run that is over in a blink, and ways to compare two of them."""

import io
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import torch

from vit_explorer.training import Recipe
from vit_explorer.training.loop.events import Event

OVERRIDES = {"patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 1, "d_ff": 24}
RECIPE = Recipe(  # on the dataset "tiny": 18 pictures in batches of 7, 7 and 4; 9 steps
    overrides=OVERRIDES,
    epochs=3,
    batch_size=7,
    lr=3e-3,
    optimizer="adamw",
    weight_decay=0.1,
    schedule="cosine",
    warmup=0.2,
    lr_changes=((4, 0.5),),
    augment="crop-flip",
    validation=0.25,
    test_subset=6,
    label_smoothing=0.1,
    seed=3,
    snapshots=5,
)
TIMINGS = {"images_per_second", "seconds_left", "seconds"}


def plain(events: Iterable[Event]) -> list[tuple[str, dict[str, Any]]]:
    """Events to compare: without what the clock says, and with tensors as numbers."""
    return [
        (
            type(event).__name__,
            {
                field.name: value.tolist() if isinstance(value, torch.Tensor) else value
                for field in fields(event)
                if field.name not in TIMINGS
                for value in [getattr(event, field.name)]
            },
        )
        for event in events
    ]


def kinds(events: Iterable[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def same(first: Any, second: Any) -> bool:
    """Equal to the last bit, through dicts and lists."""
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return first == second
