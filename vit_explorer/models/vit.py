"""Vision Transformer: patches, CLS, learned positions, pre-norm blocks, head.

Source: Dosovitskiy et al. 2020, "An Image is Worth 16x16 Words", equations 1 to 4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from vit_explorer.models.attention import AttentionPooling, Tape
from vit_explorer.models.block import LAYER_NORM_EPS, Activation, TransformerBlock
from vit_explorer.models.heads import logits_of, make_head
from vit_explorer.models.network import BranchedBlock, Network
from vit_explorer.models.patches import ConvolutionalStem, ConvPatchEmbedding, PatchEmbedding, TokenEmbedding
from vit_explorer.models.stochastic_depth import linear_rates

INIT_STD = 0.02  # of weights, CLS token and position table, as in the authors' and timm's code

Pooling = Literal["cls", "mean", "cls_mean", "attention"]
Embedding = Literal["linear", "conv"]
Positions = Literal["learned", "none"]


class ViT(Network):
    """Vision Transformer, images -> (B, n_classes) logits.

    Images are (B, in_channels, img_size, img_size).

    Args:
        n_classes: 0 makes a network without a head: ``head`` is an nn.Identity, the logits are (B, 0), and
            :meth:`embed` gives the vector that a head would read.
        pooling: what the head reads: the CLS token, the mean of all patch tokens, the two side by side (2 * d_model
            values, "cls_mean"), or a learned weighted mean.
        embedding: "linear" is the one projection of the paper, "conv" a convolutional stem.
        positions: "learned" adds a table, ``pos_embedding``; with "none" there is no table, and what the network knows
            of its patches is an unordered set.
        stochastic_depth: the rate at which the last block's branches are dropped while training; see there.
        patch_embedding: a module that makes the tokens, with ``grid`` and ``n_patches``, in place of ``embedding``.
        layer_scale: see :class:`TransformerBlock`.
        n_registers: register tokens between CLS and the patches, which no head reads: Darcet et al. 2023, "Vision
            Transformers Need Registers".
        cls_token: whether CLS stands in front of the patches; None: only where the head reads it.
        norm_after_pooling: the final LayerNorm normalises the pooled vector instead of each token.
        eps: of all LayerNorms.
        activation: the kind of GELU.
    Raises:
        ValueError: if the patch does not divide the image, or the heads do not divide ``d_model``.
    """

    attention_kind = "global"
    PREFIX_TOKENS = 1  # of them the head reads, where it reads CLS

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
        patch_embedding: TokenEmbedding | None = None,
        layer_scale: bool = False,
        n_registers: int = 0,
        cls_token: bool | None = None,
        norm_after_pooling: bool = False,
        eps: float = LAYER_NORM_EPS,
        activation: Activation = "gelu",
    ) -> None:
        super().__init__()
        for option, value, kind in (
            ("pooling", pooling, Pooling),
            ("embedding", embedding, Embedding),
            ("positions", positions, Positions),
            ("activation", activation, Activation),
        ):
            if value not in get_args(kind):
                raise ValueError(f"{option} must be one of {', '.join(get_args(kind))}, not {value!r}")
        reads_cls = pooling in ("cls", "cls_mean")
        has_cls = reads_cls if cls_token is None else cls_token
        if reads_cls and not has_cls:
            raise ValueError(f"pooling {pooling!r} reads the CLS token: cls_token cannot be False")
        if n_classes < 0 or n_registers < 0:
            raise ValueError(f"n_classes {n_classes} and n_registers {n_registers} must both be at least 0")
        embed = PatchEmbedding if embedding == "linear" else ConvPatchEmbedding
        self.img_size = img_size
        self.patch_embedding = patch_embedding or embed(img_size, patch_size, in_channels, d_model)
        self.grid = self.patch_embedding.grid
        self.n_classes, self.pooling, self.norm_after_pooling = n_classes, pooling, norm_after_pooling
        self.n_prefix = (self.PREFIX_TOKENS if has_cls else 0) + n_registers
        self.cls_token = nn.Parameter(torch.zeros(1, 1, d_model)) if has_cls else None
        self.register_tokens = nn.Parameter(torch.zeros(1, n_registers, d_model)) if n_registers else None
        self.pool = AttentionPooling(d_model) if pooling == "attention" else None
        if positions == "learned":
            self.pos_embedding = nn.Parameter(torch.zeros(1, self.n_prefix + self.patch_embedding.n_patches, d_model))
        rates = linear_rates(stochastic_depth, n_layers)
        self.blocks = nn.ModuleList(
            TransformerBlock(d_model, n_heads, d_ff, rate, layer_scale, eps, activation) for rate in rates
        )
        self.norm = nn.LayerNorm(d_model, eps=eps)
        self.head = make_head(2 * d_model if pooling == "cls_mean" else d_model, n_classes)
        self.apply(_init_linear)
        if positions == "learned":
            nn.init.trunc_normal_(self.pos_embedding, std=INIT_STD)
        if self.cls_token is not None:
            nn.init.trunc_normal_(self.cls_token, std=INIT_STD)
        if self.register_tokens is not None:
            nn.init.trunc_normal_(self.register_tokens, std=INIT_STD)

    @property
    def position_table(self) -> nn.Parameter | None:
        return getattr(self, "pos_embedding", None)

    @property
    def linear_embedding(self) -> PatchEmbedding | None:
        return self.patch_embedding if isinstance(self.patch_embedding, PatchEmbedding) else None

    @property
    def stem(self) -> ConvolutionalStem | None:
        return self.patch_embedding if isinstance(self.patch_embedding, ConvolutionalStem) else None

    @property
    def grad_cam_entry(self) -> int | None:
        """Tokens that enter the first block, if made by convolutions."""
        return None if self.stem is None else 0

    @property
    def residual_blocks(self) -> tuple[BranchedBlock, ...]:
        return tuple(self.blocks)

    def tokens(self, images: Tensor) -> Tensor:
        """Tokens that enter the first block, (B, n_prefix + N, d_model), with positions."""
        if images.shape[-2:] != (self.img_size, self.img_size):
            height, width = images.shape[-2:]
            raise ValueError(f"this network reads {self.img_size} x {self.img_size} pixels, not {height} x {width}")
        tokens = self.patch_embedding(images)
        if self.n_prefix:
            tokens = torch.cat([self.prefix().expand(len(tokens), -1, -1), tokens], dim=1)
        return tokens if self.position_table is None else tokens + self.position_table

    def prefix(self) -> Tensor:
        """The tokens in front of the patches, (1, n_prefix, d_model)."""
        if self.cls_token is None or self.register_tokens is None:
            return self.register_tokens if self.cls_token is None else self.cls_token
        return torch.cat([self.cls_token, self.register_tokens], dim=1)

    def prefix_names(self) -> tuple[str, ...]:
        """Names of the ``n_prefix`` tokens in front of the patches."""
        n_registers = 0 if self.register_tokens is None else self.register_tokens.shape[1]
        registers = tuple(f"register {place + 1}" for place in range(n_registers))
        return registers if self.cls_token is None else ("CLS", *registers)

    def pooled(self, tokens: Tensor) -> Tensor:
        """Final norm and pooling, (B, n_prefix + N, d_model) -> (B, width of the head)."""
        if not self.norm_after_pooling:
            return self._pool(self.norm(tokens))
        return self.norm(self._pool(tokens))

    def classify(self, tokens: Tensor) -> Tensor:
        """Final norm, pooling and head: (B, n_prefix + N, d_model) -> (B, n_classes)."""
        return logits_of(self.head, self.pooled(tokens), self.n_classes)

    def forward(self, images: Tensor, tape: Tape | None = None) -> Tensor:
        return self.classify(self.encode(images, tape))

    def embed(self, images: Tensor) -> Tensor:
        """Vector of each image that the head reads, (B, d_model or 2 d_model)."""
        return self.pooled(self.encode(images))

    def encode(self, images: Tensor, tape: Tape | None = None) -> Tensor:
        """Output of the last block, (B, n_prefix + N, d_model).

        With pooling "cls" while training only (B, heads, D).

        No head reads the other tokens any more: leaving them out saves a quarter of a small ViT's training step.
        """
        tokens = self.tokens(images)
        if tape is not None:
            tape.hidden.append(tokens)
        for block in self.blocks[:-1]:
            tokens = block(tokens, tape)
            if tape is not None:
                tape.hidden.append(tokens)
        if self.training and torch.is_grad_enabled() and tape is None and self.pooling == "cls":
            return self.blocks[-1].first(tokens, self.PREFIX_TOKENS)
        tokens = self.blocks[-1](tokens, tape)
        if tape is not None:
            tape.hidden.append(tokens)
        return tokens

    @torch.no_grad()
    def readout(self, tokens: Tensor) -> Tensor:
        """Readout weights by pooling, (B, N, D) -> (B, N).

        All on CLS, the same on each patch, half on CLS and half on the patches, or the weights of the attention
        pooling.

        The two heads of a DeiT read a token each and count alike. Registers are read by no head.
        """
        weights = torch.zeros_like(tokens[..., 0])
        patches = slice(self.n_prefix, None)
        if self.pool is not None:
            pooled = tokens if self.norm_after_pooling else self.norm(tokens)
            weights[:, patches] = self.pool.weights(pooled[:, patches])[..., 0]
        elif self.pooling == "cls":
            weights[:, : self.PREFIX_TOKENS] = 1 / self.PREFIX_TOKENS
        else:
            weights[:, patches] = 1 / weights[:, patches].shape[1]
        if self.pooling == "cls_mean":
            weights[:, 0] = 1
            weights = weights / 2
        return weights

    def forward_blocks(self, images: Tensor, apply: Callable[[BranchedBlock, Tensor], Tensor]) -> Tensor:
        tokens = self.tokens(images)
        for block in self.blocks:
            tokens = apply(block, tokens)
        return self.classify(tokens)

    def _pool(self, tokens: Tensor) -> Tensor:
        """(B, n_prefix + N, d_model) -> (B, d_model or 2 d_model)."""
        if self.pooling == "cls":
            return tokens[:, 0]
        patches = tokens[:, self.n_prefix :]
        if self.pool is not None:
            return self.pool(patches)
        mean = patches.mean(dim=1)
        return mean if self.pooling == "mean" else torch.cat([tokens[:, 0], mean], dim=1)


def _init_linear(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=INIT_STD)
        nn.init.zeros_(module.bias)
