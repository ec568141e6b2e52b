"""The Vision Transformer: patches and a CLS token, learned 1D positions, pre-norm blocks, a linear head.

Source: Dosovitskiy et al. 2020, "An Image is Worth 16x16 Words", equations 1 to 4.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from vit_explorer.models.attention import AttentionPooling, SelfAttention, Tape
from vit_explorer.models.patches import ConvPatchEmbedding, PatchEmbedding
from vit_explorer.models.stochastic_depth import drop_branch, linear_rates

LAYER_NORM_EPS = 1e-6  # as in the authors' code, timm and torchvision
INIT_STD = 0.02  # of weights, CLS token and position table, as in the authors' and timm's code

Pooling = Literal["cls", "mean", "attention"]
Embedding = Literal["linear", "conv"]
Positions = Literal["learned", "none"]


class TransformerBlock(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)), with GELU between the two layers of the MLP. (B, N, D) -> same.

    Args:
        drop_rate: how often each of the two branches is left out while training, see ``stochastic_depth``.
    """

    def __init__(self, d_model: int, n_heads: int, d_ff: int, drop_rate: float = 0.0) -> None:
        super().__init__()
        self.drop_rate = drop_rate
        self.norm1 = nn.LayerNorm(d_model, eps=LAYER_NORM_EPS)
        self.attention = SelfAttention(d_model, n_heads)
        self.norm2 = nn.LayerNorm(d_model, eps=LAYER_NORM_EPS)
        self.mlp = nn.Sequential(nn.Linear(d_model, d_ff), nn.GELU(), nn.Linear(d_ff, d_model))

    def forward(self, tokens: Tensor, tape: Tape | None = None) -> Tensor:
        tokens = tokens + self._kept(self.attention(self.norm1(tokens), tape))
        return tokens + self._kept(self.mlp(self.norm2(tokens)))

    def first(self, tokens: Tensor, n: int = 1) -> Tensor:
        """What it makes of the first n tokens, (B, N, D) -> (B, n, D): all that heads read after the last block."""
        first = tokens[:, :n] + self._kept(self.attention.first(self.norm1(tokens), n))
        return first + self._kept(self.mlp(self.norm2(first)))

    def _kept(self, branch: Tensor) -> Tensor:
        return drop_branch(branch, self.drop_rate, self.training)


class ViT(nn.Module):
    """A Vision Transformer, (B, in_channels, img_size, img_size) -> (B, n_classes) logits.

    Args:
        pooling: what the head reads: the CLS token, the mean of all patch tokens, or a learned weighted mean. Only
            with "cls" is there a token in front of the patches.
        embedding: "linear" is the one projection of the paper, "conv" a convolutional stem.
        positions: "learned" adds a table, ``pos_embedding``; with "none" there is no table, and what the network knows
            of its patches is an unordered set.
        stochastic_depth: the rate at which the last block's branches are dropped while training; see there.
        patch_embedding: a module that makes the tokens, with ``grid`` and ``n_patches``, in place of ``embedding``.
    Raises:
        ValueError: if the patch does not divide the picture, or the heads do not divide ``d_model``.
    """

    PREFIX_TOKENS = 1  # in front of the patches, where the head reads CLS

    def __init__(
        self,
        img_size: int = 32,
        patch_size: int = 4,
        in_channels: int = 3,
        d_model: int = 128,
        n_heads: int = 4,
        n_layers: int = 4,
        d_ff: int = 512,
        n_classes: int = 10,
        pooling: Pooling = "cls",
        embedding: Embedding = "linear",
        positions: Positions = "learned",
        stochastic_depth: float = 0.0,
        patch_embedding: nn.Module | None = None,
    ) -> None:
        super().__init__()
        for option, value, kind in (
            ("pooling", pooling, Pooling),
            ("embedding", embedding, Embedding),
            ("positions", positions, Positions),
        ):
            if value not in get_args(kind):
                raise ValueError(f"{option} must be one of {', '.join(get_args(kind))}, not {value!r}")
        embed = PatchEmbedding if embedding == "linear" else ConvPatchEmbedding
        self.img_size = img_size
        self.patch_embedding = patch_embedding or embed(img_size, patch_size, in_channels, d_model)
        self.grid = self.patch_embedding.grid
        self.n_prefix = self.PREFIX_TOKENS if pooling == "cls" else 0
        self.cls_token = nn.Parameter(torch.zeros(1, 1, d_model)) if pooling == "cls" else None
        self.pool = AttentionPooling(d_model) if pooling == "attention" else None
        if positions == "learned":
            self.pos_embedding = nn.Parameter(torch.zeros(1, self.n_prefix + self.patch_embedding.n_patches, d_model))
        rates = linear_rates(stochastic_depth, n_layers)
        self.blocks = nn.ModuleList(TransformerBlock(d_model, n_heads, d_ff, rate) for rate in rates)
        self.norm = nn.LayerNorm(d_model, eps=LAYER_NORM_EPS)
        self.head = nn.Linear(d_model, n_classes)
        self.apply(_init_linear)
        if positions == "learned":
            nn.init.trunc_normal_(self.pos_embedding, std=INIT_STD)
        if self.cls_token is not None:
            nn.init.trunc_normal_(self.cls_token, std=INIT_STD)

    def tokens(self, images: Tensor) -> Tensor:
        """What enters the first block: (B, n_prefix + N, d_model), embedded patches with their positions added."""
        if images.shape[-2:] != (self.img_size, self.img_size):
            height, width = images.shape[-2:]
            raise ValueError(f"this network reads {self.img_size} x {self.img_size} pixels, not {height} x {width}")
        tokens = self.patch_embedding(images)
        if self.n_prefix:
            tokens = torch.cat([self.prefix().expand(len(tokens), -1, -1), tokens], dim=1)
        return tokens + self.pos_embedding if hasattr(self, "pos_embedding") else tokens

    def prefix(self) -> Tensor:
        """The tokens in front of the patches, (1, n_prefix, d_model)."""
        return self.cls_token

    def classify(self, tokens: Tensor) -> Tensor:
        """Final norm, pooling and head: (B, n_prefix + N, d_model) -> (B, n_classes)."""
        tokens = self.norm(tokens)
        if self.cls_token is not None:
            return self.head(tokens[:, 0])
        return self.head(tokens.mean(dim=1) if self.pool is None else self.pool(tokens))

    def forward(self, images: Tensor, tape: Tape | None = None) -> Tensor:
        return self.classify(self.encode(images, tape))

    def encode(self, images: Tensor, tape: Tape | None = None) -> Tensor:
        """What leaves the last block, (B, n_prefix + N, d_model); while training with CLS only (B, n_prefix, d_model).

        There nobody reads the other tokens any more: leaving them out saves a quarter of a small ViT's training step.
        """
        tokens = self.tokens(images)
        if tape is not None:
            tape.hidden.append(tokens)
        for block in self.blocks[:-1]:
            tokens = block(tokens, tape)
            if tape is not None:
                tape.hidden.append(tokens)
        if self.training and torch.is_grad_enabled() and tape is None and self.n_prefix:
            return self.blocks[-1].first(tokens, self.n_prefix)
        tokens = self.blocks[-1](tokens, tape)
        if tape is not None:
            tape.hidden.append(tokens)
        return tokens


def _init_linear(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=INIT_STD)
        nn.init.zeros_(module.bias)
