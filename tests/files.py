"""Datasets as files."""

from pathlib import Path

import numpy as np

from vit_explorer.data.sources import Dataset


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
