"""Multi-head attention for text: self-attention and cross-attention, with masks, a tape and room for a cache."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch.nn.functional as F
from torch import Tensor, nn

KeysValues = tuple[Tensor, Tensor]  # each (B, heads, N, d_head)


@dataclass
class Tape:
    """Attention weights of one forward pass, one entry per layer. Make a new tape for every pass.

    Pass a ``Tape`` to record; the output is bit-identical with and without it. Rows are queries and sum to 1.

    Attributes:
        encoder_self: (B, heads, S, S), source to source.
        decoder_self: (B, heads, T, T), target to target; with a cache the rows are the new tokens alone.
        cross: (B, heads, T, S), target to source.
    """

    encoder_self: list[Tensor] = field(default_factory=list)
    decoder_self: list[Tensor] = field(default_factory=list)
    cross: list[Tensor] = field(default_factory=list)


def attention_weights(query: Tensor, key: Tensor, allowed: Tensor) -> Tensor:
    """softmax(Q K^T / sqrt(d_head)) over the allowed keys, (B, heads, T, S). Vaswani et al. 2017, eq. 1.

    Args:
        query, key: (B, heads, T, d_head) and (B, heads, S, d_head).
        allowed: bool, broadcast to (B, heads, T, S); False where a query must not see a key.
    """
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
    return scores.masked_fill(~allowed, float("-inf")).softmax(dim=-1)


class MultiHeadAttention(nn.Module):
    """Multi-head attention; keys and values are computed apart, so that they can be kept.

    Raises:
        ValueError: if the heads do not divide ``d_model``; the message holds both numbers.
    """

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        if n_heads < 1 or d_model < 1 or d_model % n_heads:
            raise ValueError(f"{n_heads} heads cannot share {d_model} dimensions evenly")
        self.n_heads = n_heads
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.projection = nn.Linear(d_model, d_model)

    def keys_values(self, tokens: Tensor) -> KeysValues:
        """Keys and values of tokens, (B, N, d_model) -> twice (B, heads, N, d_head)."""
        return self._heads(self.key(tokens)), self._heads(self.value(tokens))

    def forward(
        self, tokens: Tensor, keys_values: KeysValues, allowed: Tensor, record: list[Tensor] | None = None
    ) -> Tensor:
        """Attend from tokens to keys and values, (B, T, d_model) -> (B, T, d_model).

        Args:
            allowed: bool, broadcast to (B, heads, T, S); see :func:`attention_weights`.
            record: the list that the weights are appended to.
        """
        query = self._heads(self.query(tokens))  # (B, heads, T, d_head)
        key, value = keys_values
        if record is not None:
            record.append(attention_weights(query, key, allowed))
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        return self.projection(mixed.transpose(1, 2).flatten(2))  # heads side by side, (B, T, d_model)

    def _heads(self, projected: Tensor) -> Tensor:
        """(B, N, d_model) -> (B, heads, N, d_head)."""
        return projected.unflatten(2, (self.n_heads, -1)).transpose(1, 2)
