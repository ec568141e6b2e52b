"""Heads: attention weights of every head; rows and matrices on demand, and the files of the view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

from vit_explorer.figures.attention import heads_figure, percent, shares_limit, token_name
from vit_explorer.ui.attention.export import OWN_SCALES, arrays_of, pixels_of, prefix_caption, source_caption
from vit_explorer.ui.attention.payload import MAX_WEIGHTS
from vit_explorer.ui.attention.request import AttentionInput, check_head, load_attention, query_index
from vit_explorer.ui.core.arrays import Packed, pack_shares
from vit_explorer.ui.core.downloads import FileAnswer, export_file, npz_bytes
from vit_explorer.ui.core.requests import ModelRequest
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

MAX_LAYER = 900_000  # weights in one payload that comes after the first: 2.4 MB as base64


@dataclass(frozen=True)
class RowsRequest(ModelRequest):
    """A token, as the page numbers it."""

    token: int


class RowsPayload(TypedDict):
    """Weights (layers, heads, N): ``rows`` from the token as a query, ``columns`` to it as a key."""

    rows: Packed
    columns: Packed


@dataclass(frozen=True)
class MatrixRequest(ModelRequest):
    """A head, from 0."""

    layer: int
    head: int


class MatrixPayload(TypedDict):
    """One head's weights (N, N); None if they are more than MAX_WEIGHTS."""

    matrix: Packed | None


@dataclass(frozen=True)
class LayerRequest(ModelRequest):
    """A layer, from 0."""

    layer: int


class LayerPayload(TypedDict):
    """The weights of all heads of a layer (heads, N, N); None if they are more than MAX_LAYER."""

    weights: Packed | None


@dataclass(frozen=True)
class HeadsExport(RowsRequest, MatrixRequest):
    """The view as it is on screen, and the format of the file.

    Attributes:
        mean: over the layer's heads, not the head.
        beside: layer and head of a second map, from 0; one past the last head is the mean. None where there is none.
    """

    mean: bool
    direction: Literal["row", "column"]
    scale: Literal["shared", "own"]
    beside: tuple[int, int] | None
    format: str


def attention_rows(session: Session, request: RowsRequest) -> RowsPayload:
    """One token's weights in all heads, for models that have too many weights for one payload."""
    seen = load_attention(session, request)
    index = query_index(seen, request.token)
    return {"rows": pack_shares(seen.weights[:, :, index]), "columns": pack_shares(seen.weights[..., index])}


def attention_matrix(session: Session, request: MatrixRequest) -> MatrixPayload:
    """One head's weights, for models that have too many weights for one payload."""
    seen = load_attention(session, request)
    matrix = seen.weights[check_head(seen, request.layer, request.head)]
    return {"matrix": pack_shares(matrix) if matrix.numel() <= MAX_WEIGHTS else None}


def attention_layer(session: Session, request: LayerRequest) -> LayerPayload:
    """A layer's weights, for models that have too many weights for one payload."""
    seen = load_attention(session, request)
    layer, _ = check_head(seen, request.layer, 0)
    weights = seen.weights[layer]
    return {"weights": pack_shares(weights) if weights.numel() <= MAX_LAYER else None}


@terms(long=True)
def export_heads(session: Session, request: HeadsExport) -> FileAnswer:
    """Write the view to a file.

    An .npz holds attention (layers, heads, N, N), grid, n_prefix and query, the query's position in the sequence.
    """
    seen = load_attention(session, request)
    query = query_index(seen, request.token)
    layer, head = check_head(seen, request.layer, request.head)
    chosen = [(layer, None if request.mean else head)]
    if request.beside is not None:
        chosen.append(_column(seen, *request.beside))
    return export_file(
        f"{seen.checkpoint.name}-attention",
        request.format,
        lambda: _figure(seen, request, query, chosen),
        {"npz": lambda: npz_bytes(arrays_of(seen, query))},
    )


def _column(seen: AttentionInput, layer: int, column: int) -> tuple[int, int | None]:
    """Layer and head, None for the mean: the column behind the heads."""
    heads = seen.weights.shape[1]
    layer, head = check_head(seen, layer, min(column, heads - 1))
    return layer, None if column == heads else head


def _figure(seen: AttentionInput, request: HeadsExport, query: int, chosen: Sequence[tuple[int, int | None]]) -> Figure:
    weights, column = seen.weights.numpy(), request.direction == "column"
    n_prefix, names = seen.traced.n_prefix, seen.checkpoint.model.prefix_names()
    limit = shares_limit(weights, n_prefix) if request.scale == "shared" else None
    name = token_name(query, names)
    maps = weights[..., query] if column else weights[:, :, query]
    title = f"Attention {'to' if column else 'from'} {name} in every head of {seen.checkpoint.name}"
    what = (
        f"How much each token attends to {name}."
        if column
        else f"How much {name} attends to each token; each head sums to 100 %."
    )
    caption = f"{source_caption(seen)} {what} {prefix_caption(seen)}{_scale_caption(limit)}"
    return heads_figure(pixels_of(seen), maps, seen.traced.grid, names, query, chosen, limit, title, caption)


def _scale_caption(limit: float | None) -> str:
    if limit is None:
        return OWN_SCALES
    return (
        f"Colours: 0 to {percent(limit)} for all maps and all queries of this image; the end is the 99th percentile of "
        "all weights between patches, larger ones are clipped."
    )
