"""Images and classes in an .npz archive, as several programs write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vit_explorer.data.dataset import IMG_SIZES, Dataset, DatasetError, Split

MAX_CLASSES = 1_000
# Names of the four arrays: this package's and Keras', then MedMNIST's, then others that are met.
NAMES = {
    "x_train": ("x_train", "train_images", "X_train", "train_x"),
    "y_train": ("y_train", "train_labels", "Y_train", "train_y"),
    "x_test": ("x_test", "test_images", "X_test", "test_x"),
    "y_test": ("y_test", "test_labels", "Y_test", "test_y"),
}
CHANNELS = (1, 3)  # grey, and red, green, blue


def open_npz(path: Path) -> Dataset:
    """Open an .npz archive of images and classes.

    ``x_train y_train x_test y_test`` (or NAMES), and optional ``class_names``. Images are whole numbers of 0 to 255,
    (n, S, S) or (n, S, S, 1) grey, (n, S, S, 3), or with the channels first, S of 8 to 128; labels (n,) or (n, 1), or
    one-hot rows.

    Raises:
        DatasetError: if it is not there, damaged, or holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            wanted = {name for names in NAMES.values() for name in names} | {"class_names"}
            arrays = {name: np.asarray(archive[name]) for name in archive.files if name in wanted}
            others = sorted(set(archive.files) - wanted)
    except FileNotFoundError as error:
        raise DatasetError(f"There is no file {path}.") from error
    except Exception as error:  # a damaged archive can make its reader raise anything
        raise DatasetError(f"{path} cannot be read as an .npz archive: {error}.") from error
    found = {name: next((arrays[one] for one in known if one in arrays), None) for name, known in NAMES.items()}
    missing = [name for name, array in found.items() if array is None]
    if missing:
        raise DatasetError(f"{path} lacks {', '.join(missing)}: it needs x_train, y_train, x_test and y_test.")
    train, test = (_checked_split(found[f"x_{part}"], found[f"y_{part}"], path) for part in ("train", "test"))
    if train.x.shape[1:] != test.x.shape[1:]:
        raise DatasetError(f"{path} has training pictures of another size than test pictures.")
    n_classes = int(torch.cat([train.y, test.y]).max()) + 1
    names = _class_names(arrays.get("class_names"), n_classes, path)
    notes = (f"{', '.join(others[:5])} in the file {'is' if len(others) == 1 else 'are'} not used.",) if others else ()
    split = "training and test pictures as given in the file"
    return Dataset(path.stem, train, test, names, str(path), split, notes=notes)


def planes(x: np.ndarray) -> Tensor:
    """Images of files to network layout, (n, H, W, 3) -> (n, 3, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))


def _checked_split(x: np.ndarray | None, y: np.ndarray | None, path: Path) -> Split:
    assert x is not None and y is not None  # missing ones were named
    pictures = _pictures(x, path)
    low, high = IMG_SIZES
    side = pictures.shape[-1]
    if not low <= side <= high:
        raise DatasetError(f"{path} holds pictures of {side} x {side} pixels: they must have {low} to {high} a side.")
    numbers = y.dtype.kind in "buif"
    if numbers and y.ndim == 2 and y.shape[1] > 1 and np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all():
        y = y.argmax(axis=1)  # one-hot
    y = y.reshape(-1)
    if len(pictures) != len(y) or len(pictures) == 0:
        raise DatasetError(
            f"{path} holds {len(pictures)} pictures and {len(y)} labels: it needs as many of both, and some."
        )
    if not np.issubdtype(y.dtype, np.integer) or y.astype(np.int64).min() < 0:
        raise DatasetError(f"{path} holds labels that are not whole numbers from 0 up.")
    return Split(torch.from_numpy(pictures), torch.from_numpy(y.astype(np.int64)))


def _pictures(x: np.ndarray, path: Path) -> np.ndarray:
    """Images in any of the accepted layouts to (n, 3, S, S) uint8."""
    wrong = DatasetError(
        f"{path} holds pictures as {x.dtype} {x.shape}: they must be whole numbers of 0 to 255 such as uint8, as "
        "(n, S, S, 3), (n, 3, S, S) or, in grey, (n, S, S)."
    )
    if x.ndim == 3:
        x = x[:, :, :, None]
    if x.ndim != 4:
        raise wrong
    if x.shape[1] == x.shape[2] and x.shape[3] in CHANNELS:
        x = x.transpose(0, 3, 1, 2)
    elif not (x.shape[2] == x.shape[3] and x.shape[1] in CHANNELS):
        raise wrong
    if x.dtype.kind not in "ui" or (x.dtype != np.uint8 and x.size and not 0 <= x.min() <= x.max() <= 255):
        raise wrong
    return np.ascontiguousarray(np.broadcast_to(x, (len(x), 3, *x.shape[2:])).astype(np.uint8))


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
