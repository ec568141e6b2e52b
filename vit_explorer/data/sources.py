"""Datasets by name or by path."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import torch

from vit_explorer.data.cifar10 import open_cifar10
from vit_explorer.data.dataset import Dataset, DatasetError, Split
from vit_explorer.data.own import open_folder, open_npz, planes

SHAPES_TRAIN, SHAPES_TEST, SHAPES_SEED = 10_000, 2_000, 0
FOLDER_IMG_SIZE = 32  # images of an image folder are brought to this side unless the caller says another


def open_dataset(
    source: str = "shapes", root: str | os.PathLike[str] | None = None, *, img_size: int | None = None
) -> Dataset:
    """Open a dataset as two resident uint8 splits.

    Args:
        source: "cifar10", "shapes" (drawn here, nothing to download), the path of an ``.npz`` with ``x_train y_train
            x_test y_test`` (n, H, W, 3 uint8) and optional ``class_names``, or the path of a folder in torchvision's
            ImageFolder layout, with or without ``train/`` and ``test/`` in it.
        root: where CIFAR-10 is looked for first: a folder or an .npz file. Then come the variable
            ``VIT_EXPLORER_DATA`` and ``./data``.
        img_size: the side, 8 to 128 pixels, to which the images of a folder are brought (32 unless said). The other
            sources keep their own, and refuse to be asked for another.
    Raises:
        DatasetError: if it is not there or not usable.
    """
    path = Path(source)
    if source == "cifar10":
        found = open_cifar10(root)
    elif source == "shapes":
        found = _draw_shapes()
    elif path.suffix == ".npz":
        found = open_npz(path)
    elif path.is_dir():
        found = open_folder(path, img_size or FOLDER_IMG_SIZE)
    else:
        raise DatasetError(
            f"There is no dataset at {source!r}: give 'cifar10', 'shapes', an .npz file or an image folder."
        )
    if img_size not in (None, found.img_size):
        raise DatasetError(
            f"The pictures of {source} have {found.img_size} pixels a side and stay so: only those of an image folder "
            f"can be brought to {img_size}."
        )
    return found


def draw_split(part: Literal["train", "test"]) -> Split:
    """Draw one split of "shapes": 10,000 training or 2,000 test images."""
    from vit_explorer.data.shapes import draw_shapes

    count, seed = (SHAPES_TRAIN, SHAPES_SEED) if part == "train" else (SHAPES_TEST, SHAPES_SEED + 1)
    x, y = draw_shapes(count, seed)
    return Split(planes(x), torch.from_numpy(y))


def _draw_shapes() -> Dataset:
    from vit_explorer.data.shapes import CLASS_NAMES

    split = f"training and test pictures drawn with seeds {SHAPES_SEED} and {SHAPES_SEED + 1}"
    return Dataset("shapes", draw_split("train"), draw_split("test"), CLASS_NAMES, "drawn here", split)
