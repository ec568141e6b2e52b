"""Erasing patches: baselines that replace a patch by pixels without its detail."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

Baseline = Literal["blurred", "mean"]

BLUR = 1 / 8  # standard deviation of the Gaussian, as a fraction of the image's side


def baseline_images(images: Tensor, baseline: Baseline = "blurred") -> Tensor:
    """Images with every patch erased, (B, C, H, W) -> same.

    Args:
        baseline: "blurred" is the image under a Gaussian of 1/8 of its side; "mean" its mean colour everywhere.
    """
    if baseline == "mean":
        return images.mean(dim=(2, 3), keepdim=True).expand_as(images)
    if baseline != "blurred":
        raise ValueError(f"a baseline must be one of {', '.join(get_args(Baseline))}, not {baseline!r}")
    from torchvision.transforms.functional import gaussian_blur  # a second of import, only for those who blur

    sigma = BLUR * min(images.shape[-2:])
    return gaussian_blur(images, 2 * round(2 * sigma) + 1, sigma)


def erase_patches(images: Tensor, erased: Tensor, baseline: Tensor) -> Tensor:
    """Replace patches by the baseline's.

    Args:
        images: (B, C, H, W).
        erased: (B, K, rows, cols) bool, K different choices for each image; rows and cols divide H and W.
        baseline: (B, C, H, W) of :func:`baseline_images`.
    Returns:
        (B, K, C, H, W)
    """
    height, width = images.shape[-2:]
    rows, cols = erased.shape[-2:]
    if height % rows or width % cols:
        raise ValueError(f"{rows} x {cols} patches do not divide a picture of {height} x {width} pixels")
    pixels = erased.repeat_interleave(height // rows, dim=2).repeat_interleave(width // cols, dim=3)  # (B, K, H, W)
    return torch.where(pixels[:, :, None], baseline[:, None], images[:, None])
