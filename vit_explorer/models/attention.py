"""Self-attention in one place: fused, or with its weights recorded on a tape.

Pass a :class:`Tape` to the forward pass to record attention weights. The output comes from the same fused
kernel with and without a tape and is bit-identical; the weights are computed beside it.
Only ``Tape(differentiable=True)`` sends the output through the weights, because gradients with respect to them are
asked for; it agrees with the fused kernel to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vit_explorer.models.windows import WindowRecord

PLAIN_TOKENS = 256  # up to so many the weights of a batch fit well into memory while a CPU trains


@dataclass
class Tape:
    """Records of one forward pass; make a new tape for every pass.

    Attributes:
        differentiable: send the output through the recorded weights, so that their gradients exist.
        attention: one (B, heads, N, N) per layer of attention among all tokens, rows are queries and sum to 1.
        hidden: (B, N, D) after the embedding and then after each block.
        windows: one per layer of attention inside of windows.
    """

    differentiable: bool = False
    attention: list[Tensor] = field(default_factory=list)
    hidden: list[Tensor] = field(default_factory=list)
    windows: list[WindowRecord] = field(default_factory=list)


def attention_weights(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
    """softmax(Q K^T / sqrt(d_head) + mask) -> (B, heads, N, N).

    Query and key are (B, heads, N, d_head).

    ``mask`` is added to the scores (0 or -inf, or a position bias) and broadcasts to them. Vaswani et al. 2017, eq. 1.
    """
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores + mask
    return scores.softmax(dim=-1)


class SelfAttention(nn.Module):
    """Multi-head self-attention, (B, N, d_model) -> (B, N, d_model).

    Raises:
        ValueError: if the heads do not divide ``d_model``; the message holds both numbers.
    """

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        if n_heads < 1 or d_model < 1 or d_model % n_heads:
            raise ValueError(f"{n_heads} heads cannot share {d_model} dimensions evenly")
        self.n_heads = n_heads
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.projection = nn.Linear(d_model, d_model)

    def forward(self, tokens: Tensor, tape: Tape | None = None) -> Tensor:
        batch, n_tokens, d_model = tokens.shape
        query, key, value = self._heads(self.qkv(tokens), 3)  # each (B, heads, N, d_head)
        if tape is not None:
            weights = attention_weights(query, key)
            tape.attention.append(weights)
        if tape is not None and tape.differentiable:
            mixed = weights @ value
        elif self.training and torch.is_grad_enabled() and tokens.device.type == "cpu" and n_tokens <= PLAIN_TOKENS:
            mixed = plain_attention(query, key, value)
        else:
            mixed = F.scaled_dot_product_attention(query, key, value)
        return self.projection(mixed.transpose(1, 2).reshape(batch, n_tokens, d_model))

    def first(self, tokens: Tensor, n: int = 1) -> Tensor:
        """Output for the first n tokens alone, (B, N, d_model) -> (B, n, d_model)."""
        batch, _, d_model = tokens.shape
        weight, bias = self.qkv.weight, self.qkv.bias
        (query,) = self._heads(F.linear(tokens[:, :n], weight[:d_model], bias[:d_model]), 1)
        key, value = self._heads(F.linear(tokens, weight[d_model:], bias[d_model:]), 2)
        mixed = plain_attention(query, key, value)  # a few rows of weights are small for any number of tokens
        return self.projection(mixed.transpose(1, 2).reshape(batch, n, d_model))

    def _heads(self, projected: Tensor, n: int) -> Tensor:
        """(B, N, n * d_model) -> (n, B, heads, N, d_head)."""
        batch, n_tokens, _ = projected.shape
        return projected.reshape(batch, n_tokens, n, self.n_heads, -1).permute(2, 0, 3, 1, 4)


def plain_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention as plain operations, for training small models on a CPU.

    There the backward pass of torch 2.14's fused kernel is slower than theirs, in bfloat16 by 5 to 9 times, which was
    half of a small ViT's whole step (python -m vit_explorer.bench throughput). Autocast would lift the softmax to
    float32 and lose that again.
    """
    with torch.autocast(query.device.type, enabled=False):
        return attention_weights(query, key) @ value


def batched_weights(query: Tensor, key: Tensor, added: Tensor) -> Tensor:
    """softmax(Q K^T / sqrt(d_head) + added) of many small sets of tokens.

    (M, n, d_head) twice -> (M, n, n).

    One call makes the product, scales it and adds ``added`` (M, n, n), in the dtype of the query.
    """
    scores = torch.baddbmm(added.to(query.dtype), query, key.transpose(1, 2), alpha=query.shape[-1] ** -0.5)
    return scores.softmax(dim=-1)


class AttentionPooling(nn.Module):
    """A learned weighted mean of all tokens, (B, N, d_model) -> (B, d_model).

    The sequence pooling of Hassani et al. 2021, "Escaping the Big Data Paradigm with Compact Transformers".
    """

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.score = nn.Linear(d_model, 1)

    def weights(self, tokens: Tensor) -> Tensor:
        """How much of each token enters the mean: (B, N, 1), summing to 1 over the tokens."""
        return self.score(tokens).softmax(dim=1)

    def forward(self, tokens: Tensor) -> Tensor:
        return torch.sum(self.weights(tokens) * tokens, dim=1)
