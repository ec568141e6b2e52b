"""What a measure needs, and the error where this machine has not got it."""

from __future__ import annotations

import os

from vit_explorer.data.sources import Dataset, DatasetError, open_dataset


class NotMeasured(RuntimeError):
    """A requirement of a measure is missing; the message names the missing part."""


def needed_cifar10(root: str | os.PathLike[str] | None = None) -> Dataset:
    """CIFAR-10, looked for in ``root`` first. Raises NotMeasured where it is not found."""
    try:
        return open_dataset("cifar10", root=root)
    except DatasetError as error:
        raise NotMeasured(str(error)) from error
