"""Ablation: predict again with a part of the image or of the network removed.

Attention does not know the order of its tokens. A ViT with one projection per patch knows places only from the table
that is added to them, so an image with shuffled positions is, to it, the image with its patches shuffled the same
way. Behind a convolutional stem, whose patches overlap, only tokens are shuffled so: no image's pixels are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.func import functional_call

from vit_explorer.explain.erasing import Baseline, baseline_images, erase_patches
from vit_explorer.explain.trace import Trace, taped
from vit_explorer.models.attention import Tape
from vit_explorer.models.network import Network
from vit_explorer.models.patches import patchify, unpatchify

PositionMode = Literal["trained", "shuffled", "zero", "untrained"]


def patch_order(n_patches: int, seed: int) -> Tensor:
    """Random permutation of the patches, (n_patches,) int64.

    Patch i gets the position of place ``patch_order[i]``.

    Drawn from a generator of its own: the same seed gives the same order, and the global generator is left alone.
    """
    return torch.randperm(n_patches, generator=torch.Generator().manual_seed(seed))


def changed_positions(
    positions: Tensor, n_prefix: int, mode: PositionMode, seed: int = 0, untrained: Tensor | None = None
) -> Tensor:
    """Copy a position table with its patch rows changed; prefix rows stay.

    Args:
        positions: (1, n_prefix + N, D), as in ``ViT.pos_embedding``.
        mode: "trained" changes nothing; "shuffled" gives the patches each other's positions by :func:`patch_order`;
            "zero" gives them none; "untrained" gives them the ones that training began with.
        seed: of the permutation; only "shuffled" reads it.
        untrained: (1, n_prefix + N, D), only "untrained" reads it.
    Raises:
        ValueError: for an unknown mode, or "untrained" without such a table of the same shape.
    """
    if mode not in get_args(PositionMode):
        raise ValueError(f"positions can be {', '.join(get_args(PositionMode))}, not {mode!r}")
    changed = positions.detach().clone()
    if mode == "shuffled":
        order = patch_order(positions.shape[1] - n_prefix, seed)
        changed[:, n_prefix:] = changed[:, n_prefix + order]
    elif mode == "zero":
        changed[:, n_prefix:] = 0
    elif mode == "untrained":
        if untrained is None or untrained.shape != positions.shape:
            raise ValueError("the untrained positions of this model were not kept")
        changed[:, n_prefix:] = untrained.detach()[:, n_prefix:]
    return changed


@torch.no_grad()
def predict_with_positions(model: Network, inputs: Tensor, positions: Tensor) -> Tensor:
    """Logits of a model with ``positions`` in place of its position table.

    ``functional_call`` swaps the parameter inside the module while it runs. It is given a twin that shares all weights,
    so that another thread that predicts with the same model at the same moment does not see the swap.

    Args:
        inputs: (B, C, H, W) as the model wants them.
        positions: (1, n_prefix + N, D) for all images, or (B, n_prefix + N, D) for each its own; with one image
            and several tables, one prediction for each table.
    Returns:
        (B, classes)
    """
    return functional_call(model.twin(), {"pos_embedding": positions}, (inputs,))


@dataclass(frozen=True)
class Ablation:
    """The parts to remove; patches are shuffled first and erased then.

    Attributes:
        erased: patches replaced by the baseline, row by row from 0.
        baseline: see :func:`vit_explorer.explain.erasing.baseline_images`.
        shuffle: seed of the order in which the image's patches are laid out anew: place i then shows patch
            ``patch_order[i]``; None leaves them.
        muted: (layer, head) pairs that add nothing to their layer, both from 0.
        positions: False gives the patches no position embeddings.
    """

    erased: tuple[int, ...] = ()
    baseline: Baseline = "blurred"
    shuffle: int | None = None
    muted: tuple[tuple[int, int], ...] = ()
    positions: bool = True


def ablated_images(model: Network, images: Tensor, ablation: Ablation) -> Tensor:
    """Images as the ablated network receives them, (B, C, H, W) -> same.

    Raises:
        ValueError: for a patch that the model's grid does not have.
    """
    rows, cols = model.grid
    if ablation.shuffle is not None:
        size = images.shape[-1] // cols
        order = patch_order(rows * cols, ablation.shuffle)
        images = unpatchify(patchify(images, size)[:, order], size, model.grid)
    if not ablation.erased:
        return images
    if not all(0 <= patch < rows * cols for patch in ablation.erased):
        raise ValueError(f"patches are 0 to {rows * cols - 1}, not {ablation.erased}")
    erased = torch.zeros(rows * cols, dtype=torch.bool, device=images.device)
    erased[list(ablation.erased)] = True
    erased = erased.reshape(1, 1, rows, cols).expand(len(images), -1, -1, -1)
    return erase_patches(images, erased, baseline_images(images, ablation.baseline))[:, 0]


@torch.no_grad()
def trace_ablated(model: Network, images: Tensor, ablation: Ablation) -> Trace:
    """:func:`trace` of an ablated model; the model itself stays unchanged.

    Args:
        images: (B, C, H, W) as the model wants them.
    Raises:
        ValueError: for a patch, layer or head that the model does not have, or positions where there are none.
    """
    tape, twin = Tape(), _without(model, ablation.muted)
    parameters: dict[str, Tensor] = {}
    if not ablation.positions:
        table = model.position_table
        if table is None:
            raise ValueError(f"a {type(model).__name__} without position embeddings cannot lose them")
        parameters["pos_embedding"] = changed_positions(table, model.n_prefix, "zero")
    logits = functional_call(twin, parameters, (ablated_images(model, images, ablation), tape))
    return taped(model, logits, tape)


def heard_attention(traced: Trace, muted: tuple[tuple[int, int], ...]) -> list[Tensor]:
    """Attention without the muted heads, per layer (B, remaining heads, N, N).

    Where all heads of a layer are muted, one that looks only at itself: such a layer moves nothing between tokens.
    """
    heard = []
    for layer, weights in enumerate(traced.attention):
        left = [head for head in range(weights.shape[1]) if (layer, head) not in muted]
        alone = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device).expand(len(weights), 1, -1, -1)
        heard.append(weights[:, left] if left else alone)
    return heard


def head_shape(model: Network) -> tuple[int, int]:
    """Layers, and heads in each. Raises ValueError for a model whose heads do not look at all tokens."""
    if model.attention_kind != "global":
        raise ValueError(f"a {type(model).__name__} has no heads to mute")
    return len(model.residual_blocks), model.residual_blocks[0].attention.n_heads


def with_heads(model: Network, heard: Tensor) -> Network:
    """Copy a network on its weights; its heads add to their layers what ``heard`` leaves of them.

    Args:
        heard: (B, layers, heads) or (1, layers, heads): 1 leaves a head of an image as it is, 0 mutes it.
    """
    twin = model.twin()  # the model itself gets no hooks
    for layer, block in enumerate(twin.residual_blocks):
        if not (heard[:, layer] == 1).all():
            block.attention.projection.register_forward_pre_hook(partial(_leave, heard[:, layer]))
    return twin


def _leave(heard: Tensor, _: nn.Module, inputs: tuple[Tensor]) -> Tensor:
    """What the heads of a layer have mixed, (B, N, d_model), times what is left of each (B, heads)."""
    (mixed,) = inputs
    each = mixed.shape[-1] // heard.shape[1]
    return mixed * heard.repeat_interleave(each, dim=1)[:, None]


def _without(model: Network, muted: tuple[tuple[int, int], ...]) -> Network:
    """The network without these (layer, head) pairs. Raises ValueError for one that it does not have."""
    if not muted:
        return model.twin()
    n_layers, n_heads = head_shape(model)
    heard = torch.ones(1, n_layers, n_heads, device=next(model.parameters()).device)
    for layer, head in muted:
        if not (0 <= layer < n_layers and 0 <= head < n_heads):
            raise ValueError(
                f"there is no head {head} in a layer {layer}: layers are 0 to {n_layers - 1}, heads 0 to {n_heads - 1}"
            )
        heard[0, layer, head] = 0
    return with_heads(model, heard)
