"""A picture as a pretrained network wants it: resized, then cut out of the middle."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vit_explorer.models.pretrained.report import Preprocessing

RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


def resize_and_crop(picture: Image.Image, preprocessing: Preprocessing) -> Tensor:
    """An RGB picture as uint8 (3, crop, crop), pixel by pixel as torchvision's Resize and CenterCrop make it.

    Raises:
        ValueError: for a picture of another mode than RGB, or a crop larger than the resized picture.
    """
    size, crop = preprocessing.resize, preprocessing.crop
    if picture.mode != "RGB" or crop > size:
        raise ValueError(f"an RGB picture resized to {size} gives no crop of {crop} (its mode is {picture.mode})")
    width, height = picture.size
    shorter = min(width, height)
    resized = picture.resize(
        (size * width // shorter, size * height // shorter), RESAMPLING[preprocessing.interpolation]
    )
    left, top = (round((side - crop) / 2) for side in resized.size)
    cut = resized.crop((left, top, left + crop, top + crop))
    return torch.from_numpy(np.array(cut)).permute(2, 0, 1).contiguous()  # (crop, crop, 3) -> (3, crop, crop)
