"""Mixup and CutMix: mix two images and their labels.

Sources: Zhang et al. 2018, "mixup", equation 1; Yun et al. 2019, "CutMix", section 3.1. As in the authors' code
partners are a random order of the batch, in which about one image meets itself, and all are mixed with the same
share, drawn anew for each batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vit_explorer.data.transfer import sent


@dataclass(frozen=True)
class Mix:
    """How a batch is mixed.

    Attributes:
        partner: (B,) int64, the image that each is mixed with.
        share: of the image itself in the mixture, in [0, 1]; for CutMix the share of its area that is left.
        box: (top, left, bottom, right) of what is cut in from the partner; None for mixup.
    """

    partner: Tensor
    share: float
    box: tuple[int, int, int, int] | None = None


def draw_mixup(n: int, alpha: float, seed: int) -> Mix:
    """Mixing weight from Beta(alpha, alpha), and a partner for each of n images."""
    drawn = np.random.default_rng(seed)
    return Mix(_partners(n, drawn), _share(alpha, drawn))


def draw_cutmix(n: int, height: int, width: int, alpha: float, seed: int) -> Mix:
    """Box covering a fraction 1 - Beta(alpha, alpha), with a uniform centre.

    Parts outside of the image are cut off.

    ``share`` is that of the pixels that are really left.
    """
    drawn = np.random.default_rng(seed)
    partner, side = _partners(n, drawn), np.sqrt(1 - _share(alpha, drawn))
    edges = []
    for length in (height, width):
        middle, half = int(drawn.integers(length)), int(length * side) // 2
        edges.append((max(0, middle - half), min(length, middle + half)))
    (top, bottom), (left, right) = edges
    share = 1 - (bottom - top) * (right - left) / (height * width)
    return Mix(partner, float(share), (top, left, bottom, right))


def mix_images(images: Tensor, mix: Mix) -> Tensor:
    """Mix images, (B, C, H, W) -> same; uint8 stays uint8, rounded."""
    partner = images[sent(mix.partner, images.device)]
    if mix.box is not None:
        top, left, bottom, right = mix.box
        mixed = images.clone()
        mixed[..., top:bottom, left:right] = partner[..., top:bottom, left:right]
        return mixed
    mixed = mix.share * images.float() + (1 - mix.share) * partner.float()
    return mixed.round().to(images.dtype) if images.dtype == torch.uint8 else mixed.to(images.dtype)


def mix_targets(targets: Tensor, mix: Mix) -> Tensor:
    """The same mixture of the targets, (B, classes) that sum to 1 each -> same."""
    return mix.share * targets + (1 - mix.share) * targets[sent(mix.partner, targets.device)]


def soft_targets(labels: Tensor, n_classes: int, smoothing: float = 0.0) -> Tensor:
    """Smoothed one-hot targets, (B,) int64 -> (B, n_classes).

    The label gets 1 less ``smoothing``, which is spread over all classes.

    Szegedy et al. 2016, "Rethinking the Inception Architecture", section 7.
    """
    return F.one_hot(labels, n_classes).float() * (1 - smoothing) + smoothing / n_classes


def _partners(n: int, drawn: np.random.Generator) -> Tensor:
    return torch.from_numpy(drawn.permutation(n))


def _share(alpha: float, drawn: np.random.Generator) -> float:
    if alpha <= 0:
        raise ValueError(f"alpha must be above 0, not {alpha}")
    return float(drawn.beta(alpha, alpha))
