"""Where pictures come from. Every source ends as the same thing: resident uint8 tensors and a list of class names."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

DATA_VARIABLE = "VIT_EXPLORER_DATA"
DEFAULT_ROOT = "data"
CIFAR10_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR10_FOLDER = "cifar-10-batches-py"  # as torchvision unpacks it
CIFAR10_ARCHIVE_BYTES = 170_498_071  # cifar-10-python.tar.gz as its authors publish it

CIFAR10_SPLIT = "the official training and test splits"

SHAPES_TRAIN, SHAPES_TEST, SHAPES_SEED = 10_000, 2_000, 0
FOLDER_IMG_SIZE = 32  # pictures of an image folder are brought to this side unless the caller says another
FOLDER_TEST_SHARE = 0.2  # of a folder without train/ and test/, drawn per class with FOLDER_SEED
FOLDER_SEED = 0


class DatasetError(ValueError):
    """A dataset cannot be opened; the message says in a sentence what happened and what to do."""


class Split(NamedTuple):
    """Pictures x, (n, 3, H, W) uint8, and their classes y, (n,) int64."""

    x: Tensor
    y: Tensor


@dataclass(frozen=True)
class Dataset:
    """Two splits that never share a picture, the class names in label order, and where it was found.

    ``split`` says how training and test pictures were told apart, as the beginning of a sentence on a card.
    """

    name: str
    train: Split
    test: Split
    names: tuple[str, ...]
    origin: str
    split: str

    @property
    def img_size(self) -> int:
        return self.train.x.shape[-1]


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
        img_size: the side, in pixels, to which the pictures of a folder are brought (32 unless said); the other
            sources keep their own.
    Raises:
        DatasetError: if it is not there or not usable.
    """
    if source == "cifar10":
        return _open_cifar10(root)
    if source == "shapes":
        return _draw_shapes()
    path = Path(source)
    if path.suffix == ".npz":
        return _open_npz(path)
    if path.is_dir():
        return _open_folder(path, img_size or FOLDER_IMG_SIZE)
    raise DatasetError(f"There is no dataset at {source!r}: give 'cifar10', 'shapes', an .npz file or an image folder.")


def cifar10_places(root: str | os.PathLike[str] | None = None) -> list[Path]:
    """The files and folders in which CIFAR-10 is looked for, in order."""
    named = [root, os.environ.get(DATA_VARIABLE) or None, DEFAULT_ROOT]
    return [Path(place).expanduser() for place in named if place is not None]


def find_cifar10(root: str | os.PathLike[str] | None = None) -> Path | None:
    """The .npz file or the folder of torchvision's batches that holds CIFAR-10, without reading it; None if absent."""
    return next((found for place in cifar10_places(root) if (found := cifar10_in(place)) is not None), None)


def cifar10_in(place: str | os.PathLike[str]) -> Path | None:
    """As :func:`find_cifar10`, in this one place."""
    place = Path(place).expanduser()
    candidates = [place] if place.suffix == ".npz" else [place / "cifar10.npz", place / CIFAR10_FOLDER]
    return next((candidate for candidate in candidates if candidate.exists()), None)


def download_cifar10(root: str | os.PathLike[str] | None = None) -> Path:
    """Download CIFAR-10 (170 MB) through torchvision, which prints a progress bar and checks the sums.

    It goes into the first folder in which it would be looked for. Follow it from elsewhere with
    :func:`cifar10_download_fraction`.

    Raises:
        DatasetError: if it cannot be fetched or written.
    """
    from torchvision.datasets import CIFAR10

    folder = _download_folder(root)
    try:
        CIFAR10(folder, download=True)
    except (OSError, RuntimeError) as error:  # no network, no space, or a sum that does not agree
        reason = getattr(error, "reason", None) or error
        reason = getattr(reason, "strerror", None) or reason
        raise DatasetError(
            f"CIFAR-10 could not be downloaded into {folder} ({reason}): check the network, or use 'shapes', "
            "which needs no download."
        ) from error
    return folder


def cifar10_download_fraction(root: str | os.PathLike[str] | None = None) -> float:
    """How much of the archive has arrived, 0 to 1, read off the growing file."""
    archive = _download_folder(root) / "cifar-10-python.tar.gz"
    return min(1.0, archive.stat().st_size / CIFAR10_ARCHIVE_BYTES) if archive.exists() else 0.0


def draw_split(part: Literal["train", "test"]) -> Split:
    """One split of "shapes", drawn now: 10,000 training or 2,000 test pictures, always the same ones."""
    from vit_explorer.data.shapes import draw_shapes

    count, seed = (SHAPES_TRAIN, SHAPES_SEED) if part == "train" else (SHAPES_TEST, SHAPES_SEED + 1)
    x, y = draw_shapes(count, seed)
    return Split(_planes(x), torch.from_numpy(y))


def balanced_subset(split: Split, size: int, seed: int) -> Split:
    """``size`` pictures with as many of each class as there can be, chosen and ordered by ``seed``.

    Counts differ by at most one between classes that have enough pictures; a class that has fewer gives all it has and
    the others fill up.

    Raises:
        ValueError: if the split holds fewer pictures than asked for.
    """
    if not 1 <= size <= len(split.y):
        raise ValueError(f"a subset of {size} pictures cannot be taken from {len(split.y)}")
    if size == len(split.y):
        return split
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(split.y), generator=generator)
    labels = split.y[order]
    # Each picture's rank within its class; sorting by rank deals the classes out like cards.
    rank = torch.empty_like(labels)
    for label in labels.unique():
        of_class = labels == label
        rank[of_class] = torch.arange(int(of_class.sum()))
    chosen = order[torch.argsort(rank, stable=True)[:size]]
    chosen = chosen[torch.randperm(size, generator=generator)]
    return Split(split.x[chosen], split.y[chosen])


def cut_validation(split: Split, share: float, seed: int) -> tuple[Split, Split]:
    """Cut a class-balanced validation split off a training split: (what remains, validation).

    Args:
        share: of the pictures that go to validation, 0 <= share < 1; with 0 the validation split is empty.
    """
    if not 0 <= share < 1:
        raise ValueError(f"a validation share must lie in [0, 1), not {share}")
    generator = torch.Generator().manual_seed(seed)
    held = torch.zeros(len(split.y), dtype=torch.bool)
    for label in split.y.unique():
        of_class = (split.y == label).nonzero().flatten()
        shuffled = of_class[torch.randperm(len(of_class), generator=generator)]
        held[shuffled[: round(share * len(of_class))]] = True
    return Split(split.x[~held], split.y[~held]), Split(split.x[held], split.y[held])


def _download_folder(root: str | os.PathLike[str] | None) -> Path:
    return next(place for place in cifar10_places(root) if place.suffix != ".npz")


def _open_cifar10(root: str | os.PathLike[str] | None) -> Dataset:
    place = find_cifar10(root)
    if place is None:
        looked = ", ".join(str(place) for place in cifar10_places(root))
        raise DatasetError(
            f"CIFAR-10 was not found in {looked}: download it (170 MB) with `python -m vit_explorer.train --download`, "
            f"point {DATA_VARIABLE} (or --data of app.py, --root of vit_explorer.train) at a copy, or use 'shapes', "
            "which needs no download."
        )
    if place.suffix == ".npz":
        return _named_cifar10(_open_npz(place))
    return _open_cifar10_batches(place.parent)


def _named_cifar10(found: Dataset) -> Dataset:
    if found.train.x.shape[1:] != (3, 32, 32) or len(found.names) != len(CIFAR10_NAMES):
        raise DatasetError(
            f"{found.origin} is not CIFAR-10: it holds pictures of {found.img_size} pixels in {len(found.names)} "
            "classes; open it by its path instead."
        )
    return Dataset("cifar10", found.train, found.test, CIFAR10_NAMES, found.origin, CIFAR10_SPLIT)


def _open_cifar10_batches(folder: Path) -> Dataset:
    from torchvision.datasets import CIFAR10

    try:
        parts = [CIFAR10(folder, train=train) for train in (True, False)]
    except (RuntimeError, OSError, EOFError) as error:
        raise DatasetError(
            f"The CIFAR-10 files in {folder} are incomplete or damaged: delete cifar-10-batches-py there and "
            "download it again."
        ) from error
    train, test = (Split(_planes(part.data), torch.tensor(part.targets)) for part in parts)
    return Dataset("cifar10", train, test, CIFAR10_NAMES, str(folder), CIFAR10_SPLIT)


def _draw_shapes() -> Dataset:
    from vit_explorer.data.shapes import CLASS_NAMES

    split = f"training and test pictures drawn with seeds {SHAPES_SEED} and {SHAPES_SEED + 1}"
    return Dataset("shapes", draw_split("train"), draw_split("test"), CLASS_NAMES, "drawn here", split)


def _open_npz(path: Path) -> Dataset:
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
    names = tuple(str(name) for name in arrays.get("class_names", np.arange(n_classes)).ravel())
    if len(names) < n_classes:
        raise DatasetError(f"{path} names {len(names)} classes but has labels up to {n_classes - 1}.")
    return Dataset(path.stem, train, test, names, str(path), "training and test pictures as given in the file")


def _checked_split(x: np.ndarray, y: np.ndarray, path: Path) -> Split:
    if x.dtype != np.uint8 or x.ndim != 4 or x.shape[3] != 3 or x.shape[1] != x.shape[2]:
        raise DatasetError(f"{path} holds pictures as {x.dtype} {x.shape}: they must be uint8 (n, S, S, 3).")
    y = y.reshape(-1)
    if len(x) != len(y) or len(x) == 0:
        raise DatasetError(f"{path} holds {len(x)} pictures and {len(y)} labels: it needs as many of both, and some.")
    if not np.issubdtype(y.dtype, np.integer) or y.astype(np.int64).min() < 0:
        raise DatasetError(f"{path} holds labels that are not whole numbers from 0 up.")
    return Split(_planes(x), torch.from_numpy(y.astype(np.int64)))


def _open_folder(folder: Path, img_size: int) -> Dataset:
    from torchvision.datasets import ImageFolder

    split_folders = [folder / part for part in ("train", "test")]
    try:
        if all(part.is_dir() for part in split_folders):
            found = [ImageFolder(part) for part in split_folders]
            if found[0].classes != found[1].classes:
                raise DatasetError(f"{folder}/train and {folder}/test hold different classes.")
            train, test = (_read_pictures(part.samples, img_size) for part in found)
            names = found[0].classes
            split = "training and test pictures as given in the folder"
        elif split_folders[0].is_dir() and any(part.is_dir() for part in split_folders[0].iterdir()):
            raise DatasetError(f"{folder} holds train/ but no test/: give it both, or the folder of one of them.")
        else:
            everything = ImageFolder(folder)
            names = everything.classes
            train, test = cut_validation(
                _read_pictures(everything.samples, img_size), FOLDER_TEST_SHARE, seed=FOLDER_SEED
            )
            split = f"a test split of {FOLDER_TEST_SHARE:.0%} per class, cut off the folder with seed {FOLDER_SEED}"
    except FileNotFoundError as error:
        raise DatasetError(
            f"{folder} is no image folder: it needs one folder of pictures per class. {error}"
        ) from error
    if not len(test.y):
        raise DatasetError(f"{folder} holds too few pictures per class to set some aside for testing: it needs three.")
    return Dataset(folder.name, train, test, tuple(names), str(folder), split)


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


def _planes(x: np.ndarray) -> Tensor:
    """(n, H, W, 3) as files hold it -> (n, 3, H, W) as networks want it."""
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
