"""Random erasing: replace a rectangle of an image by noise.

Zhong et al. 2020, "Random Erasing Data Augmentation".
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vit_explorer.data.transfer import sent

AREA = (0.02, 1 / 3)  # share of the image, as in timm and DeiT's code
ASPECT = (0.3, 1 / 0.3)  # height over width


def draw_boxes(n: int, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Draw a rectangle inside each of n images, (n, 4): top, left, height, width.

    Its area is uniform in AREA and its aspect log-uniform in ASPECT; a side that would be too long is the image's.
    """
    area, aspect, down, along = torch.rand(4, n, generator=generator)
    area = (AREA[0] + (AREA[1] - AREA[0]) * area) * height * width
    aspect = torch.exp(math.log(ASPECT[0]) + (math.log(ASPECT[1]) - math.log(ASPECT[0])) * aspect)
    tall = (area * aspect).sqrt().round().long().clamp(1, height)
    wide = (area / aspect).sqrt().round().long().clamp(1, width)
    top = (down * (height - tall + 1)).long()
    left = (along * (width - wide + 1)).long()
    return torch.stack([top, left, tall, wide], dim=1)


def random_erasing(images: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Erase a rectangle of each image with a probability; fill with uniform noise.

    Args:
        images: uint8 (B, C, H, W).
        probability: in [0, 1].
    Returns:
        uint8 (B, C, H, W)
    """
    batch, _, height, width = images.shape
    device = images.device
    chosen = sent(torch.rand(batch, generator=generator) < probability, device)
    boxes = sent(draw_boxes(batch, height, width, generator), device)
    top, left, tall, wide = boxes[:, :, None].unbind(1)  # (B, 1) each
    if device.type != "cpu":  # noise for every pixel is drawn where it is needed
        generator = torch.Generator(device).manual_seed(generator.initial_seed())
    noise = torch.randint(0, 256, images.shape, generator=generator, dtype=torch.uint8, device=device)
    rows, cols = torch.arange(height, device=device), torch.arange(width, device=device)
    inside_rows = (rows >= top) & (rows < top + tall)  # (B, H)
    inside_cols = (cols >= left) & (cols < left + wide)  # (B, W)
    inside = inside_rows[:, None, :, None] & inside_cols[:, None, None, :] & chosen[:, None, None, None]
    return torch.where(inside, noise, images)
