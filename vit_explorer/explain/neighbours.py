"""Nearest images by the vector that a network's head reads, and what they say of its features.

Source: Caron et al. 2021, "Emerging Properties in Self-Supervised Vision Transformers", section 4.1: a k-NN on frozen
features. There neighbours are weighted and drawn from the training set; here each has one vote, and any images will do.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def nearest(vector: Tensor, others: Tensor, k: int, without: int | None = None) -> tuple[Tensor, Tensor]:
    """The k most similar of others, (D,) and (M, D) -> indices and cosines, (k,) each, the most similar first.

    Args:
        without: index of the image itself among the others, which is left out.
    Raises:
        ValueError: for another k than 1 to the number of others.
    """
    cosines = F.normalize(others.float(), dim=1) @ F.normalize(vector.float(), dim=0)
    most = len(others) - (without is not None)
    if not 1 <= k <= most:
        raise ValueError(f"k must be 1 to {most}, not {k}")
    if without is not None:
        cosines[without] = -torch.inf
    found = cosines.topk(k)
    return found.indices, found.values


def knn_accuracy(vectors: Tensor, labels: Tensor, k: int) -> float:
    """Fraction of images whose k nearest others vote for their label, (M, D) and (M,).

    Each image is left out when it is asked about. A tie goes to the label of the nearest among those that tie.

    Raises:
        ValueError: for another k than 1 to M - 1.
    """
    if not 1 <= k < len(vectors):
        raise ValueError(f"k must be 1 to {len(vectors) - 1}, not {k}")
    unit = F.normalize(vectors.float(), dim=1)
    cosines = (unit @ unit.T).fill_diagonal_(-torch.inf)
    return (vote(labels[cosines.topk(k).indices]) == labels).float().mean().item()


def vote(labels: Tensor) -> Tensor:
    """The commonest label of each row, the nearest first, (M, k) -> (M,); a tie goes to the nearest."""
    same = labels[:, :, None] == labels[:, None, :]  # (M, k, k)
    return labels.gather(1, same.sum(dim=2).argmax(dim=1, keepdim=True))[:, 0]
