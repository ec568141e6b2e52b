"""Inside a head: queries, keys and values of one head, and what its block adds to the residual stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import torch

from vit_explorer.explain.inside import inside_block, inside_head
from vit_explorer.figures.inside import inside_figure
from vit_explorer.ui.attention.export import source_caption
from vit_explorer.ui.attention.request import AttentionInput, check_head, load_attention, query_index
from vit_explorer.ui.core.arrays import Packed, pack
from vit_explorer.ui.core.downloads import FileAnswer, export_file, npz_bytes
from vit_explorer.ui.core.requests import ModelRequest
from vit_explorer.ui.core.session import Session

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDEST = 6  # hidden units of the MLP that are sent of each token


@dataclass(frozen=True)
class InsideRequest(ModelRequest):
    """A head, from 0."""

    layer: int
    head: int


class InsidePayload(TypedDict):
    """A head and its block.

    ``query``, ``key`` and ``value`` (N, d_head) are those of the head; scores and sums are computed by the page
    for the token pointed at. ``added`` (N,): the length of what this head adds to each token. ``lengths`` (4, N): of
    the residual stream before the block, of what attention adds, of what the MLP adds, of the stream after the block.
    ``units`` and ``activations`` (N, k): the hidden units of the MLP with the largest activations, of ``d_ff``.
    """

    layer: int
    head: int
    query: Packed
    key: Packed
    value: Packed
    added: Packed
    lengths: Packed
    units: Packed
    activations: Packed
    d_ff: int


@dataclass(frozen=True)
class InsideExport(InsideRequest):
    """The view as it is on screen: the query's token, and the format of the file."""

    token: int
    format: str


def look_inside(session: Session, request: InsideRequest) -> InsidePayload:
    """Compute a head's queries, keys and values, and the lengths of its block's summands."""
    seen = load_attention(session, request)
    layer, index = check_head(seen, request.layer, request.head)
    head = inside_head(seen.checkpoint.model, seen.traced, layer, index)
    block = inside_block(seen.checkpoint.model, seen.traced, layer)
    activations, units = block.hidden.topk(min(WIDEST, block.hidden.shape[1]), dim=-1)
    streams = (block.entering, block.attended, block.transformed, block.leaving)
    return {
        "layer": layer,
        "head": index,
        "query": pack(head.query),
        "key": pack(head.key),
        "value": pack(head.value),
        "added": pack(head.added.norm(dim=-1)),
        "lengths": pack(torch.stack([stream.norm(dim=-1) for stream in streams])),
        "units": pack(units, "int16"),
        "activations": pack(activations),
        "d_ff": block.hidden.shape[1],
    }


def export_inside(session: Session, request: InsideExport) -> FileAnswer:
    """Write the view to a file.

    An .npz holds query, key, value, scores, weights and mixed of the head, entering, attended, transformed, leaving and
    hidden of the block, and the query's position in the sequence.
    """
    seen = load_attention(session, request)
    layer, index = check_head(seen, request.layer, request.head)
    token = query_index(seen, request.token)
    head = inside_head(seen.checkpoint.model, seen.traced, layer, index)
    block = inside_block(seen.checkpoint.model, seen.traced, layer)
    arrays = {name: part.numpy() for name, part in (vars(head) | vars(block)).items()}
    return export_file(
        f"{seen.checkpoint.name}-layer-{layer + 1}-head-{index + 1}",
        request.format,
        lambda: _figure(seen, layer, index, token),
        {"npz": lambda: npz_bytes(arrays | {"token": token})},
    )


def _figure(seen: AttentionInput, layer: int, index: int, token: int) -> Figure:
    head = inside_head(seen.checkpoint.model, seen.traced, layer, index)
    title = f"Layer {layer + 1}, head {index + 1} of {seen.checkpoint.name}: one query, step by step"
    caption = (
        f"{source_caption(seen)} Colours run from the largest negative to the largest positive number of each panel."
    )
    names = seen.checkpoint.model.prefix_names()
    return inside_figure(
        *(part.numpy() for part in (head.query, head.key, head.scores, head.weights, head.value, head.mixed)),
        token, names, title, caption,
    )  # fmt: skip
