"""Stochastic depth: residual branches dropped at random during training.

Source: Huang et al. 2016, "Deep Networks with Stochastic Depth": the rate grows linearly from layer to layer. It begins
with 0, and each image draws for itself, as in the code of DeiT.
"""

from __future__ import annotations

import torch
from torch import Tensor


def drop_path(branch: Tensor, rate: float, training: bool) -> Tensor:
    """Drop a residual branch (B, ...) for each image with probability ``rate``.

    Kept branches are scaled up by 1 / (1 - rate).

    The mean over many draws is the branch itself. Drawn from torch's global generator; outside of training nothing is
    dropped.

    Args:
        rate: from 0 up, less than 1.
    """
    if not training or rate == 0:
        return branch
    kept = torch.rand(len(branch), *[1] * (branch.ndim - 1), device=branch.device) >= rate
    return branch * (kept / (1 - rate)).to(branch.dtype)


def linear_rates(largest: float, n_layers: int) -> list[float]:
    """Drop rate of each layer: 0 for the first, ``largest`` for the last, linear.

    Raises:
        ValueError: for a rate below 0, or of 1 and more.
    """
    if not 0 <= largest < 1:
        raise ValueError(f"stochastic_depth must be at least 0 and less than 1, not {largest}")
    return [largest * layer / max(1, n_layers - 1) for layer in range(n_layers)]
