"""Readout weights: weight of each token in the vector that the head reads."""

from __future__ import annotations

import torch
from torch import Tensor

from vit_explorer.explain.trace import Trace
from vit_explorer.models.network import Network


@torch.no_grad()
def readout_weights(model: Network, traced: Trace) -> Tensor:
    """Readout weights of a trace, (B, N); see :meth:`Network.readout`.

    Their product with a (B, N, N) matrix of the flow between tokens is the flow into the prediction.

    Raises:
        ValueError: for a model whose head reads no weighted mean of tokens.
    """
    return model.readout(traced.hidden[-1])


def patch_readout(flow: Tensor, weights: Tensor, traced: Trace) -> Tensor:
    """Flow from each patch into the prediction, (B, rows, cols).

    The prefix tokens are left out, so that a map may sum to less than 1.

    Args:
        flow: (B, N, N), rows are the receiving tokens.
        weights: (B, N) of :func:`readout_weights`.
    """
    arrived = (weights[:, None] @ flow)[:, 0]  # (B, 1, N) @ (B, N, N) -> (B, N)
    return arrived[:, traced.n_prefix :].reshape(-1, *traced.grid)
