"""Checks of the patch projection: computed two ways, and inverted to pixels."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_explorer.explain.trace import Trace
from vit_explorer.models.network import Network
from vit_explorer.models.patches import PatchEmbedding, as_linear, patchify, unpatchify


@torch.no_grad()
def embed_twice(embedding: PatchEmbedding, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Embed images by convolution, and by unfold and a matrix product.

    Returns:
        The convolution's (B, N, D), and for each patch the largest difference between the two ways, (B, N).
    """
    size = embedding.patch_size
    by_convolution = embedding(inputs)
    weight, bias = as_linear(embedding)  # (C * P * P, D), (D,)
    by_product = F.unfold(inputs, kernel_size=size, stride=size).transpose(1, 2) @ weight + bias
    return by_convolution, (by_convolution - by_product).abs().amax(dim=2)


@torch.no_grad()
def reading_matrix(embedding: PatchEmbedding) -> Tensor | None:
    """Least-squares inverse of the projection, (values of a patch, D) float64: token less bias -> pixels of its patch.

    None where a token has fewer dimensions than a patch has values, so that it cannot hold them.
    """
    weight, _ = as_linear(embedding)
    values, d_model = weight.shape
    if d_model < values:
        return None
    q, r = torch.linalg.qr(weight.T.double())  # (D, values), (values, values)
    return torch.linalg.solve_triangular(r, q.T, upper=True)


@torch.no_grad()
def pixels_from_tokens(model: Network, traced: Trace, reading: Tensor) -> Tensor:
    """Pixels (B, C, H, W) float64 by least squares from the first block's tokens.

    Args:
        reading: the :func:`reading_matrix` of the model's linear patch embedding.
    Raises:
        ValueError: for a model without a linear patch embedding.
    """
    embedding = model.linear_embedding
    if embedding is None:
        raise ValueError(f"the tokens of this {type(model).__name__} are no linear projections of patches")
    _, bias = as_linear(embedding)
    table = model.position_table
    tokens = traced.hidden[0] if table is None else traced.hidden[0] - table
    received = tokens[:, traced.n_prefix :] - bias  # (B, N, D)
    return unpatchify(received.double() @ reading.T, embedding.patch_size, traced.grid)


def equal_values(first: Tensor, second: Tensor, patch_size: int) -> Tensor:
    """Number of equal values of each patch in two images, (B, N)."""
    return (patchify(first, patch_size) == patchify(second, patch_size)).sum(dim=2)
