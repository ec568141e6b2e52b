"""Multiply-adds of self-attention on a map: global, and in windows."""

from __future__ import annotations

from dataclasses import dataclass

from vit_explorer.models.windows import check_window


@dataclass(frozen=True)
class AttentionCost:
    """Multiply-adds of matrix products in one forward pass of one module.

    Attributes:
        projections: query, key and value, and the output.
        attention: Q K^T and the weights times V, of all heads together.
        entries: numbers in the attention matrix of one head (of all its windows together).
        n_heads: every head has a matrix of its own.
    """

    projections: int
    attention: int
    entries: int
    n_heads: int

    @property
    def module(self) -> int:
        """The whole module."""
        return self.projections + self.attention


def global_attention_cost(height: int, width: int, d_model: int, n_heads: int) -> AttentionCost:
    """Global attention: 4 N d ** 2 + 2 N ** 2 d multiply-adds.

    N = height * width.

    Raises:
        ValueError: for sizes below 1, or heads that do not divide ``d_model``.
    """
    _check(height, width, d_model, n_heads)
    n_tokens = height * width
    return AttentionCost(4 * n_tokens * d_model**2, 2 * n_tokens**2 * d_model, n_tokens**2, n_heads)


def windowed_attention_cost(height: int, width: int, d_model: int, n_heads: int, window: int) -> AttentionCost:
    """Attention in windows: 4 N d ** 2 + 2 N window ** 2 d multiply-adds.

    Where windows divide the map; else the padding is added.

    Liu et al. 2021, equation 2. Where they do not, this counts what ``WindowAttention`` does: the map is padded to P
    tokens, query, key and value are made for all of them, every window has a whole matrix, and only the N real tokens
    go through the output projection.

    Raises:
        ValueError: as :func:`global_attention_cost`, and for a window that is no whole number from 1 up.
    """
    _check(height, width, d_model, n_heads)
    check_window(window)
    n_tokens = height * width
    n_places = -(-height // window) * -(-width // window) * window**2
    return AttentionCost(
        projections=(3 * n_places + n_tokens) * d_model**2,
        attention=2 * n_places * window**2 * d_model,
        entries=n_places * window**2,
        n_heads=n_heads,
    )


def _check(height: int, width: int, d_model: int, n_heads: int) -> None:
    if min(height, width) < 1:
        raise ValueError(f"a map has at least one token, not {height} x {width}")
    if n_heads < 1 or d_model < 1 or d_model % n_heads:
        raise ValueError(f"{n_heads} heads cannot share {d_model} dimensions evenly")
