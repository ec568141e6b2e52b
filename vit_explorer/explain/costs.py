"""What each patch and each head costs when it alone is taken away: leave one out, in batches of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.explain.ablation import head_shape, with_heads
from vit_explorer.explain.erasing import Baseline, baseline_images, erase_patches
from vit_explorer.explain.faithfulness import LARGE_AT_ONCE, at_once
from vit_explorer.models.network import Network


@dataclass(frozen=True)
class Tried:
    """How far the passes are, 0 to 1."""

    share: float


Progress = Callable[[Tried], None]


@torch.no_grad()
def patch_costs(
    model: Network,
    image: Tensor,
    target: int,
    baseline: Baseline = "blurred",
    side: int = 1,
    progress: Progress | None = None,
) -> Tensor:
    """Probability that a class loses when one patch alone is erased, (rows / side, cols / side).

    ``target`` is the class whose probability is followed; further arguments as for :func:`without_patches`.
    """
    without = without_patches(model, image, baseline, side, progress)
    return _probabilities(model, image)[0, target] - without[..., target]


@torch.no_grad()
def without_patches(
    model: Network, image: Tensor, baseline: Baseline = "blurred", side: int = 1, progress: Progress | None = None
) -> Tensor:
    """Probabilities when one patch alone is erased, (rows / side, cols / side, classes).

    Args:
        image: (1, C, H, W) as the model wants it.
        side: squares of so many patches a side go together; it divides the grid.
        progress: is called before each batch; what it raises ends the work.
    Raises:
        ValueError: if squares of ``side`` patches do not divide the grid.
    """
    rows, cols = model.grid
    if side < 1 or rows % side or cols % side:
        raise ValueError(f"squares of {side} patches a side do not divide a grid of {rows} x {cols}")
    down, along = rows // side, cols // side
    squares = torch.eye(down * along, dtype=torch.bool, device=image.device).reshape(-1, down, along)
    erased = squares.repeat_interleave(side, dim=1).repeat_interleave(side, dim=2)
    other = baseline_images(image, baseline)
    found = []
    for part in batches(erased, image, progress):
        found.append(_probabilities(model, erase_patches(image, part[None], other)[0]))
    return torch.cat(found).reshape(down, along, -1)


@torch.no_grad()
def head_costs(model: Network, image: Tensor, target: int, progress: Progress | None = None) -> Tensor:
    """Probability that a class loses when one head alone adds nothing to its layer, (layers, heads).

    Arguments as for :func:`patch_costs`. Raises ValueError for a model whose heads do not look at all tokens.
    """
    return _probabilities(model, image)[0, target] - without_heads(model, image, progress)[..., target]


@torch.no_grad()
def without_heads(model: Network, image: Tensor, progress: Progress | None = None) -> Tensor:
    """Probabilities when one head alone adds nothing to its layer, (layers, heads, classes).

    Arguments as for :func:`without_patches`. Raises ValueError for a model whose heads do not look at all tokens.
    """
    n_layers, n_heads = head_shape(model)
    heard = (1 - torch.eye(n_layers * n_heads, device=image.device)).reshape(-1, n_layers, n_heads)  # all but one
    found = []
    for part in batches(heard, image, progress):
        found.append(_probabilities(with_heads(model, part), image.expand(len(part), -1, -1, -1)))
    return torch.cat(found).reshape(n_layers, n_heads, -1)


def batches(changes: Tensor, image: Tensor, progress: Progress | None) -> Iterator[Tensor]:
    """The rows of ``changes`` in parts, as many as images of this size go through a network at once."""
    size = at_once(image, LARGE_AT_ONCE)
    for start in range(0, len(changes), size):
        if progress is not None:
            progress(Tried(start / len(changes)))
        yield changes[start : start + size]


def _probabilities(model: Network, images: Tensor) -> Tensor:
    return model(images).softmax(dim=-1)
