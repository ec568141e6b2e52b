"""Patches: an image as a sequence of tokens, by projection or convolutions.

Source: Dosovitskiy et al. 2020, "An Image is Worth 16x16 Words", section 3.1; the convolutional stem follows
Xiao et al. 2021, "Early Convolutions Help Transformers See Better".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def grid_size(img_size: int, patch_size: int) -> int:
    """Number of patches along one side.

    Raises:
        ValueError: if the patch does not divide the image; the message holds both numbers.
    """
    if img_size < 1 or patch_size < 1:
        raise ValueError(f"picture size {img_size} and patch size {patch_size} must both be at least 1")
    if img_size % patch_size:
        raise ValueError(f"a picture of {img_size} pixels cannot be cut into patches of {patch_size}: it leaves a rest")
    return img_size // patch_size


def patchify(images: Tensor, patch_size: int) -> Tensor:
    """Cut images into non-overlapping patches, each flattened to a vector.

    Args:
        images: (B, C, H, W), any dtype; H and W must be multiples of ``patch_size``.
        patch_size: side of a patch in pixels.
    Returns:
        (B, N, C * P * P): patches row by row, each in the order (channel, row, column), which is the order of a
        flattened Conv2d kernel, so that ``patchify(x, P) @ conv.weight.flatten(1).T + conv.bias`` is the convolution.
    """
    batch, channels, height, width = images.shape
    rows, cols = grid_size(height, patch_size), grid_size(width, patch_size)
    blocks = images.reshape(batch, channels, rows, patch_size, cols, patch_size)
    blocks = blocks.permute(0, 2, 4, 1, 3, 5)  # (B, rows, cols, C, P, P)
    return blocks.reshape(batch, rows * cols, channels * patch_size * patch_size)


def unpatchify(patches: Tensor, patch_size: int, grid: tuple[int, int]) -> Tensor:
    """Reassemble patches into images; the inverse of :func:`patchify`.

    Args:
        patches: (B, N, C * P * P) in the order of :func:`patchify`.
        grid: (rows, cols) with rows * cols == N.
    Returns:
        (B, C, rows * P, cols * P).
    """
    batch, n_patches, values = patches.shape
    rows, cols = grid
    if rows * cols != n_patches:
        raise ValueError(f"{n_patches} patches do not fill a grid of {rows} x {cols}")
    if values % patch_size**2:
        raise ValueError(f"vectors of {values} values are no whole number of {patch_size} x {patch_size} planes")
    blocks = patches.reshape(batch, rows, cols, -1, patch_size, patch_size)
    blocks = blocks.permute(0, 3, 1, 4, 2, 5)  # (B, C, rows, P, cols, P)
    return blocks.reshape(batch, -1, rows * patch_size, cols * patch_size)


class TokenEmbedding(nn.Module):
    """Base class of the embeddings: images -> tokens (B, N, d_model), row by row.

    Attributes:
        grid: (rows, cols) of the tokens.
        patch_size: pixels from one token to the next.
    """

    grid: tuple[int, int]
    patch_size: int

    @property
    def n_patches(self) -> int:
        """N, the number of tokens."""
        return self.grid[0] * self.grid[1]


class ConvolutionalStem(TokenEmbedding):
    """Base class of the embeddings by several convolutions; their tokens overlap."""

    def stages(self) -> list[nn.Sequential]:
        """Layers in order, cut where a feature map is complete."""
        raise NotImplementedError(f"a {type(self).__name__} must say of which stages it is made")


class PatchEmbedding(TokenEmbedding):
    """Linear projection of each patch: a Conv2d with kernel and stride of a patch.

    Shapes: (B, C, img_size, img_size) -> (B, N, d_model), N = (img_size / patch_size)**2.
    """

    def __init__(self, img_size: int = 32, patch_size: int = 4, in_channels: int = 3, d_model: int = 128) -> None:
        super().__init__()
        side = grid_size(img_size, patch_size)
        self.grid = (side, side)
        self.patch_size = patch_size
        self.projection = nn.Conv2d(in_channels, d_model, kernel_size=patch_size, stride=patch_size)

    def forward(self, images: Tensor) -> Tensor:
        return self.projection(images).flatten(2).transpose(1, 2)  # (B, D, rows, cols) -> (B, N, D)


class ConvPatchEmbedding(ConvolutionalStem):
    """Several 3 x 3 convolutions in place of the projection; tokens overlap.

    Each convolution is followed by a ReLU and 2 x 2 max pooling, which halves the image, so ``patch_size`` must be a
    power of two; channels double up to ``d_model``. The tokenizer of Hassani et al. 2021, "Escaping the Big Data
    Paradigm with Compact Transformers", section 3.2. Shapes as :class:`PatchEmbedding`.
    """

    def __init__(self, img_size: int = 32, patch_size: int = 4, in_channels: int = 3, d_model: int = 128) -> None:
        super().__init__()
        side = grid_size(img_size, patch_size)
        halvings = patch_size.bit_length() - 1
        if patch_size != 2**halvings or halvings == 0:
            raise ValueError(f"a convolutional stem halves the picture: patch size {patch_size} is no power of two > 1")
        self.grid = (side, side)
        self.patch_size = patch_size
        widths = [max(1, d_model // 2 ** (halvings - 1 - i)) for i in range(halvings)]
        layers: list[nn.Module] = []
        for previous, width in zip([in_channels, *widths], widths, strict=False):
            layers += [nn.Conv2d(previous, width, kernel_size=3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        self.stem = nn.Sequential(*layers)

    def stages(self) -> list[nn.Sequential]:
        """A convolution, a ReLU and pooling each."""
        layers = list(self.stem)
        return [nn.Sequential(*layers[first : first + 3]) for first in range(0, len(layers), 3)]

    def forward(self, images: Tensor) -> Tensor:
        return self.stem(images).flatten(2).transpose(1, 2)  # (B, D, rows, cols) -> (B, N, D)


def as_linear(embedding: PatchEmbedding) -> tuple[Tensor, Tensor]:
    """Matrix (C * P * P, d_model) and bias equal to a patch embedding."""
    weight = embedding.projection.weight.detach().flatten(1).T  # (C * P * P, D)
    bias = embedding.projection.bias
    assert bias is not None
    return weight, torch.clone(bias.detach())


def filter_components(embedding: PatchEmbedding) -> tuple[Tensor, Tensor]:
    """Principal components of the filters (Dosovitskiy et al. 2020, figure 7).

    Returns:
        (K, C, P, P) orthonormal patterns, the most important first, each with its largest entry positive, and (K,)
        their shares of the filters' variance, which sum to 1. K is the smaller of d_model and C * P * P.
    """
    filters = embedding.projection.weight.detach()
    flat = filters.flatten(1).double()  # (D, C * P * P)
    _, strengths, patterns = torch.linalg.svd(flat - flat.mean(dim=0), full_matrices=False)
    largest = patterns.gather(1, patterns.abs().argmax(dim=1, keepdim=True))
    patterns = patterns * largest.sign()
    share = strengths**2 / (strengths**2).sum()
    return patterns.float().reshape(-1, *filters.shape[1:]), share.float()
