"""Network: the interface of all image classifiers of this package."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Literal, Protocol, Self

import torch
from torch import Tensor, nn

from vit_explorer.models.attention import Tape
from vit_explorer.models.patches import ConvolutionalStem, PatchEmbedding

AttentionKind = Literal["global", "windows", "none"]
Readout = Literal["cls", "mean", "cls_mean", "attention", "max"]


class BranchedBlock(Protocol):
    """A block of two residual branches on tokens (B, N, D) or a map (B, H, W, C)."""

    @property
    def attention(self) -> Any: ...

    def attention_branch(self, tokens: Tensor, /) -> Tensor: ...

    def mlp_branch(self, tokens: Tensor, /) -> Tensor: ...


class Network(nn.Module):
    """Base class of the image classifiers, images -> (B, n_classes) logits.

    Images are (B, C, img_size, img_size).

    A subclass overrides the properties and methods below that apply to it; the defaults are those of a network without
    attention, prefix tokens and positions.

    Attributes:
        img_size: side of the images in pixels that the network is built for.
        grid: (rows, cols) of the patch tokens, or of the last map of a hierarchical network.
        n_prefix: tokens in front of the patches (CLS, distillation, registers).
        n_classes: 0 for a network without a head.
        attention_kind: "global" among all tokens, "windows" inside of windows, or "none".
        pooling: how the last tokens become the vector that the head reads.
    """

    img_size: int
    grid: tuple[int, int]
    n_prefix: int
    n_classes: int
    attention_kind: AttentionKind = "none"
    pooling: Readout

    @property
    def n_tokens(self) -> int:
        """Tokens that enter the first block at ``img_size``, prefix tokens included."""
        return self.n_prefix + self.grid[0] * self.grid[1]

    @property
    def window(self) -> int | None:
        """Side of the attention windows in tokens; None without windows."""
        return None

    @property
    def position_table(self) -> nn.Parameter | None:
        """Learned absolute positions, (1, n_prefix + N, d_model), or None."""
        return None

    @property
    def linear_embedding(self) -> PatchEmbedding | None:
        """Linear projection of each patch to a token; None for other embeddings."""
        return None

    @property
    def stem(self) -> ConvolutionalStem | None:
        """Convolutions that make the tokens; None for other embeddings."""
        return None

    @property
    def stage_entries(self) -> tuple[int, ...]:
        """Entries of ``Tape.hidden`` that leave a stage, from fine to coarse.

        () for a network of constant width.
        """
        return ()

    @property
    def grad_cam_entry(self) -> int | None:
        """Entry of ``Tape.hidden`` with the feature map for Grad-CAM, or None."""
        return None

    @property
    def residual_blocks(self) -> tuple[BranchedBlock, ...]:
        """Blocks of an attention and an MLP branch, in forward order."""
        return ()

    def twin(self) -> Self:
        """Copy the modules on the same weights: what is hooked or swapped in the copy leaves this network as it is."""
        return copy.deepcopy(self, {id(tensor): tensor for tensor in (*self.parameters(), *self.buffers())})

    def prefix_names(self) -> tuple[str, ...]:
        """The names of the ``n_prefix`` tokens in front of the patches."""
        return ()

    def heads(self, images: Tensor, tape: Tape | None = None) -> tuple[Tensor, ...]:
        """Logits of each head, (B, n_classes) each; the prediction is their mean."""
        return (self(images, tape),)

    def embed(self, images: Tensor) -> Tensor:
        """The vector that the head reads, (B, C, H, W) -> (B, width)."""
        raise NotImplementedError(f"a {type(self).__name__} must say which vector its head reads")

    def classify(self, tokens: Tensor) -> Tensor:
        """Final norm, pooling and head on the output of a block."""
        raise NotImplementedError(f"a {type(self).__name__} must say how its head reads tokens")

    def readout(self, tokens: Tensor) -> Tensor:
        """Weight of each token in the vector that the head reads, (B, N, D) -> (B, N).

        Rows sum to 1.

        Args:
            tokens: the last entry of ``Tape.hidden``.
        Raises:
            ValueError: if the head reads no weighted mean of tokens.
        """
        raise ValueError(f"the head of a {type(self).__name__} reads no tokens")

    def place_logits(self, tokens: Tensor, classes: Tensor) -> Tensor:
        """Summand of each place in a logit, (B, N, D) -> (B, N).

        The summands add up to the logit without the head's bias.

        Args:
            tokens: the last entry of ``Tape.hidden``.
            classes: (B,) int64, whose logit.
        Raises:
            ValueError: if the logit is no sum over the places of a map.
        """
        raise ValueError(f"a logit of a {type(self).__name__} is no sum over places of a map")

    def forward_blocks(self, images: Tensor, apply: Callable[[BranchedBlock, Tensor], Tensor]) -> Tensor:
        """Logits with ``apply(block, tokens)`` in place of each residual block.

        Raises:
            ValueError: for a network without such blocks.
        """
        raise ValueError(f"a {type(self).__name__} has no residual branches to drop")


def mean_place_logits(maps: Tensor, head: nn.Linear, classes: Tensor) -> Tensor:
    """:meth:`Network.place_logits` of a head on the mean of a map.

    (B, N, C) -> (B, N).
    """
    rows = head.weight[classes][:, None]  # (B, 1, C)
    return (maps * rows).sum(dim=-1) / maps.shape[1]


def max_place_logits(maps: Tensor, head: nn.Linear, classes: Tensor) -> Tensor:
    """:meth:`Network.place_logits` of a head on each channel's maximum.

    (B, N, C) -> (B, N).
    """
    largest, place = maps.max(dim=1)  # (B, C) each
    return torch.zeros_like(maps[..., 0]).scatter_add_(1, place, largest * head.weight[classes])
