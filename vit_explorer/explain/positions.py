"""What learned position embeddings know of the plane: their similarities, nearest pairs, and how 2D they are.

Dosovitskiy et al. 2020, section 4.5 and figure 7: the table is learned as a plain list, yet positions come to
resemble their neighbours in the picture, of the same row and column most of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class PositionStructure:
    """How much of the picture's plane a table of position embeddings has found.

    Attributes:
        two_d: Spearman's rank correlation, over all pairs of different patches, between the cosine similarity of
            their embeddings and their closeness in the picture (minus the Euclidean distance on the grid). About 0
            for random embeddings, 1 if a nearer pair is always the more similar one.
        one_d: the same with closeness in the sequence (minus the difference of the indices). If the table had only
            learned the order of its list, this would be the larger of the two.
        nearest_distance: mean distance, in patches, from a position to the other one most similar to it; 1 is the
            smallest there can be.
        chance_distance: mean distance between two different positions of the grid: what ``nearest_distance`` is for
            random embeddings.
    A correlation is 0 where it is not defined, and a distance where there is only one patch.
    """

    two_d: float
    one_d: float
    nearest_distance: float
    chance_distance: float


@dataclass(frozen=True)
class PositionPair:
    """Two patches by their index in the grid, row by row from 0, and the cosine similarity of their embeddings."""

    first: int
    second: int
    similarity: float
    distance: float


def position_similarity(model: nn.Module) -> Tensor:
    """Cosine similarity of a model's learned position embeddings, (N, N), CLS included where there is one.

    Raises:
        ValueError: if the model has no learned position embeddings.
    """
    positions = getattr(model, "pos_embedding", None)
    if positions is None:
        raise ValueError(f"a {type(model).__name__} has no learned position embeddings")
    return cosine_similarity(positions.detach()[0])


def cosine_similarity(vectors: Tensor) -> Tensor:
    """All pairs of cosines, (N, D) -> (N, N) float32; a vector of zeros is similar to nothing (0)."""
    unit = F.normalize(vectors.double(), dim=-1)
    return (unit @ unit.T).clamp(-1, 1).float()


def position_structure(similarity: Tensor, grid: tuple[int, int]) -> PositionStructure:
    """Measure how 2D a similarity matrix is.

    Args:
        similarity: (N, N) of patch tokens and, before them, any prefix tokens, which are left out.
        grid: (rows, cols) of the patches.
    """
    patches = _without_prefix(similarity, grid)
    n = len(patches)
    distance = grid_distance(grid)
    sequence = (torch.arange(n)[:, None] - torch.arange(n)[None, :]).abs().float()
    above = torch.ones(n, n, dtype=torch.bool).triu(diagonal=1)
    nearest = patches.clone().fill_diagonal_(-torch.inf).argmax(dim=1)
    return PositionStructure(
        two_d=_spearman(patches[above], -distance[above]),
        one_d=_spearman(patches[above], -sequence[above]),
        nearest_distance=float(distance[torch.arange(n), nearest].mean()),
        chance_distance=float(distance[above].sum() / max(1, above.sum())),
    )


def nearest_pairs(similarity: Tensor, grid: tuple[int, int], count: int = 10) -> list[PositionPair]:
    """The most similar pairs of different patches, the most similar first; prefix tokens are left out."""
    patches = _without_prefix(similarity, grid)
    first, second = torch.triu_indices(len(patches), len(patches), offset=1)
    values = patches[first, second]
    best = values.argsort(descending=True, stable=True)[:count]
    distance = grid_distance(grid)
    return [
        PositionPair(int(i), int(j), float(value), float(distance[i, j]))
        for i, j, value in zip(first[best], second[best], values[best], strict=True)
    ]


def grid_distance(grid: tuple[int, int]) -> Tensor:
    """Euclidean distances between the cells of a grid, in patches, (N, N) with cells row by row."""
    rows, cols = grid
    place = torch.cartesian_prod(torch.arange(rows), torch.arange(cols)).reshape(-1, 2).double()
    return torch.cdist(place, place).float()


def _without_prefix(similarity: Tensor, grid: tuple[int, int]) -> Tensor:
    n_patches = grid[0] * grid[1]
    if not n_patches <= len(similarity):
        raise ValueError(
            f"a {len(similarity)} x {len(similarity)} matrix does not hold a grid of {grid[0]} x {grid[1]}"
        )
    return similarity[-n_patches:, -n_patches:]


def _spearman(a: Tensor, b: Tensor) -> float:
    """Rank correlation with ties at their mean rank; 0 where one side does not vary."""
    ranks = torch.stack([_ranks(a), _ranks(b)])
    if len(a) < 2 or (ranks.std(dim=1) == 0).any():
        return 0.0
    return float(torch.corrcoef(ranks)[0, 1])


def _ranks(values: Tensor) -> Tensor:
    _, inverse, counts = values.unique(return_inverse=True, return_counts=True)
    last = counts.cumsum(0).double()
    return (last - (counts - 1) / 2)[inverse]
