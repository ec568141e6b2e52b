"""Augmentation of whole batches of uint8 tensors by one gather.

Every function takes a generator, so that a batch is a function of its seed.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_explorer.data.transfer import sent

CROP_PADDING = 4  # pixels on each side before the random crop, as He et al. 2015 did on CIFAR-10


def draw_crop_and_flip(n: int, generator: torch.Generator, padding: int = CROP_PADDING, flips: bool = True) -> Tensor:
    """Random crops and flips of n padded images: (n, 3) int64, top, left, flip.

    Without ``flips`` the crops are the same, and no image is flipped.
    """
    top, left = (torch.randint(0, 2 * padding + 1, (n, 1), generator=generator) for _ in range(2))
    flip = (torch.rand((n, 1), generator=generator) < 0.5) & flips
    return torch.cat([top, left, flip.long()], dim=1)


def apply_crop_and_flip(images: Tensor, drawn: Tensor, padding: int = CROP_PADDING) -> Tensor:
    """Crop and flip images as drawn by :func:`draw_crop_and_flip`."""
    batch, channels, height, width = images.shape
    device = images.device
    padded = F.pad(images, (padding,) * 4)
    top, left, flip = sent(drawn, device)[:, :, None].unbind(1)  # (B, 1) each
    rows = torch.arange(height, device=device) + top  # (B, H)
    cols = torch.arange(width, device=device) + left  # (B, W)
    cols = torch.where(flip.bool(), cols.flip(1), cols)
    pixel = rows[:, :, None] * padded.shape[-1] + cols[:, None, :]  # (B, H, W) into the flattened padded plane
    pixel = pixel.reshape(batch, 1, height * width).expand(-1, channels, -1)
    return padded.flatten(2).gather(2, pixel).reshape(images.shape)


def crop_and_flip(images: Tensor, generator: torch.Generator, padding: int = CROP_PADDING) -> Tensor:
    """Random shift by up to ``padding`` pixels and random flip of each image.

    Args:
        images: (B, C, H, W), any dtype. What is shifted in from outside is 0.
    Returns:
        (B, C, H, W) of the same dtype.
    """
    return apply_crop_and_flip(images, draw_crop_and_flip(len(images), generator, padding), padding)


def normalise(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """uint8 (B, C, H, W) -> float32 (x - mean) / std per channel.

    Mean and std are (C,) in units of 0..255.
    """
    return (images.float() - mean[:, None, None]) / std[:, None, None]


def channel_statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation per channel of uint8 images (n, C, H, W).

    In units of 0..255, (C,) float32 each.

    Computed from exact integer sums, so it does not depend on the order of the images.
    """
    channels = images.shape[1]
    counts = torch.stack([torch.bincount(images[:, c].flatten(), minlength=256) for c in range(channels)]).double()
    values = torch.arange(256, dtype=torch.float64)
    total = counts.sum(dim=1)
    mean = (counts * values).sum(dim=1) / total
    variance = (counts * (values - mean[:, None]) ** 2).sum(dim=1) / total
    return mean.float(), variance.sqrt().clamp_min(1.0).float()  # a blank dataset must not divide by zero
