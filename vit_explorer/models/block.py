"""The Transformer block: pre-norm attention and MLP with residual connections.

Source: Dosovitskiy et al. 2020, "An Image is Worth 16x16 Words", equations 2 and 3.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from vit_explorer.models.attention import SelfAttention, Tape
from vit_explorer.models.stochastic_depth import drop_path

LAYER_NORM_EPS = 1e-6  # as in the authors' code, timm and torchvision
LAYER_SCALE_START = 1e-5  # as in timm and DINOv2

Activation = Literal["gelu", "gelu_tanh", "quick_gelu"]


class QuickGELU(nn.Module):
    """x * sigmoid(1.702 x), the approximation of GELU in OpenAI's CLIP.

    Hendrycks & Gimpel 2016, section 2.
    """

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


def make_activation(name: Activation) -> nn.Module:
    """GELU: exact, "gelu_tanh" as in JAX, or "quick_gelu".

    The three differ by up to 0.02.
    """
    if name == "quick_gelu":
        return QuickGELU()
    return nn.GELU(approximate="tanh" if name == "gelu_tanh" else "none")


class TransformerBlock(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)), (B, N, D) -> same.

    GELU stands between the two layers of the MLP.

    Args:
        drop_rate: how often each of the two branches is left out while training, see ``stochastic_depth``.
        layer_scale: multiply each branch by a learned vector, (D,): Touvron et al. 2021, "Going deeper with Image
            Transformers", section 2.
        eps: of the two LayerNorms.
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        d_ff: int,
        drop_rate: float = 0.0,
        layer_scale: bool = False,
        eps: float = LAYER_NORM_EPS,
        activation: Activation = "gelu",
    ) -> None:
        super().__init__()
        self.drop_rate = drop_rate
        self.norm1 = nn.LayerNorm(d_model, eps=eps)
        self.attention = SelfAttention(d_model, n_heads)
        self.norm2 = nn.LayerNorm(d_model, eps=eps)
        self.mlp = nn.Sequential(nn.Linear(d_model, d_ff), make_activation(activation), nn.Linear(d_ff, d_model))
        self.layer_scale1 = nn.Parameter(torch.full((d_model,), LAYER_SCALE_START)) if layer_scale else None
        self.layer_scale2 = nn.Parameter(torch.full((d_model,), LAYER_SCALE_START)) if layer_scale else None

    def forward(self, tokens: Tensor, tape: Tape | None = None) -> Tensor:
        tokens = tokens + self._kept(self.attention_branch(tokens, tape))
        return tokens + self._kept(self.mlp_branch(tokens))

    def attention_branch(self, tokens: Tensor, tape: Tape | None = None) -> Tensor:
        """Summand of attention, (B, N, D) -> same."""
        return self._scaled(self.attention(self.norm1(tokens), tape), self.layer_scale1)

    def mlp_branch(self, tokens: Tensor) -> Tensor:
        """Summand of the MLP, (B, N, D) -> same."""
        return self._scaled(self.mlp(self.norm2(tokens)), self.layer_scale2)

    def first(self, tokens: Tensor, n: int = 1) -> Tensor:
        """Output for the first n tokens, (B, N, D) -> (B, n, D).

        Heads read no other tokens after the last block.
        """
        branch = self._scaled(self.attention.first(self.norm1(tokens), n), self.layer_scale1)
        first = tokens[:, :n] + self._kept(branch)
        return first + self._kept(self.mlp_branch(first))

    def _scaled(self, branch: Tensor, scale: Tensor | None) -> Tensor:
        return branch if scale is None else branch * scale

    def _kept(self, branch: Tensor) -> Tensor:
        return drop_path(branch, self.drop_rate, self.training)
