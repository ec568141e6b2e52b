"""Datasets by name or by path."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import torch

from vit_explorer.data.cifar10 import open_cifar10
from vit_explorer.data.dataset import Dataset, DatasetError, Split
from vit_explorer.data.folders import Limits, Progress, open_folder
from vit_explorer.data.listing import check_archive
from vit_explorer.data.npz import open_npz, planes

SHAPES_TRAIN, SHAPES_TEST, SHAPES_SEED = 10_000, 2_000, 0
BUILT_IN = ("cifar10", "shapes")
ARCHIVES = (".npz", ".zip")  # endings of files, in small letters
FOLDER_IMG_SIZE = 32  # images of an image folder are brought to this side unless the caller says another


def open_dataset(
    source: str = "shapes",
    root: str | os.PathLike[str] | None = None,
    *,
    img_size: int | None = None,
    progress: Progress | None = None,
    limits: Limits | None = None,
) -> Dataset:
    """Open a dataset as two resident uint8 splits.

    Args:
        source: "cifar10", "shapes" (drawn here, nothing to download), the path of an ``.npz`` (see ``npz.open_npz``),
            or the path of a folder or .zip archive in torchvision's ImageFolder layout, with or without ``train/`` and
            ``test/`` in it. ``~`` is the home folder.
        root: where CIFAR-10 is looked for first: a folder, an .npz file or the archive of its authors. Then come the
            variable ``VIT_EXPLORER_DATA`` and ``./data``.
        img_size: the side, 8 to 128 pixels, to which the images of a folder are brought (32 unless said). The other
            sources keep their own, and refuse to be asked for another.
        progress: told how many of how many files of a folder have been read.
        limits: of what strangers send.
    Raises:
        DatasetError: if it is not there or not usable.
    """
    path = Path(os.path.expanduser(source))
    ending = path.suffix.lower()
    if source == "cifar10":
        found = open_cifar10(root)
    elif source == "shapes":
        found = _draw_shapes()
    elif path.is_dir() or ending == ".zip":
        if limits and path.is_file():
            check_archive(path, limits.files, limits.bytes)
        found = open_folder(path, img_size or FOLDER_IMG_SIZE, progress, limits)
    elif ending == ".npz":
        if limits and path.is_file():
            check_archive(path, limits.files, limits.bytes)
        found = open_npz(path)
    else:
        raise DatasetError(
            f"There is no dataset at {str(source)!r}: give 'cifar10', 'shapes', an .npz file, or an image folder, also "
            "as .zip."
        )
    if img_size not in (None, found.img_size):
        raise DatasetError(
            f"The pictures of {source} have {found.img_size} pixels a side and stay so: only those of an image folder "
            f"can be brought to {img_size}."
        )
    return found


def absolute_source(source: str) -> str:
    """A source as it is named from any working folder: paths absolute, "~" filled in, names of datasets as they are."""
    if source in BUILT_IN:
        return source
    return os.path.abspath(os.path.expanduser(source))


def source_name(source: str | os.PathLike[str]) -> str:
    """What a dataset is called: its own name, or that of its file without the ending, or that of its folder."""
    if source in BUILT_IN:
        return str(source)
    path = Path(absolute_source(os.fspath(source)))
    return path.stem if path.suffix.lower() in ARCHIVES and not path.is_dir() else path.name or "data"


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
