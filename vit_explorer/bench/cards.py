"""Test accuracy of each checkpoint, measured again and compared with its card."""

from __future__ import annotations

import os
from typing import Any

import torch

from vit_explorer.bench.missing import NotMeasured
from vit_explorer.data.dataset import Dataset
from vit_explorer.data.sources import DatasetError, open_dataset
from vit_explorer.models.checkpoint import (
    CHECKPOINT_FOLDER,
    Checkpoint,
    CheckpointError,
    list_checkpoints,
    load_checkpoint,
)

TOLERANCE = 0.05  # points: what storing weights as float16, another machine or another kernel may move
AT_ONCE = 500  # images


def measure_cards(
    checkpoints: str | os.PathLike[str] | None = None, data: str | os.PathLike[str] | None = None
) -> dict[str, Any]:
    """Measured and stated accuracy of all checkpoints whose data are available.

    Args:
        data: where CIFAR-10 is looked for first.
    Returns:
        two numbers for each checkpoint, in percent, and the "largest difference" in points beside its tolerance.
    Raises:
        NotMeasured: if there is no checkpoint whose data are at hand, or a card is further from the truth than
            TOLERANCE: such a card must not ship.
    """
    folder = checkpoints or CHECKPOINT_FOLDER
    result: dict[str, Any] = {}
    differences: dict[str, float] = {}
    datasets: dict[str, Dataset] = {}
    for name in list_checkpoints([folder]):
        try:
            checkpoint = load_checkpoint(name, [folder])
            source = checkpoint.card["dataset"]["name"]
            datasets[source] = datasets.get(source) or open_dataset(source, root=data)
        except (DatasetError, CheckpointError) as error:
            result[f"{name}: not measured"] = str(error)
            continue
        said, found = checkpoint.card.get("test_accuracy"), test_accuracy(checkpoint, datasets[source])
        if said is None:
            result[f"{name}: not measured"] = "its card has no test accuracy"
            continue
        result[f"{name}: card, %"], result[f"{name}: measured, %"] = 100 * said, 100 * found
        differences[name] = 100 * abs(found - said)
    if not differences:
        raise NotMeasured(f"no checkpoint in {folder} can be measured: {result or 'there is none'}")
    worst = max(differences, key=differences.__getitem__)
    if differences[worst] > TOLERANCE:
        raise NotMeasured(f"the card of {worst} is {differences[worst]:.2f} points from what its weights reach")
    return result | {"largest difference, points": differences[worst], "tolerance, points": TOLERANCE}


@torch.inference_mode()
def test_accuracy(checkpoint: Checkpoint, dataset: Dataset) -> float:
    """Accuracy on all test images, in float32."""
    split = dataset.test
    right = 0
    for x, y in zip(split.x.split(AT_ONCE), split.y.split(AT_ONCE), strict=True):
        right += int((checkpoint.model(checkpoint.preprocess(x)).argmax(dim=1) == y).sum())
    return right / len(split.y)


test_accuracy.__test__ = False  # its name is the field's; pytest must not take it for a test
