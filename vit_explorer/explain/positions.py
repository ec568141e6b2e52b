"""Structure of position embeddings: similarities, nearest pairs, 2D layout.

Dosovitskiy et al. 2020, section 4.5 and figure 7: the table is learned as a plain list, yet positions come to
resemble their neighbours in the image, of the same row and column most of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_explorer.models.network import Network

RIDGE = 0.1  # of the reading below, against the 1 that every cosine similarity has on its diagonal


@dataclass(frozen=True)
class PositionStructure:
    """Measures of the 2D structure in a table of position embeddings.

    Attributes:
        row: how well a patch's row can be read off its embedding, from 0 (no better than guessing the middle) to 1
            (exactly): the fraction of the rows' variance explained (R squared, negative values as 0) by kernel ridge
            regression on the cosine similarities. To read a patch only patches of *other columns* are used, so it
            succeeds only if embeddings agree along a row.
        column: the same for its column, read with patches of *other rows* only.
        two_d: the smaller of the two, for a 2D layout needs both. About 0 for random embeddings. A table that knew no
            more than the order of its list would have high ``row`` (list neighbours share it) and ``column`` about 0.
        nearest_distance: mean distance, in patches, from a position to the other one most similar to it; 1 is the
            smallest there can be.
        chance_distance: mean distance between two different positions of the grid: what ``nearest_distance`` is for
            random embeddings.
    """

    row: float
    column: float
    two_d: float
    nearest_distance: float
    chance_distance: float


@dataclass(frozen=True)
class PositionPair:
    """Two patches by index, row by row from 0, and their cosine similarity."""

    first: int
    second: int
    similarity: float
    distance: float


def position_similarity(model: Network) -> Tensor:
    """Cosine similarity of learned position embeddings, (N, N), CLS included.

    Raises:
        ValueError: if the model has no learned position embeddings.
    """
    positions = model.position_table
    if positions is None:
        raise ValueError(f"a {type(model).__name__} has no learned position embeddings")
    return cosine_similarity(positions.detach()[0])


def cosine_similarity(vectors: Tensor) -> Tensor:
    """Pairwise cosines, (N, D) -> (N, N) float32; a zero vector gets 0."""
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
    above = torch.ones(n, n, dtype=torch.bool).triu(diagonal=1)
    nearest = patches.clone().fill_diagonal_(-torch.inf).argmax(dim=1)
    rows, columns = _places(grid).T
    row = _reading(patches, rows, apart=columns)
    column = _reading(patches, columns, apart=rows)
    return PositionStructure(
        row=row,
        column=column,
        two_d=min(row, column),
        nearest_distance=float(distance[torch.arange(n), nearest].mean()),
        chance_distance=float(distance[above].mean()) if n > 1 else 0.0,
    )


def nearest_pairs(similarity: Tensor, grid: tuple[int, int], count: int = 10) -> list[PositionPair]:
    """Most similar pairs of different patches, falling; prefix tokens left out."""
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
    """Euclidean distances between the cells of a grid, in patches, (N, N)."""
    place = _places(grid)
    return torch.cdist(place, place).float()


def _places(grid: tuple[int, int]) -> Tensor:
    """Row and column of each cell, (N, 2) float64."""
    rows, cols = grid
    return torch.cartesian_prod(torch.arange(rows), torch.arange(cols)).reshape(-1, 2).double()


def _without_prefix(similarity: Tensor, grid: tuple[int, int]) -> Tensor:
    n_patches = grid[0] * grid[1]
    if not n_patches <= len(similarity):
        raise ValueError(
            f"a {len(similarity)} x {len(similarity)} matrix does not hold a grid of {grid[0]} x {grid[1]}"
        )
    return similarity[-n_patches:, -n_patches:]


def _reading(kernel: Tensor, target: Tensor, apart: Tensor) -> float:
    """Cross-validated R squared of kernel ridge regression on ``target``.

    Each group of ``apart`` is predicted from the others alone.
    """
    kernel = kernel.double()
    errors = torch.zeros_like(target)
    spread = torch.zeros_like(target)
    for group in apart.unique():
        held, known = (apart == group).nonzero().flatten(), (apart != group).nonzero().flatten()
        if len(known) == 0:
            return 0.0
        middle = target[known].mean()
        ridge = RIDGE * torch.eye(len(known), dtype=torch.float64)
        weights = torch.linalg.solve(kernel[known][:, known] + ridge, target[known] - middle)
        errors[held] = target[held] - middle - kernel[held][:, known] @ weights
        spread[held] = target[held] - middle
    total = float((spread**2).sum())
    return max(0.0, 1 - float((errors**2).sum()) / total) if total > 0 else 0.0
