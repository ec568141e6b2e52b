"""What each patch and each head costs when it alone is taken away: leave one out, in batches of bounded size."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from vit_explorer.explain.erasing import Baseline, baseline_images, erase_patches
from vit_explorer.explain.faithfulness import LARGE_AT_ONCE, PIXELS_AT_ONCE
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

    Args:
        image: (1, C, H, W) as the model wants it.
        target: the class whose probability is followed.
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
    other, whole = baseline_images(image, baseline), _probability(model, image, target)
    found = []
    for start, stop in _batches(image, len(erased)):
        if progress is not None:
            progress(Tried(start / len(erased)))
        found.append(_probability(model, erase_patches(image, erased[None, start:stop], other)[0], target))
    return (whole - torch.cat(found)).reshape(down, along)


@torch.no_grad()
def head_costs(model: Network, image: Tensor, target: int, progress: Progress | None = None) -> Tensor:
    """Probability that a class loses when one head alone adds nothing to its layer, (layers, heads).

    Arguments as for :func:`patch_costs`. Raises ValueError for a model whose heads do not look at all tokens.
    """
    if model.attention_kind != "global":
        raise ValueError(f"a {type(model).__name__} has no heads to mute")
    muted = model.twin()  # the model itself gets no hooks
    attentions = [block.attention for block in muted.residual_blocks]
    n_heads = attentions[0].n_heads
    heard = torch.ones(len(attentions) * n_heads, len(attentions), n_heads, device=image.device)
    for place, (layer, head) in enumerate(itertools.product(range(len(attentions)), range(n_heads))):
        heard[place, layer, head] = 0
    whole, found = _probability(model, image, target), []
    for start, stop in _batches(image, len(heard)):
        if progress is not None:
            progress(Tried(start / len(heard)))
        hooks = [
            attention.projection.register_forward_pre_hook(partial(_silence, heard[start:stop, layer]))
            for layer, attention in enumerate(attentions)
        ]
        found.append(_probability(muted, image.expand(stop - start, -1, -1, -1), target))
        for hook in hooks:
            hook.remove()
    return (whole - torch.cat(found)).reshape(len(attentions), n_heads)


def _silence(heard: Tensor, _: nn.Module, inputs: tuple[Tensor]) -> Tensor:
    """What the heads of a layer have mixed, (B, N, d_model), times 0 or 1 for each head of each image (B, heads)."""
    (mixed,) = inputs
    each = mixed.shape[-1] // heard.shape[1]
    return mixed * heard.repeat_interleave(each, dim=1)[:, None]


def _batches(image: Tensor, n: int) -> list[tuple[int, int]]:
    at_once = max(LARGE_AT_ONCE, PIXELS_AT_ONCE // image[0, 0].numel())
    return [(start, min(start + at_once, n)) for start in range(0, n, at_once)]


def _probability(model: Network, images: Tensor, target: int) -> Tensor:
    return model(images).softmax(dim=-1)[:, target]
