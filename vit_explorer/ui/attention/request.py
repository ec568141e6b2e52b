"""What the requests of the Attention tab name: an image in a model with attention, tokens, heads, classes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.explain.trace import Trace
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.requests import ModelInput, ModelRequest, load_input, parse_int
from vit_explorer.ui.core.session import Session

CLS_TOKEN = -1  # as in the page's vx.CLS_TOKEN; a DeiT's distillation token is -2, patches count from 0


@dataclass(frozen=True)
class AttentionInput(ModelInput):
    """An image in a model with attention.

    Attributes:
        traced: its forward pass; ``weights`` is its attention as one tensor, (layers, heads, N, N).
    """

    traced: Trace
    weights: Tensor


@torch.inference_mode()
def load_attention(session: Session, request: ModelRequest) -> AttentionInput:
    """Load an image and a model and their recorded forward pass. Raises UserError for a model without attention."""
    found = load_input(session, request)
    traced = session.traces.of(found.checkpoint, found.images).traced
    if not traced.attention:
        raise UserError(f"{found.checkpoint.name} has no attention to look at.")
    return AttentionInput(**vars(found), traced=traced, weights=torch.cat(traced.attention))


def query_index(seen: AttentionInput, token: int) -> int:
    """The position in the sequence of a token of the page. Raises UserError if the model has no such token."""
    n_prefix, n_patches = seen.traced.n_prefix, seen.traced.grid[0] * seen.traced.grid[1]
    if token == CLS_TOKEN and not n_prefix:
        raise UserError(
            f"{seen.checkpoint.name} has no CLS token: choose a patch, 0 to {n_patches - 1}, counted from 0."
        )
    if not -max(n_prefix, 1) <= token < n_patches:
        raise UserError(f"{seen.checkpoint.name} has the patches 0 to {n_patches - 1}, not {token}, counted from 0.")
    return -token - 1 if token < 0 else n_prefix + token


def check_head(seen: AttentionInput, layer: int, head: int) -> tuple[int, int]:
    """Layer and head, from 0. Raises UserError if the model has no such head."""
    layers, heads = seen.weights.shape[:2]
    if not (0 <= layer < layers and 0 <= head < heads):
        raise UserError(
            f"{seen.checkpoint.name} has {layers} layers of {heads} heads; layer {layer}, head {head}, "
            "counted from 0, is none."
        )
    return layer, head


def check_class(checkpoint: Checkpoint, target: int | None) -> int | None:
    """A class by its index; None stands for the predicted class. Raises UserError with the range."""
    return None if target is None else parse_int(target, "A class", 0, len(checkpoint.class_names) - 1)
