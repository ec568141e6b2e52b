"""Every head of every layer: rows and matrices on demand, and the files of the view."""

from __future__ import annotations

from typing import Any

from vit_explorer.figures.attention import (
    heads_figure,
    percent,
    shares_limit,
    token_name,
)
from vit_explorer.figures.frame import figure_bytes
from vit_explorer.ui.attention.export import (
    OWN_SCALES,
    about,
    arrays_of,
    figure_format,
    is_shared,
    one_of,
    pixels_of,
    strip_words,
)
from vit_explorer.ui.attention.payload import MAX_WEIGHTS
from vit_explorer.ui.attention.request import Look, head_index, query_index
from vit_explorer.ui.core.arrays import pack_shares
from vit_explorer.ui.core.downloads import file_answer, npz_bytes


def rows_of(seen: Look, request: dict[str, Any]) -> dict[str, Any]:
    """What one token gives and gets in all heads, for models whose weights are too many to be sent: {..., token}.

    Returns:
        ``rows``, ``columns``: (layers, heads, N) packed shares: from the token as a query, and to it as a key.
    """
    index = query_index(seen, int(request["token"]))
    return {"rows": pack_shares(seen.weights[:, :, index]), "columns": pack_shares(seen.weights[..., index])}


def matrix_of(seen: Look, request: dict[str, Any]) -> dict[str, Any]:
    """One head's (N, N) packed shares, for models whose weights are too many to be sent at once: {..., layer, head}.

    ``matrix`` is None where even one head has more than MAX_WEIGHTS.
    """
    layer, head = head_index(seen, request)
    matrix = seen.weights[layer, head]
    return {"matrix": pack_shares(matrix) if matrix.numel() <= MAX_WEIGHTS else None}


def export_heads(seen: Look, request: dict[str, Any]) -> dict[str, Any]:
    """The heads view as a file: {picture, model, fit, token, direction, scale, layer, head, format}.

    Returns:
        {filename, mime, data in base64}; an .npz holds attention (layers, heads, N, N), grid, n_prefix and query, the
        query's place in the sequence.
    """
    query, format = query_index(seen, int(request["token"])), request["format"]
    chosen = head_index(seen, request)
    if format == "npz":
        data = npz_bytes(arrays_of(seen, query))
    else:
        weights, column = seen.weights.numpy(), one_of(request, "direction", ("row", "column")) == "column"
        limit = shares_limit(weights, seen.traced.n_prefix) if is_shared(request) else None
        name = token_name(query, seen.traced.n_prefix)
        maps = weights[..., query] if column else weights[:, :, query]
        title = f"Attention {'to' if column else 'from'} {name} in every head of {seen.checkpoint.name}"
        what = (
            f"Shares of each token's own attention that go to {name}."
            if column
            else f"Shares of the attention of {name}, which sum to 100 % in each head."
        )
        drawn = heads_figure(
            pixels_of(seen), maps, seen.traced.grid, seen.traced.n_prefix, query, chosen, limit, title,
            f"{about(seen)} {what} {strip_words(seen)}{_scale_words(limit)}",
        )  # fmt: skip
        data = figure_bytes(drawn, figure_format(format))
    return file_answer(f"{seen.checkpoint.name}-attention", format, data)


def _scale_words(limit: float | None) -> str:
    if limit is None:
        return OWN_SCALES
    return (
        f"Colours: 0 to {percent(limit)}, the same for all maps and all queries of this picture; the end is the 99th "
        "percentile of all shares of patches, larger ones are clipped."
    )
