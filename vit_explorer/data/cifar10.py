"""CIFAR-10: search, download and loading."""

from __future__ import annotations

import hashlib
import os
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vit_explorer.data.dataset import Dataset, DatasetError, Split
from vit_explorer.data.npz import open_npz, planes

DATA_VARIABLE = "VIT_EXPLORER_DATA"
DEFAULT_ROOT = "data"
CIFAR10_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR10_FOLDER = "cifar-10-batches-py"  # as torchvision unpacks it
CIFAR10_ARCHIVE = "cifar-10-python.tar.gz"  # as its authors publish it
CIFAR10_ARCHIVE_BYTES = 170_498_071
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
    if _is_npz(place):
        return _named_cifar10(open_npz(place))
    return _open_cifar10_archive(place) if _is_archive(place) else _open_cifar10_batches(place)


def cifar10_places(root: str | os.PathLike[str] | None = None) -> list[Path]:
    """The files and folders in which CIFAR-10 is looked for, in order."""
    named = [root, os.environ.get(DATA_VARIABLE) or None, DEFAULT_ROOT]
    return [Path(os.path.expanduser(place)) for place in named if place is not None]


def find_cifar10(root: str | os.PathLike[str] | None = None) -> Path | None:
    """Path of CIFAR-10 on this machine, unread; None if absent.

    The .npz file, the folder of batches, or the authors' archive of it.
    """
    return next((found for place in cifar10_places(root) if (found := cifar10_in(place)) is not None), None)


def cifar10_in(place: str | os.PathLike[str]) -> Path | None:
    """:func:`find_cifar10` in a single place: a file, the folder of batches itself, or a folder that holds one."""
    place = Path(os.path.expanduser(place))
    if _is_npz(place) or _is_archive(place):
        return place if place.exists() else None
    if (place / "data_batch_1").exists() or (place.name == CIFAR10_FOLDER and place.exists()):
        return place
    archive = place / CIFAR10_ARCHIVE
    whole = archive.is_file() and archive.stat().st_size >= CIFAR10_ARCHIVE_BYTES  # else it is still on its way
    candidates = [place / "cifar10.npz", place / CIFAR10_FOLDER, *([archive] if whole else [])]
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
    archive = _download_folder(root) / CIFAR10_ARCHIVE
    return min(1.0, archive.stat().st_size / CIFAR10_ARCHIVE_BYTES) if archive.exists() else 0.0


def _download_folder(root: str | os.PathLike[str] | None) -> Path:
    """Where torchvision puts the archive and the folder of batches: beside each other."""
    place = next(place for place in cifar10_places(root) if not _is_npz(place))
    return place.parent if place.name == CIFAR10_FOLDER or _is_archive(place) else place


def _is_npz(place: Path) -> bool:
    return place.suffix.lower() == ".npz"


def _is_archive(place: Path) -> bool:
    return place.name.lower().endswith((".tar.gz", ".tgz"))


def _named_cifar10(found: Dataset) -> Dataset:
    if found.train.x.shape[1:] != (3, 32, 32) or len(found.names) != len(CIFAR10_NAMES):
        raise DatasetError(
            f"{found.origin} is not CIFAR-10: it holds pictures of {found.img_size} pixels in {len(found.names)} "
            "classes; open it by its path instead."
        )
    return Dataset("cifar10", found.train, found.test, CIFAR10_NAMES, found.origin, CIFAR10_SPLIT)


def _open_cifar10_batches(folder: Path) -> Dataset:
    """Read the folder of batches by torchvision, which checks their sums; it may be called anything."""
    from torchvision.datasets import CIFAR10

    class Here(CIFAR10):
        base_folder = folder.name

    try:
        parts = [Here(folder.parent, train=train) for train in (True, False)]
    except (RuntimeError, OSError, EOFError) as error:
        raise _damaged(folder) from error
    train, test = (Split(planes(part.data), torch.tensor(part.targets)) for part in parts)
    return Dataset("cifar10", train, test, CIFAR10_NAMES, str(folder.parent), CIFAR10_SPLIT)


def _open_cifar10_archive(path: Path) -> Dataset:
    """Read the batches in the authors' archive, unpacking nothing; each is unpickled only if its sum is the known one.

    Raises:
        DatasetError: if one is missing or other than its authors published it.
    """
    from torchvision.datasets import CIFAR10

    sums = {name: md5 for name, md5 in [*CIFAR10.train_list, *CIFAR10.test_list]}
    batches: dict[str, Any] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = member.name.rpartition("/")[2]
                if name in sums and (file := archive.extractfile(member)) is not None:
                    data = file.read()
                    if hashlib.md5(data).hexdigest() != sums[name]:
                        raise _damaged(path)
                    batches[name] = pickle.loads(data, encoding="latin1")
                if len(batches) == len(sums):
                    break
    except (tarfile.TarError, OSError, EOFError) as error:
        raise _damaged(path) from error
    if len(batches) < len(sums):
        raise _damaged(path)

    def split(names: list[str]) -> Split:
        rows = np.concatenate([batches[name]["data"] for name in names])
        labels = [label for name in names for label in batches[name]["labels"]]
        return Split(torch.from_numpy(rows.reshape(-1, 3, 32, 32)), torch.tensor(labels))

    train, test = (split([name for name, _ in part]) for part in (CIFAR10.train_list, CIFAR10.test_list))
    return Dataset("cifar10", train, test, CIFAR10_NAMES, str(path), CIFAR10_SPLIT)


def _damaged(place: Path) -> DatasetError:
    return DatasetError(
        f"The CIFAR-10 files in {place.parent} are incomplete or damaged: delete {place.name} there and download it "
        "again."
    )
