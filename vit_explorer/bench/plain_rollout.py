"""Rollout as in public code, for comparison: hooks, and one image at a time.

Source: Abnar & Zuidema 2020, "Quantifying Attention Flow in Transformers", section 3. Public tools hook the dropout
behind the softmax of a network whose attention is written out, because a fused kernel shows its weights to no hook;
they run one image, and multiply the layers' matrices from the first layer up.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from vit_explorer.models.attention import SelfAttention
from vit_explorer.models.vit import ViT


class WrittenOut(nn.Module):
    """Self-attention with explicit weights, (B, N, d_model) -> same."""

    def __init__(self, attention: SelfAttention) -> None:
        super().__init__()
        self.n_heads = attention.n_heads
        self.qkv, self.projection = attention.qkv, attention.projection
        self.dropout = nn.Dropout(0.0)  # what is hooked

    def forward(self, tokens: Tensor, tape: None = None) -> Tensor:
        batch, n_tokens, d_model = tokens.shape
        projected = self.qkv(tokens).reshape(batch, n_tokens, 3, self.n_heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = projected.unbind(0)  # (B, heads, N, d_head)
        weights = (query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5).softmax(dim=-1)
        mixed = self.dropout(weights) @ value
        return self.projection(mixed.transpose(1, 2).reshape(batch, n_tokens, d_model))


class PlainRollout:
    """Rollout of one image, (3, H, W) -> (N, N), rows sum to 1.

    Mean over heads, half of it the identity; the model itself stays unchanged.
    """

    def __init__(self, model: ViT) -> None:
        self.model = copy.deepcopy(model).eval()
        self.kept: list[Tensor] = []
        for block in self.model.blocks:
            block.attention = WrittenOut(block.attention).eval()
            block.attention.dropout.register_forward_hook(self._keep)

    def _keep(self, _: nn.Module, __: tuple[Tensor, ...], weights: Tensor) -> None:
        self.kept.append(weights.cpu())

    @torch.no_grad()
    def __call__(self, image: Tensor) -> Tensor:
        self.kept.clear()
        self.model(image[None])
        result = torch.eye(self.kept[0].shape[-1])
        for weights in self.kept:
            flow = (weights.mean(dim=1)[0] + torch.eye(weights.shape[-1])) / 2
            result = flow / flow.sum(dim=-1, keepdim=True) @ result
        return result
