"""Own images: an .npz archive, or a folder with a folder for each class."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vit_explorer.data.dataset import IMG_SIZES, Dataset, DatasetError, Split
from vit_explorer.data.subsets import cut_validation

MAX_CLASSES = 1_000
FOLDER_TEST_SHARE = 0.2  # of a folder without train/ and test/, drawn per class with FOLDER_SEED
FOLDER_SEED = 0


def open_npz(path: Path) -> Dataset:
    """Open an .npz archive of images and classes.

    ``x_train y_train x_test y_test``, images (n, S, S, 3) uint8 with S of 8 to 128, and optional ``class_names``.

    Raises:
        DatasetError: if it is not there, damaged, or holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: np.asarray(archive[name]) for name in archive.files}
    except FileNotFoundError as error:
        raise DatasetError(f"There is no file {path}.") from error
    except Exception as error:  # a damaged archive can make its reader raise anything
        raise DatasetError(f"{path} cannot be read as an .npz archive: {error}.") from error
    missing = [name for name in ("x_train", "y_train", "x_test", "y_test") if name not in arrays]
    if missing:
        raise DatasetError(f"{path} lacks {', '.join(missing)}: it needs x_train, y_train, x_test and y_test.")
    train, test = (_checked_split(arrays[f"x_{part}"], arrays[f"y_{part}"], path) for part in ("train", "test"))
    if train.x.shape[1:] != test.x.shape[1:]:
        raise DatasetError(f"{path} has training pictures of another size than test pictures.")
    n_classes = int(torch.cat([train.y, test.y]).max()) + 1
    names = _class_names(arrays.get("class_names"), n_classes, path)
    return Dataset(path.stem, train, test, names, str(path), "training and test pictures as given in the file")


def open_folder(folder: Path, img_size: int) -> Dataset:
    """Open images in ImageFolder layout, resized to ``img_size`` pixels a side.

    Raises:
        DatasetError: if it is no such folder, a class is empty, or an image cannot be read.
    """
    from torchvision.datasets import ImageFolder

    low, high = IMG_SIZES
    if not low <= img_size <= high:
        raise DatasetError(f"Pictures can be brought to {low} to {high} pixels a side, not to {img_size}.")
    parts = [folder / part for part in ("train", "test")]
    if not all(part.is_dir() for part in parts):
        if parts[0].is_dir() and any(part.is_dir() for part in parts[0].iterdir()):
            raise DatasetError(f"{folder} holds train/ but no test/: give it both, or the folder of one of them.")
        parts = [folder]
    try:
        found = [ImageFolder(part, allow_empty=True) for part in parts]
    except FileNotFoundError as error:
        raise DatasetError(f"{folder} is no image folder: it needs one folder of pictures per class.") from error
    names = tuple(found[0].classes)
    for part in found:
        if part.classes != found[0].classes:
            raise DatasetError(f"{folder}/train and {folder}/test hold different classes.")
        _check_classes_filled(part.targets, names, Path(part.root))
    splits = [_read_pictures(part.samples, img_size) for part in found]
    if len(splits) == 2:
        train, test = splits
        split = "training and test pictures as given in the folder"
    else:
        train, test = cut_validation(splits[0], FOLDER_TEST_SHARE, seed=FOLDER_SEED)
        split = f"a test split of {FOLDER_TEST_SHARE:.0%} per class, cut off the folder with seed {FOLDER_SEED}"
    if not len(test.y):
        raise DatasetError(f"{folder} holds too few pictures per class to set some aside for testing: it needs three.")
    return Dataset(folder.name, train, test, names, str(folder), split)


def _checked_split(x: np.ndarray, y: np.ndarray, path: Path) -> Split:
    if x.dtype != np.uint8 or x.ndim != 4 or x.shape[3] != 3 or x.shape[1] != x.shape[2]:
        raise DatasetError(f"{path} holds pictures as {x.dtype} {x.shape}: they must be uint8 (n, S, S, 3).")
    low, high = IMG_SIZES
    if not low <= x.shape[1] <= high:
        raise DatasetError(
            f"{path} holds pictures of {x.shape[1]} x {x.shape[1]} pixels: they must have {low} to {high} a side."
        )
    y = y.reshape(-1)
    if len(x) != len(y) or len(x) == 0:
        raise DatasetError(f"{path} holds {len(x)} pictures and {len(y)} labels: it needs as many of both, and some.")
    if not np.issubdtype(y.dtype, np.integer) or y.astype(np.int64).min() < 0:
        raise DatasetError(f"{path} holds labels that are not whole numbers from 0 up.")
    return Split(planes(x), torch.from_numpy(y.astype(np.int64)))


def _class_names(given: np.ndarray | None, n_classes: int, path: Path) -> tuple[str, ...]:
    if n_classes > MAX_CLASSES:
        raise DatasetError(f"{path} has labels up to {n_classes - 1}: at most {MAX_CLASSES:,} classes can be told.")
    if given is None:
        return tuple(str(label) for label in range(n_classes))
    names = tuple(name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in given.flat)
    if len(names) > MAX_CLASSES:
        raise DatasetError(f"{path} names {len(names)} classes: at most {MAX_CLASSES:,} can be told.")
    if len(names) < n_classes:
        raise DatasetError(f"{path} names {len(names)} classes but has labels up to {n_classes - 1}.")
    return names


def _check_classes_filled(labels: list[int], names: tuple[str, ...], folder: Path) -> None:
    empty = [name for label, name in enumerate(names) if label not in set(labels)]
    if empty:
        others = f" and {len(empty) - 1} more" if len(empty) > 1 else ""
        raise DatasetError(
            f"{folder / empty[0]}{others} holds no picture: every class needs some, so fill the folder or remove it."
        )


def _read_pictures(samples: Iterable[tuple[str, int]], img_size: int) -> Split:
    from vit_explorer.data.uploads import PictureError, fit_picture, load_picture

    pictures, labels = [], []
    for path, label in samples:
        try:
            pictures.append(fit_picture(load_picture(path), img_size))
        except PictureError as error:
            raise DatasetError(f"{path}: {error}") from error
        labels.append(label)
    return Split(torch.stack(pictures), torch.tensor(labels))


def planes(x: np.ndarray) -> Tensor:
    """Images of files to network layout, (n, H, W, 3) -> (n, 3, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
