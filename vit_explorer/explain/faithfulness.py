"""Faithfulness of a map: does the prediction fall as important patches go?

Source: Petsiuk, Das & Saenko 2018, "RISE", section 4: deletion and insertion. Figures do not carry over between
set-ups, so every score here is to be read beside that of a random map from the same run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.explain.erasing import Baseline, baseline_images, erase_patches
from vit_explorer.explain.targets import target_classes
from vit_explorer.models.network import Network

PIXELS_AT_ONCE = 256 * 32**2  # in one forward pass,
PICTURES_AT_ONCE = 16  # but of so many images at least
LARGE_AT_ONCE = 4  # of so many in both_curves: more would be no faster, and a person stops it between two passes
PATCHES_EACH = 64  # up to so many patches, in images of as many pixels a side, curves have a step for each patch,
MOST_STEPS = 28  # in others at most so many, see usual_steps
TIES_SEED = 0  # of the order of patches that a map calls equally important


def at_once(images: Tensor, least: int) -> int:
    """How many images of this size go through a network at once, at least ``least``."""
    return max(least, PIXELS_AT_ONCE // images[0, 0].numel())


@dataclass(frozen=True)
class Curve:
    """Probability of the target while patches are replaced, both ends included.

    Attributes:
        fractions: (K + 1,) from 0 to 1, the fraction of patches that were exchanged.
        probabilities: (B, K + 1)
    """

    fractions: Tensor
    probabilities: Tensor

    @property
    def area(self) -> Tensor:
        """(B,) in [0, 1]: the area under the curve by the trapezoidal rule."""
        return torch.trapezoid(self.probabilities, self.fractions, dim=1)


def deletion_curve(
    model: Network,
    images: Tensor,
    importance: Tensor,
    target: int | Tensor | None = None,
    baseline: Baseline = "blurred",
    n_steps: int | None = None,
) -> Curve:
    """Erase the most important patches first; a lower area is better.

    Args:
        model: any network of the zoo, in eval mode.
        images: (B, C, H, W) as the model wants them.
        importance: (B, rows, cols); only its order counts, see :func:`importance_order`.
        target: the class whose probability is followed, or None for what the model predicts for the whole image.
        baseline: what an erased patch becomes.
        n_steps: how many steps there are between the ends, at most one for each patch, which is the default.
    Raises:
        ValueError: for maps that do not fit the images or hold numbers that are not finite, a class that the model
            does not have, or another ``n_steps``; the message holds the range.
    """
    return _curve(model, images, importance, target, baseline, n_steps, inserting=False)


def insertion_curve(
    model: Network,
    images: Tensor,
    importance: Tensor,
    target: int | Tensor | None = None,
    baseline: Baseline = "blurred",
    n_steps: int | None = None,
) -> Curve:
    """Restore the most important patches first; a higher area is better.

    Arguments as for :func:`deletion_curve`; ``fractions`` are those of the restored patches.
    """
    return _curve(model, images, importance, target, baseline, n_steps, inserting=True)


def importance_order(importance: Tensor) -> Tensor:
    """Patches by falling importance, (B, rows, cols) -> (B, N) int64.

    Equal ones come in an order that was drawn once for all: in reading order a map that says nothing would be scored
    as a sweep from top to bottom.
    """
    values = importance.flatten(1)
    drawn = torch.randperm(values.shape[1], generator=torch.Generator().manual_seed(TIES_SEED)).to(values.device)
    return drawn[values[:, drawn].argsort(dim=1, descending=True, stable=True)]


def usual_steps(model: Network) -> int:
    """Steps of a curve: one for each patch of a small network, at most MOST_STEPS of others."""
    n_patches = model.grid[0] * model.grid[1]
    return n_patches if max(n_patches, model.img_size) <= PATCHES_EACH else min(n_patches, MOST_STEPS)


@dataclass(frozen=True)
class Erasing:
    """How far :func:`both_curves` is: the share of its passes, and of how many patches images have been robbed."""

    share: float
    patches: int


@torch.no_grad()
def both_curves(
    model: Network,
    image: Tensor,
    importance: Tensor,
    target: int,
    baseline: Baseline = "blurred",
    n_steps: int | None = None,
    progress: Callable[[Erasing], None] | None = None,
) -> tuple[Curve, Curve]:
    """Deletion and insertion curves of many maps of one image.

    The curves share many altered images: each goes through the network once, in batches of bounded size.

    Args:
        image: (1, C, H, W) as the model wants it.
        importance: (M, rows, cols).
        target: the class whose probability is followed.
        n_steps: as for :func:`deletion_curve`.
        progress: is called before each batch, those of few erased patches first; what it raises ends the work.
    Returns:
        deletion and insertion, each with probabilities (M, K + 1).
    Raises:
        ValueError: as :func:`deletion_curve`.
    """
    if len(image) != 1:
        raise ValueError(f"both curves are of one picture, not of {len(image)}")
    target_classes(torch.empty(1, model.n_classes), target)
    changed, exchanged = _exchanged(importance, n_steps)
    erased, place = torch.cat([exchanged, ~exchanged]).flatten(0, 1).unique(dim=0, return_inverse=True)
    n_erased = erased.sum(dim=1)
    found = torch.empty(len(erased), device=image.device)
    other = baseline_images(image, baseline)
    done = 0
    for part in n_erased.argsort(stable=True).split(at_once(image, LARGE_AT_ONCE)):
        if progress is not None:
            progress(Erasing(done / len(erased), int(n_erased[part[0]])))
        variants = erase_patches(image, erased[part].reshape(1, -1, *importance.shape[1:]), other)[0]
        found[part] = model(variants).softmax(dim=-1)[:, target]
        done += len(part)
    probabilities = found[place].reshape(2, *exchanged.shape[:2])
    fractions = changed / importance[0].numel()
    return Curve(fractions, probabilities[0]), Curve(fractions, probabilities[1])


@torch.no_grad()
def _curve(
    model: Network,
    images: Tensor,
    importance: Tensor,
    target: int | Tensor | None,
    baseline: Baseline,
    n_steps: int | None,
    inserting: bool,
) -> Curve:
    if importance.dim() != 3 or len(importance) != len(images):
        raise ValueError(f"{len(images)} pictures need as many maps (B, rows, cols), not {tuple(importance.shape)}")
    changed, exchanged = _exchanged(importance, n_steps)
    erased = (~exchanged if inserting else exchanged).reshape(len(images), -1, *importance.shape[1:])
    variants = erase_patches(images, erased, baseline_images(images, baseline)).flatten(0, 1)
    parts = variants.split(at_once(images, PICTURES_AT_ONCE))
    logits = torch.cat([model(part) for part in parts]).reshape(*erased.shape[:2], -1)
    classes = target_classes(logits[:, -1 if inserting else 0], target)  # of the whole image
    probabilities = logits.softmax(dim=-1).gather(2, classes[:, None, None].expand(-1, logits.shape[1], 1))[..., 0]
    return Curve(changed / importance[0].numel(), probabilities)


def _exchanged(importance: Tensor, n_steps: int | None) -> tuple[Tensor, Tensor]:
    """How many patches are exchanged after each step (K + 1,), and which (B, K + 1, N) bool. Raises ValueError."""
    n_patches = importance[0].numel()
    n_steps = n_patches if n_steps is None else n_steps
    if not 1 <= n_steps <= n_patches:
        raise ValueError(f"n_steps must be 1 to {n_patches}, one for each patch, not {n_steps}")
    if not importance.isfinite().all():
        raise ValueError("a map that orders patches must hold finite numbers only")
    changed = torch.linspace(0, n_patches, n_steps + 1, device=importance.device).round().long()
    place = importance_order(importance).argsort(dim=1)  # (B, N): 0 goes first
    return changed, place[:, None] < changed[:, None]
