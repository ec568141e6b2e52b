"""Dataset: resident uint8 tensors of two splits and the class names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor

IMG_SIZES = (8, 128)  # pixels, the side of the images that can be trained on here
REMARKED = 3  # skipped files that are named
FINGERPRINT_SAMPLE = 64  # images of each split that are looked at


class DatasetError(ValueError):
    """A dataset cannot be opened; the message names the fault and a remedy, on one line.

    Names of files may hold characters that are not printed, such as a line feed.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def printable(text: str) -> str:
    """Text on one line: characters that are not printed become replacement characters."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


class Split(NamedTuple):
    """Images x, (n, 3, H, W) uint8, and classes y, (n,) int64."""

    x: Tensor
    y: Tensor


class Skipped(NamedTuple):
    """A file that is not used, and why, as a sentence."""

    name: str
    reason: str


@dataclass(frozen=True)
class Dataset:
    """Two disjoint splits, the class names in label order, and the source.

    Attributes:
        split: how training and test images were told apart, as the beginning of a sentence on a card.
        skipped: files that are not used.
        notes: sentences about what else is left out.
        test_picture: the test image of an index as its file has it, which ``fit_picture`` brings to any size; None
            where the images of the split are all there is.
    """

    name: str
    train: Split
    test: Split
    names: tuple[str, ...]
    origin: str
    split: str
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    test_picture: Callable[[int], Image.Image] | None = None

    @property
    def img_size(self) -> int:
        return self.train.x.shape[-1]

    def remarks(self) -> list[str]:
        """Sentences about what of the source is not used."""
        said = list(self.notes)
        if self.skipped:
            first = "; ".join(f"{name}: {reason.rstrip('.')}" for name, reason in self.skipped[:REMARKED])
            more = f"; and {len(self.skipped) - REMARKED} more" if len(self.skipped) > REMARKED else ""
            files = "file was" if len(self.skipped) == 1 else "files were"
            said.append(f"{len(self.skipped)} {files} skipped ({first}{more}).")
        return [f"{self.name}: {one}" for one in said]

    def fingerprint(self) -> dict[str, str]:
        """Fingerprint of a dataset: sizes, class names and a checksum, as text.

        The checksum is of all labels and of images spread evenly over each split, wherever the data were found.
        """
        digest = hashlib.sha256()
        for split in (self.train, self.test):
            sample = torch.linspace(0, len(split.y) - 1, min(FINGERPRINT_SAMPLE, len(split.y))).long()
            digest.update(split.y.numpy().tobytes())
            digest.update(split.x[sample].contiguous().numpy().tobytes())
        sizes = ", ".join(str(tuple(split.x.shape)) for split in (self.train, self.test))
        return {"sizes": sizes, "class names": json.dumps(self.names), "pictures or labels": digest.hexdigest()}
