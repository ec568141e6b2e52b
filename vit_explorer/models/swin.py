"""Swin: attention in shifted windows, and maps that shrink between stages.

Source: Liu et al. 2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows". What is taught are
the pure functions of ``windows.py``; the modules here are thin. Maps are (B, H, W, C) throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vit_explorer.models.attention import Tape
from vit_explorer.models.block import Activation, make_activation
from vit_explorer.models.heads import logits_of, make_head
from vit_explorer.models.network import BranchedBlock, Network, mean_place_logits
from vit_explorer.models.window_attention import INIT_STD, WindowAttention
from vit_explorer.models.windows import Padding, shift_mask, window_partition, window_reverse

__all__ = [
    "PatchMerging",
    "SwinBlock",
    "SwinTransformer",
    "WindowAttention",
    "shift_mask",
    "window_partition",
    "window_reverse",
]

LAYER_NORM_EPS = 1e-5  # as in the authors' code, timm and torchvision


class SwinBlock(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)), on maps: (B, H, W, C) -> same."""

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        window: int,
        shift: int,
        d_ff: int,
        padding: Padding,
        eps: float = LAYER_NORM_EPS,
        activation: Activation = "gelu",
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(d_model, eps=eps)
        self.attention = WindowAttention(d_model, n_heads, window, shift, padding)
        self.norm2 = nn.LayerNorm(d_model, eps=eps)
        self.mlp = nn.Sequential(nn.Linear(d_model, d_ff), make_activation(activation), nn.Linear(d_ff, d_model))

    def forward(self, x: Tensor, tape: Tape | None = None) -> Tensor:
        x = x + self.attention_branch(x, tape)
        return x + self.mlp_branch(x)

    def attention_branch(self, x: Tensor, tape: Tape | None = None) -> Tensor:
        """Summand of attention, (B, H, W, C) -> same."""
        return self.attention(self.norm1(x), tape)

    def mlp_branch(self, x: Tensor) -> Tensor:
        """Summand of the MLP, (B, H, W, C) -> same."""
        return self.mlp(self.norm2(x))


class PatchMerging(nn.Module):
    """Merge 2 x 2 tokens into one of twice the channels.

    (B, H, W, C) -> (B, ceil(H / 2), ceil(W / 2), 2 C).

    The four are laid side by side (upper left, lower left, upper right, lower right, as in the authors' code),
    normed and projected. An odd side is padded with zeros.
    """

    def __init__(self, d_model: int, eps: float = LAYER_NORM_EPS) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * d_model, eps=eps)
        self.reduction = nn.Linear(4 * d_model, 2 * d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        x = F.pad(x, (0, 0, 0, width % 2, 0, height % 2))
        four = [x[:, row::2, col::2] for col in (0, 1) for row in (0, 1)]
        return self.reduction(self.norm(torch.cat(four, dim=-1)))


class SwinTransformer(Network):
    """Swin Transformer, (B, in_channels, H, W) -> (B, n_classes) logits.

    The head reads the mean of the last map.

    Args:
        img_size: the size that it is built for; others are accepted, as long as a patch divides them.
        d_model: channels of the first stage; each later one has twice those of the one before.
        depths: blocks of each stage; every second block of a stage shifts its windows by half a window.
        n_heads: of each stage.
        mlp_ratio: width of an MLP over that of its block.
        n_classes: 0 makes a network without a head, as for :class:`ViT`.
        padding: see :class:`WindowAttention`.
        eps: of all LayerNorms.
        activation: the kind of GELU.
    """

    attention_kind = "windows"
    pooling = "mean"

    def __init__(
        self,
        img_size: int = 32,
        patch_size: int = 2,
        in_channels: int = 3,
        d_model: int = 64,
        depths: tuple[int, ...] = (2, 4),
        n_heads: tuple[int, ...] = (2, 4),
        window: int = 4,
        mlp_ratio: int = 4,
        n_classes: int = 10,
        padding: Padding = "masked",
        eps: float = LAYER_NORM_EPS,
        activation: Activation = "gelu",
    ) -> None:
        super().__init__()
        if len(depths) != len(n_heads) or not depths:
            raise ValueError(f"{len(depths)} stages need as many numbers of heads, not {len(n_heads)}")
        if min(depths) < 1:
            raise ValueError(f"each stage needs at least one block, not {min(depths)}")
        if img_size < patch_size or img_size % patch_size:
            raise ValueError(f"a picture of {img_size} pixels cannot be cut into patches of {patch_size}")
        self.img_size, self.patch_size = img_size, patch_size
        side = img_size // patch_size
        for _ in depths[1:]:
            side = -(-side // 2)
        self.grid = (side, side)  # of the last map
        self.n_prefix, self.n_classes = 0, n_classes
        self.patch_embedding = nn.Conv2d(in_channels, d_model, patch_size, stride=patch_size)
        self.patch_norm = nn.LayerNorm(d_model, eps=eps)
        widths = [d_model * 2**stage for stage in range(len(depths))]
        self.stages = nn.ModuleList(
            nn.ModuleList(
                SwinBlock(
                    width, heads, window, window // 2 if block % 2 else 0, mlp_ratio * width, padding, eps, activation
                )
                for block in range(depth)
            )
            for width, depth, heads in zip(widths, depths, n_heads, strict=True)
        )
        self.mergings = nn.ModuleList(PatchMerging(width, eps) for width in widths[:-1])
        self.norm = nn.LayerNorm(widths[-1], eps=eps)
        self.head = make_head(widths[-1], n_classes)
        self.apply(_init_linear)

    @property
    def window(self) -> int:
        return self.residual_blocks[0].attention.window

    @property
    def n_tokens(self) -> int:
        return (self.img_size // self.patch_size) ** 2

    @property
    def stage_entries(self) -> tuple[int, ...]:
        return tuple(accumulate(len(stage) for stage in self.stages))  # entry 0 is the embedding

    @property
    def grad_cam_entry(self) -> int | None:
        return self.stage_entries[-1]

    @property
    def residual_blocks(self) -> tuple[BranchedBlock, ...]:
        return tuple(block for stage in self.stages for block in stage)

    def features(self, images: Tensor, tape: Tape | None = None) -> list[Tensor]:
        """The map that each stage leaves behind, (B, H, W, C) each, from fine to coarse.

        A tape receives the map after the patch embedding and after each block, flattened to (B, H * W, C), and the
        attention of each block in its windows.
        """
        x = _taped(self._embedded(images), tape)
        maps: list[Tensor] = []
        for index, stage in enumerate(self.stages):
            x = self.mergings[index - 1](x) if index else x
            for block in stage:
                x = _taped(block(x, tape), tape)
            maps.append(x)
        return maps

    def forward_blocks(self, images: Tensor, apply: Callable[[BranchedBlock, Tensor], Tensor]) -> Tensor:
        x = self._embedded(images)
        for index, stage in enumerate(self.stages):
            x = self.mergings[index - 1](x) if index else x
            for block in stage:
                x = apply(block, x)
        return self.classify(x)

    def _embedded(self, images: Tensor) -> Tensor:
        """Map that enters the first block, (B, C, H, W) -> (B, H / P, W / P, d_model)."""
        if images.shape[-2] % self.patch_size or images.shape[-1] % self.patch_size:
            height, width = images.shape[-2:]
            raise ValueError(f"{height} x {width} pixels cannot be cut into patches of {self.patch_size}")
        return self.patch_norm(self.patch_embedding(images).permute(0, 2, 3, 1))  # (B, C, H, W) -> (B, H, W, C)

    def forward(self, images: Tensor, tape: Tape | None = None) -> Tensor:
        return self.classify(self.features(images, tape)[-1])

    def classify(self, last_map: Tensor) -> Tensor:
        """Final norm, mean and head: (B, H, W, C) -> (B, n_classes)."""
        return logits_of(self.head, self._pooled(last_map), self.n_classes)

    def embed(self, images: Tensor) -> Tensor:
        """Vector of each image that the head reads, (B, C of the last stage)."""
        return self._pooled(self.features(images)[-1])

    def readout(self, tokens: Tensor) -> Tensor:
        return torch.full_like(tokens[..., 0], 1 / tokens.shape[1])

    @torch.no_grad()
    def place_logits(self, tokens: Tensor, classes: Tensor) -> Tensor:
        return mean_place_logits(self.norm(tokens), self.head, classes)

    def _pooled(self, last_map: Tensor) -> Tensor:
        return self.norm(last_map).mean(dim=(1, 2))


def _taped(x: Tensor, tape: Tape | None) -> Tensor:
    """Record a map; later layers go through the record, so that it has a gradient."""
    if tape is None:
        return x
    tape.hidden.append(x.flatten(1, 2))
    return tape.hidden[-1].reshape(x.shape)


def _init_linear(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=INIT_STD)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
