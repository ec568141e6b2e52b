"""Datasets and weights as files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vit_explorer.data.sources import Dataset
from vit_explorer.models.checkpoint import save_checkpoint
from vit_explorer.models.zoo import create_model


def save_npz(dataset: Dataset, path: Path, copies_of_test: int = 1) -> Path:
    """Write a dataset as a file that ``open_dataset`` reads."""
    np.savez(
        path,
        x_train=dataset.train.x.permute(0, 2, 3, 1).numpy(),
        y_train=dataset.train.y.numpy(),
        x_test=dataset.test.x.permute(0, 2, 3, 1).numpy().repeat(copies_of_test, axis=0),
        y_test=dataset.test.y.numpy().repeat(copies_of_test, axis=0),
        class_names=np.array(dataset.names),
    )
    return path


def save_small_vit(
    folder: Path,
    name: str,
    classes: Sequence[str] = ("a", "b"),
    img_size: int = 8,
    patch_size: int = 4,
    epochs: int = 1,
) -> None:
    """Write a new ViT of one block, with a card that states no more than is needed."""
    sizes = {"img_size": img_size, "patch_size": patch_size, "d_model": 8, "n_heads": 2, "n_layers": 1, "d_ff": 8}
    overrides = {**sizes, "n_classes": len(classes)}
    card = {
        "model": "vit",
        "overrides": overrides,
        "dataset": {"name": "of a test", "classes": list(classes)},
        "normalise": {"mean": [0.0] * 3, "std": [1.0] * 3},
        "recipe": {"epochs": epochs},
    }
    save_checkpoint(create_model("vit", **overrides), card, name, folder)
