"""What a request of the Attention tab names, checked: a picture in a model with attention, tokens, heads, a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import torch
from torch import Tensor

from vit_explorer.explain.erasing import Baseline
from vit_explorer.explain.trace import Trace, trace
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.core.errors import Refused
from vit_explorer.ui.core.requests import looked_at, whole
from vit_explorer.ui.core.session import Picture, Session

CLS_TOKEN = -1  # as the page calls it, vx.CLS_TOKEN; a DeiT's distillation token is -2, patches count from 0


@dataclass(frozen=True)
class Look:
    """One picture in one model with attention.

    Attributes:
        images: uint8 (1, 3, H, W), what the model saw before it was normalised.
        traced: its pass; ``weights`` is its attention as one tensor, (layers, heads, N, N).
    """

    picture: Picture
    checkpoint: Checkpoint
    images: Tensor
    traced: Trace
    weights: Tensor


@torch.inference_mode()
def look(session: Session, request: dict[str, Any]) -> Look:
    """{picture, model, fit} -> one pass. Raises Refused for a model without attention."""
    looked = looked_at(session, request)
    traced = trace(looked.checkpoint.model, looked.inputs)
    if not traced.attention:
        raise Refused(f"{looked.checkpoint.name} has no attention to look at.")
    return Look(looked.picture, looked.checkpoint, looked.images, traced, torch.cat(traced.attention))


def query_index(seen: Look, token: int) -> int:
    """The place in the sequence of a token of the page. Raises Refused for one that the model has not."""
    n_prefix, n_patches = seen.traced.n_prefix, seen.traced.grid[0] * seen.traced.grid[1]
    if token == CLS_TOKEN and not n_prefix:
        raise Refused(f"{seen.checkpoint.name} has no CLS token: choose a patch, 0 to {n_patches - 1}.")
    if not -max(n_prefix, 1) <= token < n_patches:
        raise Refused(f"{seen.checkpoint.name} has the patches 0 to {n_patches - 1}, not {token}.")
    return -token - 1 if token < 0 else n_prefix + token


def head_index(seen: Look, request: dict[str, Any]) -> tuple[int, int]:
    """The layer and the head in a request, from 0. Raises Refused for one that the model has not."""
    layers, heads = seen.weights.shape[:2]
    layer, head = int(request["layer"]), int(request["head"])
    if not (0 <= layer < layers and 0 <= head < heads):
        raise Refused(f"{seen.checkpoint.name} has {layers} layers of {heads} heads, none with these numbers.")
    return layer, head


def chosen_class(checkpoint: Checkpoint, target: Any) -> int | None:
    """A class by its index; None for what the model predicts."""
    return None if target is None else whole(target, "A class", 0, len(checkpoint.class_names) - 1)


def chosen_baseline(value: Any) -> Baseline:
    """What an erased patch becomes."""
    if value not in get_args(Baseline):
        raise Refused(f"An erased patch can become {' or '.join(get_args(Baseline))}, not {str(value)[:20]}.")
    return value


def chosen_patches(checkpoint: Checkpoint, patches: Any) -> tuple[int, ...]:
    """Patches by their places, each once, in order."""
    rows, cols = checkpoint.model.grid
    if not isinstance(patches, list):
        raise Refused("The patches to erase must be a list.")
    return tuple(sorted({whole(patch, "A patch", 0, rows * cols - 1) for patch in patches}))


def chosen_heads(muted: Any) -> tuple[tuple[int, int], ...]:
    """Heads as (layer, head); whether the model has them is for the ablation to say."""
    if not isinstance(muted, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in muted):
        raise Refused("The heads to mute must be a list of pairs of layer and head.")
    return tuple(sorted({(whole(layer, "A layer", 0, 999), whole(head, "A head", 0, 999)) for layer, head in muted}))
