"""CIFAR-10: search, download and loading."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from vit_explorer.data.dataset import Dataset, DatasetError, Split
from vit_explorer.data.own import open_npz, planes

DATA_VARIABLE = "VIT_EXPLORER_DATA"
DEFAULT_ROOT = "data"
CIFAR10_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR10_FOLDER = "cifar-10-batches-py"  # as torchvision unpacks it
CIFAR10_ARCHIVE_BYTES = 170_498_071  # cifar-10-python.tar.gz as its authors publish it
CIFAR10_SPLIT = "the official training and test splits"


def open_cifar10(root: str | os.PathLike[str] | None) -> Dataset:
    """Open CIFAR-10 from the first place that has a copy. Raises DatasetError."""
    place = find_cifar10(root)
    if place is None:
        looked = ", ".join(str(place) for place in cifar10_places(root))
        raise DatasetError(
            f"CIFAR-10 was not found in {looked}: download it (170 MB) with `python -m vit_explorer.train --download`, "
            f"point {DATA_VARIABLE} (or --data of app.py, --root of vit_explorer.train) at a copy, or use 'shapes', "
            "which needs no download."
        )
    if place.suffix == ".npz":
        return _named_cifar10(open_npz(place))
    return _open_cifar10_batches(place.parent)


def cifar10_places(root: str | os.PathLike[str] | None = None) -> list[Path]:
    """The files and folders in which CIFAR-10 is looked for, in order."""
    named = [root, os.environ.get(DATA_VARIABLE) or None, DEFAULT_ROOT]
    return [Path(place).expanduser() for place in named if place is not None]


def find_cifar10(root: str | os.PathLike[str] | None = None) -> Path | None:
    """Path of CIFAR-10 on this machine, unread; None if absent.

    The .npz file or the folder of torchvision's batches.
    """
    return next((found for place in cifar10_places(root) if (found := cifar10_in(place)) is not None), None)


def cifar10_in(place: str | os.PathLike[str]) -> Path | None:
    """:func:`find_cifar10` in a single place."""
    place = Path(place).expanduser()
    candidates = [place] if place.suffix == ".npz" else [place / "cifar10.npz", place / CIFAR10_FOLDER]
    return next((candidate for candidate in candidates if candidate.exists()), None)


def download_cifar10(root: str | os.PathLike[str] | None = None) -> Path:
    """Download CIFAR-10 (170 MB) through torchvision, with progress and checksums.

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


def _download_folder(root: str | os.PathLike[str] | None) -> Path:
    return next(place for place in cifar10_places(root) if place.suffix != ".npz")


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
    train, test = (Split(planes(part.data), torch.tensor(part.targets)) for part in parts)
    return Dataset("cifar10", train, test, CIFAR10_NAMES, str(folder), CIFAR10_SPLIT)
