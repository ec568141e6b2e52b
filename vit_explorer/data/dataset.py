"""What every source of pictures ends as: resident uint8 tensors and a list of class names."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

IMG_SIZES = (8, 128)  # pixels, the side of the pictures that can be trained on here
FINGERPRINT_SAMPLE = 64  # pictures of each split that are looked at


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

    def fingerprint(self) -> dict[str, str]:
        """By what one can tell that data are the same: their sizes, class names, and a checksum, each as text.

        The checksum is of all labels and of pictures spread evenly over each split, wherever the data were found.
        """
        digest = hashlib.sha256()
        for split in (self.train, self.test):
            sample = torch.linspace(0, len(split.y) - 1, min(FINGERPRINT_SAMPLE, len(split.y))).long()
            digest.update(split.y.numpy().tobytes())
            digest.update(split.x[sample].contiguous().numpy().tobytes())
        sizes = ", ".join(str(tuple(split.x.shape)) for split in (self.train, self.test))
        return {"sizes": sizes, "class names": json.dumps(self.names), "pictures or labels": digest.hexdigest()}
