"""Attention rollout: its request, its answer and its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np
import torch
from torch import Tensor

from vit_explorer.explain.readout import readout_weights
from vit_explorer.explain.rollout import fuse_heads, rollout_steps
from vit_explorer.figures.attention import percent, rollout_figure, rollout_limit, token_name
from vit_explorer.ui.attention.export import OWN_SCALES, arrays_of, pixels_of, prefix_caption, source_caption
from vit_explorer.ui.attention.payload import MAX_WEIGHTS
from vit_explorer.ui.attention.request import AttentionInput, load_attention, query_index
from vit_explorer.ui.attention.rollout_gif import rollout_gif
from vit_explorer.ui.core.arrays import Packed, pack_shares
from vit_explorer.ui.core.downloads import FileAnswer, export_file, npz_bytes
from vit_explorer.ui.core.errors import user_errors
from vit_explorer.ui.core.requests import ModelRequest
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class RolloutOptions(ModelRequest):
    """The options of :func:`rollout_steps`, which says what they can be."""

    head_fusion: str
    discard_ratio: float
    residual: bool
    start_layer: int

    def options(self) -> dict[str, Any]:
        """The options of :func:`rollout_steps`, without the number of prefix tokens."""
        return {
            "head_fusion": self.head_fusion,
            "discard_ratio": self.discard_ratio,
            "residual": self.residual,
            "start_layer": self.start_layer,
        }


@dataclass(frozen=True)
class RolloutRequest(RolloutOptions):
    """The options, and whether the rows of all tokens are wanted of a network that has many, some megabytes."""

    matrices: bool


class RolloutPayload(TypedDict):
    """Weights up to each layer ("alone": in that layer only), S steps, N tokens.

    ``answer`` and ``answer_alone`` (S, N) flow into the prediction. ``steps`` (S, N, N) is None if it would have more
    than MAX_WEIGHTS numbers and is not asked for. ``alone`` (S, N, N) goes with it where the page has no weights to
    compute it from.
    """

    answer: Packed
    answer_alone: Packed
    steps: Packed | None
    alone: Packed | None


@dataclass(frozen=True)
class RolloutExport(RolloutOptions):
    """The view as it is on screen, of the prediction ("answer") or of a token ("query"), and the file's format.

    Attributes:
        token: as the page numbers it.
    """

    token: int
    row: Literal["answer", "query"]
    scale: Literal["shared", "own"]
    format: str


def rollout_stack(session: Session, request: RolloutRequest) -> RolloutPayload:
    """Compute the rollout with these options up to each layer."""
    seen = load_attention(session, request)
    steps, answer = roll_out(seen, request)
    alone, answer_alone = layers_alone(seen, request.start_layer)
    fits = steps.numel() <= MAX_WEIGHTS and seen.weights.numel() <= MAX_WEIGHTS
    return {
        "answer": pack_shares(answer),
        "answer_alone": pack_shares(answer_alone),
        "steps": pack_shares(steps) if fits or request.matrices else None,
        "alone": pack_shares(alone) if request.matrices and not fits else None,
    }


@torch.inference_mode()
def roll_out(seen: AttentionInput, request: RolloutOptions) -> tuple[Tensor, Tensor]:
    """The rollout up to each layer, (S, N, N), and what of it flows into the prediction, (S, N).

    Raises:
        UserError: for an option outside its range.
    """
    with user_errors():
        steps = torch.cat(rollout_steps(seen.traced.attention, n_prefix=seen.traced.n_prefix, **request.options()))
    return steps, readout_weights(seen.checkpoint.model, seen.traced)[0] @ steps


@torch.inference_mode()
def layers_alone(seen: AttentionInput, start_layer: int) -> tuple[Tensor, Tensor]:
    """Each layer's attention averaged over its heads, (S, N, N), and what the classifier would read of it, (S, N)."""
    alone = fuse_heads(seen.weights[start_layer:])
    return alone, readout_weights(seen.checkpoint.model, seen.traced)[0] @ alone


@terms(long=True)
def export_rollout(session: Session, request: RolloutExport) -> FileAnswer:
    """Write the rollout to a file.

    An .npz holds the arrays of :func:`export_heads`, rollout (S, N, N), rollout_answer (S, N), and the options; its
    query is -1 for the prediction.
    """
    seen = load_attention(session, request)
    n_prefix = seen.traced.n_prefix
    steps, answer = (tensor.numpy() for tensor in roll_out(seen, request))
    query = None if request.row == "answer" else query_index(seen, request.token)
    rows = answer if query is None else steps[:, query]
    layers = list(range(request.start_layer + 1, len(seen.weights) + 1))

    def npz() -> bytes:
        arrays = {**arrays_of(seen, -1 if query is None else query), "rollout": steps, "rollout_answer": answer}
        options = request.options() | {"n_prefix": n_prefix}
        return npz_bytes(arrays | {key: np.array(value) for key, value in options.items()})

    def gif() -> bytes:
        words = _short_caption(request, _token_words(query, seen.checkpoint.model.prefix_names()))
        limit = rollout_limit(rows, n_prefix, query)
        return rollout_gif(pixels_of(seen), rows, seen.traced.grid, n_prefix, layers, limit, words)

    data: dict[str, Callable[[], bytes]] = {"npz": npz, "gif": gif}
    stem = f"{seen.checkpoint.name}-rollout"
    return export_file(stem, request.format, lambda: _figure(seen, request, query, rows, layers), data)


def _figure(
    seen: AttentionInput, request: RolloutExport, query: int | None, rows: np.ndarray, layers: list[int]
) -> Figure:
    n_prefix = seen.traced.n_prefix
    every, of_answer = (tensor.numpy() for tensor in layers_alone(seen, request.start_layer))
    alone = of_answer if query is None else every[:, query]
    shared = request.scale == "shared"
    limits = (rollout_limit(rows, n_prefix, query), rollout_limit(alone, n_prefix, query)) if shared else None
    title = (
        f"Attention rollout into {_token_words(query, seen.checkpoint.model.prefix_names())} of {seen.checkpoint.name}"
    )
    caption = (
        f"{source_caption(seen)} Above: the layers' attention multiplied up to each layer; below: each layer alone, "
        f"mean over heads. {_options_caption(request, len(seen.weights))} {prefix_caption(seen)}"
        f"{_scale_caption(limits)}"
    )
    marked = (0 if n_prefix else None) if query is None else query
    return rollout_figure(
        pixels_of(seen), rows, alone, seen.traced.grid, n_prefix, marked, layers, limits, title, caption
    )


def _token_words(query: int | None, prefix_names: tuple[str, ...]) -> str:
    return "the answer" if query is None else token_name(query, prefix_names)


def _options_caption(request: RolloutRequest, n_layers: int) -> str:
    residual = "with" if request.residual else "without"
    return (
        f"Layers {request.start_layer + 1} to {n_layers}; heads fused by {request.head_fusion}; the smallest "
        f"{100 * request.discard_ratio:.3g} % of the weights of patches discarded in each row; {residual} the skip "
        "connection."
    )


def _short_caption(request: RolloutRequest, name: str) -> str:
    skip = "with" if request.residual else "without"
    discard = f"discard {100 * request.discard_ratio:.3g} %"
    return f"into {name}; heads: {request.head_fusion}, {discard}, {skip} skip"


def _scale_caption(limits: tuple[float, float] | None) -> str:
    if limits is None:
        return OWN_SCALES.replace("of a patch", "of a patch other than the query")
    return (
        f"Colours: 0 to {percent(limits[0])} above, 0 to {percent(limits[1])} below, each the 98th percentile of the "
        "weights of patches in its row of maps, the query excluded; larger ones are clipped."
    )
