"""Linear heads, and networks without a head."""

from __future__ import annotations

from torch import Tensor, nn


def make_head(width: int, n_classes: int) -> nn.Module:
    """Linear layer from an image's vector to logits; nn.Identity for 0 classes."""
    return nn.Linear(width, n_classes) if n_classes else nn.Identity()


def logits_of(head: nn.Module, vectors: Tensor, n_classes: int) -> Tensor:
    """(B, D) -> (B, n_classes), which for a network without a head is (B, 0)."""
    return head(vectors) if n_classes else vectors[:, :0]
