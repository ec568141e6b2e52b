"""Attention distance and attention entropy of heads.

Source: Dosovitskiy et al. 2020, "An Image is Worth 16x16 Words", section 4.5 and appendix D.7: the mean attention
distance is to a head what the receptive field is to a convolution.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def patch_distances(grid: tuple[int, int], patch_size: float = 1.0) -> Tensor:
    """Distances between patch centres, (N, N) float64, in pixels or patches."""
    rows, cols = torch.meshgrid(torch.arange(grid[0]), torch.arange(grid[1]), indexing="ij")
    places = torch.stack([rows.flatten(), cols.flatten()], dim=1).double() * patch_size  # (N, 2)
    return torch.cdist(places, places)


def mean_attention_distance(
    attention: Sequence[Tensor], grid: tuple[int, int], n_prefix: int, patch_size: float
) -> Tensor:
    """Distance from a patch to the attended patches, weighted by attention.

    Mean over all patches.

    CLS has no place: its row and column are left out, and what a patch gives to the patches is scaled to sum to 1.

    Args:
        attention: per layer (B, heads, N, N), as in ``Trace.attention``.
        patch_size: side of a patch in pixels.
    Returns:
        (B, layers, heads) in pixels.
    """
    distances = patch_distances(grid, patch_size)
    means = []
    for weights in attention:
        patches = weights[..., n_prefix:, n_prefix:]
        given = patches.sum(dim=-1).clamp_min(torch.finfo(patches.dtype).tiny)  # (B, heads, N)
        means.append(((patches * distances.to(patches)).sum(dim=-1) / given).mean(dim=-1))
    return torch.stack(means, dim=1)


def attention_entropy(attention: Sequence[Tensor]) -> Tensor:
    """Entropy of attention in bits, mean over queries, (B, layers, heads).

    0 for one token each, log2(N) for uniform attention.
    """
    tiny = torch.finfo(torch.float32).tiny  # 0 log 0 counts as 0
    sums = [weights.clamp_min(tiny).log2_().mul_(weights).sum(-1) for weights in attention]
    return -torch.stack([one.mean(-1) for one in sums], dim=1)
