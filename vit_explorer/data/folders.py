"""Images of a folder, or of a .zip archive of one, with a folder for each class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from vit_explorer.data.dataset import IMG_SIZES, Dataset, DatasetError, Skipped, Split
from vit_explorer.data.decode import PictureError
from vit_explorer.data.layout import Layout, read_layout
from vit_explorer.data.listing import Listing, list_files
from vit_explorer.data.subsets import held_out
from vit_explorer.data.uploads import MAX_BYTES, fit_picture, load_picture, measure_picture

FOLDER_TEST_SHARE = 0.2  # of a folder without a test split, drawn per class with FOLDER_SEED
FOLDER_SEED = 0
DECODED_SIDE = 2 * IMG_SIZES[1]  # pixels: no JPEG is reduced below it while it is decoded

Progress = Callable[[int, int], None]  # told how many of how many files have been read


@dataclass(frozen=True)
class Limits:
    """What is read at most: files, their bytes together and one by one once unpacked, and their pixels together."""

    files: int
    bytes: int
    pixels: int


def open_folder(path: Path, img_size: int, progress: Progress | None = None, limits: Limits | None = None) -> Dataset:
    """Open images in ImageFolder layout, in a folder or a .zip archive, resized to ``img_size`` pixels a side.

    What a file is says its content: pictures of any name are taken, other and damaged files are skipped and named.

    Raises:
        DatasetError: if it is no such folder, a class is empty, or there is more than the limits allow.
    """
    low, high = IMG_SIZES
    if not low <= img_size <= high:
        raise DatasetError(f"Pictures can be brought to {low} to {high} pixels a side, not to {img_size}.")
    listing = list_files(path)
    if limits:
        _check_limits(listing, limits)
    layout = read_layout(listing)
    files = layout.train + (layout.test or [])
    reading = _Reading(listing, img_size, limits, progress, len(files))
    name = path.stem if path.is_file() else path.resolve().name
    skipped = [Skipped(one, "It lies in no class's folder.") for one in layout.loose]
    skipped += [Skipped(one, "It cannot be looked into.") for one in listing.unreadable]
    taken = [reading.read(part) for part in (layout.train, layout.test or [])]
    skipped += reading.skipped
    for part, (kept, _) in zip((layout.train, layout.test), taken, strict=True):
        if part is not None:
            _check_kept(listing, layout, part, kept, reading.skipped)
    (kept, train), (kept_test, test) = taken
    if layout.test is None:
        held = held_out(train.y, FOLDER_TEST_SHARE, FOLDER_SEED)
        kept_test = [one for one, out in zip(kept, held.tolist(), strict=True) if out]
        train, test = Split(train.x[~held], train.y[~held]), Split(train.x[held], train.y[held])
        split = f"a test split of {FOLDER_TEST_SHARE:.0%} per class, cut off the folder with seed {FOLDER_SEED}"
    else:
        split = "training and test pictures as given in the folder"
    if not len(test.y):
        raise DatasetError(f"{path} holds too few pictures per class to set some aside for testing: it needs three.")

    def test_picture(index: int) -> Image.Image:
        return _load(listing, kept_test[index])

    return Dataset(name, train, test, layout.names, str(path), split, tuple(skipped), layout.notes, test_picture)


class _Reading:
    """Files read one by one, those that cannot be used noted."""

    def __init__(
        self, listing: Listing, img_size: int, limits: Limits | None, progress: Progress | None, total: int
    ) -> None:
        self.skipped: list[Skipped] = []
        self._listing, self._img_size, self._limits = listing, img_size, limits
        self._progress, self._total = progress, total
        self._done = self._pixels = 0

    def read(self, files: list[tuple[str, int]]) -> tuple[list[str], Split]:
        """The files that are pictures, and the pictures with their labels. Raises DatasetError past the limits."""
        pictures: list[Tensor] = []
        labels, kept = [], []
        for name, label in files:
            try:
                picture = _load(self._listing, name, self._count if self._limits else None)
            except PictureError as error:
                self.skipped.append(Skipped(name, str(error)))
            else:
                pictures.append(fit_picture(picture, self._img_size))
                labels.append(label)
                kept.append(name)
            self._done += 1
            if self._progress:
                self._progress(self._done, self._total)
        shape = (0, 3, self._img_size, self._img_size)
        images = torch.stack(pictures) if pictures else torch.empty(shape, dtype=torch.uint8)
        return kept, Split(images, torch.tensor(labels, dtype=torch.int64))

    def _count(self, data: bytes) -> None:
        assert self._limits is not None
        width, height = measure_picture(data)
        self._pixels += width * height
        if self._pixels > self._limits.pixels:
            raise DatasetError(
                f"{self._listing.root.name} holds over {self._limits.pixels / 1e9:g} thousand million pixels: make the "
                "pictures smaller, or take fewer."
            )


def _load(listing: Listing, name: str, count: Callable[[bytes], None] | None = None) -> Image.Image:
    """A picture of the listing; ``count`` sees its bytes before it is decoded. Raises PictureError."""
    try:
        data = listing.read(name, MAX_BYTES + 1)
    except Exception as error:  # a damaged archive can make its reader raise anything
        raise PictureError("This file cannot be read; choose it again.") from error
    if count:
        count(data)
    return load_picture(data, DECODED_SIDE)


def _check_limits(listing: Listing, limits: Limits) -> None:
    n, total = len(listing.files), sum(listing.files.values())
    if n > limits.files:
        raise DatasetError(f"{listing.root.name} holds {n:,} files: at most {limits.files:,} are taken.")
    if total > limits.bytes:
        raise DatasetError(
            f"{listing.root.name} holds {total / 2**20:,.0f} MB of files: at most {limits.bytes >> 20:,} MB are taken."
        )


def _check_kept(
    listing: Listing, layout: Layout, part: list[tuple[str, int]], kept: list[str], skipped: list[Skipped]
) -> None:
    """Refuse a class of which every file was skipped, with the first reason."""
    label_of = dict(part)
    held = {label_of[name] for name in kept}
    for name, label in part:
        if label not in held:
            reason = next(reason for file, reason in skipped if file == name)
            place = name.rpartition("/")[0]
            raise DatasetError(
                f"{listing.root / place} holds no picture: every class needs some, and {name.rpartition('/')[2]} was "
                f"skipped: {reason}"
            )
