"""One picture in one model, looked at again for what the page has not got: rows, rollouts, files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vit_explorer.explain.reading import head_reading
from vit_explorer.explain.rollout import fuse_heads, rollout_steps
from vit_explorer.explain.trace import Trace, trace
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.core.errors import Refused, refusing
from vit_explorer.ui.core.requests import looked_at
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


def stack_options(seen: Look, request: dict[str, Any]) -> dict[str, Any]:
    """The options of :func:`rollout_steps` in a request: head_fusion, discard_ratio, residual, start_layer."""
    return {
        "head_fusion": request["head_fusion"],
        "discard_ratio": float(request["discard_ratio"]),
        "residual": bool(request["residual"]),
        "start_layer": int(request["start_layer"]),
        "n_prefix": seen.traced.n_prefix,
    }


@torch.inference_mode()
def rolled_out(seen: Look, request: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """The rollout up to each layer, (S, N, N), and what of it flows into the answer, (S, N).

    Raises:
        Refused: for an option outside its range.
    """
    with refusing():
        steps = torch.cat(rollout_steps(seen.traced.attention, **stack_options(seen, request)))
    return steps, head_reading(seen.checkpoint.model, seen.traced)[0] @ steps


@torch.inference_mode()
def layers_alone(seen: Look, start_layer: int) -> tuple[Tensor, Tensor]:
    """Each layer's attention by itself, mean over its heads, (S, N, N), and how the answer would read it, (S, N)."""
    alone = fuse_heads(seen.weights[start_layer:])
    return alone, head_reading(seen.checkpoint.model, seen.traced)[0] @ alone
