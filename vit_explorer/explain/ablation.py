"""What a prediction owes to the position embeddings: change them and predict again.

Attention does not know the order of its tokens. A ViT with one projection per patch knows places only from the table
that is added to them, so a picture with shuffled positions is, to it, the picture with its patches shuffled the same
way. Behind a convolutional stem, whose patches overlap, only tokens are shuffled so: no picture's pixels are.
"""

from __future__ import annotations

import copy
import itertools
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.func import functional_call

PositionMode = Literal["trained", "shuffled", "zero", "untrained"]


def patch_order(n_patches: int, seed: int) -> Tensor:
    """A random permutation, (n_patches,) int64: patch i is told that it is at place ``patch_order[i]``.

    Drawn from a generator of its own: the same seed gives the same order, and the global generator is left alone.
    """
    return torch.randperm(n_patches, generator=torch.Generator().manual_seed(seed))


def changed_positions(
    positions: Tensor, n_prefix: int, mode: PositionMode, seed: int = 0, untrained: Tensor | None = None
) -> Tensor:
    """A changed copy of a position table; what is before the patches (CLS has no place) always stays as it is.

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
def predict_with_positions(model: nn.Module, inputs: Tensor, positions: Tensor) -> Tensor:
    """Logits of a model as if ``positions`` were its position table; the model itself is never touched.

    ``functional_call`` swaps the parameter inside the module while it runs. It is given a twin that shares all weights,
    so that another thread that predicts with the same model at the same moment does not see the swap.

    Args:
        inputs: (B, C, H, W) as the model wants them.
        positions: (1, n_prefix + N, D) for all pictures, or (B, n_prefix + N, D) for each its own; with one picture
            and several tables, one prediction for each table.
    Returns:
        (B, classes)
    """
    weights = {id(tensor): tensor for tensor in itertools.chain(model.parameters(), model.buffers())}
    twin = copy.deepcopy(model, weights)
    return functional_call(twin, {"pos_embedding": positions}, (inputs,))
