"""Class-balanced subsets of a split, drawn by a seed."""

from __future__ import annotations

import torch
from torch import Tensor

from vit_explorer.data.dataset import Split


def balanced_subset(split: Split, size: int, seed: int) -> Split:
    """Class-balanced subset of ``size`` images, chosen and ordered by ``seed``.

    Counts differ by at most one between classes that have enough images; a class that has fewer gives all it has and
    the others fill up.

    Raises:
        ValueError: if the split holds fewer images than asked for.
    """
    if not 1 <= size <= len(split.y):
        raise ValueError(f"a subset of {size} pictures cannot be taken from {len(split.y)}")
    if size == len(split.y):
        return split
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(split.y), generator=generator)
    labels = split.y[order]
    # Each image's rank within its class; sorting by rank deals the classes out like cards.
    rank = torch.empty_like(labels)
    for label in labels.unique():
        of_class = labels == label
        rank[of_class] = torch.arange(int(of_class.sum()))
    chosen = order[torch.argsort(rank, stable=True)[:size]]
    chosen = chosen[torch.randperm(size, generator=generator)]
    return Split(split.x[chosen], split.y[chosen])


def cut_validation(split: Split, share: float, seed: int) -> tuple[Split, Split]:
    """Cut a class-balanced validation split off: (rest of training, validation).

    Args:
        share: of the images that go to validation, 0 <= share < 1; with 0 the validation split is empty.
    """
    held = held_out(split.y, share, seed)
    return Split(split.x[~held], split.y[~held]), Split(split.x[held], split.y[held])


def held_out(labels: Tensor, share: float, seed: int) -> Tensor:
    """Which of these are set aside, as many of each class, drawn by ``seed``: a boolean mask (n,)."""
    if not 0 <= share < 1:
        raise ValueError(f"a validation share must lie in [0, 1), not {share}")
    generator = torch.Generator().manual_seed(seed)
    held = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():
        of_class = (labels == label).nonzero().flatten()
        shuffled = of_class[torch.randperm(len(of_class), generator=generator)]
        held[shuffled[: round(share * len(of_class))]] = True
    return held
