"""What a classifier confuses: how often each class was called each other one."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Confusion(NamedTuple):
    """``n`` images of class ``truth`` were called ``answer``."""

    truth: int
    answer: int
    n: int


def confusion_matrix(truth: Tensor, answers: Tensor, n_classes: int) -> Tensor:
    """Confusion matrix (C, C) int64: rows are true classes, columns predicted ones.

    Args:
        truth, answers: (n,) class indices.
    """
    return torch.bincount(truth * n_classes + answers, minlength=n_classes**2).reshape(n_classes, n_classes)


def recall(matrix: Tensor) -> Tensor:
    """Recall per class (C,): the share of its images that were called so; NaN for a class without images."""
    return matrix.diagonal().double() / matrix.sum(dim=1)


def precision(matrix: Tensor) -> Tensor:
    """Precision per class (C,): the share of images called so that are; NaN for a class that is never predicted."""
    return matrix.diagonal().double() / matrix.sum(dim=0)


def most_confused(matrix: Tensor, count: int) -> list[Confusion]:
    """The largest cells off the diagonal, the largest first, at most ``count`` and only where there are mistakes."""
    off = matrix.clone()
    off.fill_diagonal_(0)
    found, at = off.flatten().sort(descending=True, stable=True)
    n = min(count, int((found > 0).sum()))
    return [Confusion(*divmod(int(place), len(off)), int(size)) for place, size in zip(at[:n], found[:n], strict=True)]
