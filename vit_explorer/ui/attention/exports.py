"""The Attention tab's maps as files: figures with their settings, arrays, the rollout as a GIF."""

from __future__ import annotations

from typing import Any

import numpy as np

from vit_explorer.figures.attention import (
    heads_figure,
    percent,
    rollout_figure,
    rollout_limit,
    shares_limit,
    token_name,
)
from vit_explorer.figures.frame import MIME, figure_bytes
from vit_explorer.ui.attention.request import Look, head_index, layers_alone, query_index, rolled_out, stack_options
from vit_explorer.ui.attention.rollout_gif import rollout_gif
from vit_explorer.ui.core.downloads import file_answer, npz_bytes
from vit_explorer.ui.core.errors import Refused

OWN_SCALES = "Each map has a colour scale of its own, from 0 to its largest share: maps cannot be compared."


def export_heads(seen: Look, request: dict[str, Any]) -> dict[str, Any]:
    """The heads view as a file: {picture, model, fit, token, direction, scale, layer, head, format}.

    Returns:
        {filename, mime, data in base64}; an .npz holds attention (layers, heads, N, N), grid, n_prefix and query, the
        query's place in the sequence.
    """
    query, format = query_index(seen, int(request["token"])), request["format"]
    chosen = head_index(seen, request)
    if format == "npz":
        data = npz_bytes(_arrays(seen, query))
    else:
        weights, column = seen.weights.numpy(), _one_of(request, "direction", ("row", "column")) == "column"
        limit = shares_limit(weights, seen.traced.n_prefix) if _shared(request) else None
        name = token_name(query, seen.traced.n_prefix)
        maps = weights[..., query] if column else weights[:, :, query]
        title = f"Attention {'to' if column else 'from'} {name} in every head of {seen.checkpoint.name}"
        what = (
            f"Shares of each token's own attention that go to {name}."
            if column
            else f"Shares of the attention of {name}, which sum to 100 % in each head."
        )
        drawn = heads_figure(
            _pixels(seen), maps, seen.traced.grid, seen.traced.n_prefix, query, chosen, limit, title,
            f"{_about(seen)} {what} {_strip(seen)}{_scale_words(limit)}",
        )  # fmt: skip
        data = figure_bytes(drawn, _figure_format(format))
    return file_answer(f"{seen.checkpoint.name}-attention", format, data)


def export_rollout(seen: Look, request: dict[str, Any]) -> dict[str, Any]:
    """The rollout as a file: {picture, model, fit, row, token, scale, format} and the options of the rollout.

    ``row`` is "answer" or "query". An .npz holds what :func:`export_heads` writes and rollout (S, N, N), the answer's
    rows (S, N), the first layer from 0, and the options; its query is -1 for the answer.
    """
    n_prefix, grid, format = seen.traced.n_prefix, seen.traced.grid, request["format"]
    options = stack_options(seen, request)
    steps, answer = (tensor.numpy() for tensor in rolled_out(seen, request))
    of_answer = _one_of(request, "row", ("answer", "query")) == "answer"
    query = None if of_answer else query_index(seen, int(request["token"]))
    name = "the answer" if query is None else token_name(query, n_prefix)
    rows = answer if query is None else steps[:, query]
    every, of_the_answer = (tensor.numpy() for tensor in layers_alone(seen, options["start_layer"]))
    alone = of_the_answer if query is None else every[:, query]
    layers = list(range(options["start_layer"] + 1, len(seen.weights) + 1))
    if format == "npz":
        arrays = {**_arrays(seen, -1 if query is None else query), "rollout": steps, "rollout_answer": answer}
        data = npz_bytes(arrays | {key: np.array(value) for key, value in options.items()})
    elif format == "gif":
        limit = rollout_limit(rows, n_prefix, query)
        data = rollout_gif(_pixels(seen), rows, grid, n_prefix, layers, limit, _short_settings(options, name))
    else:
        limits = (
            (rollout_limit(rows, n_prefix, query), rollout_limit(alone, n_prefix, query)) if _shared(request) else None
        )
        title = f"Attention rollout into {name} of {seen.checkpoint.name}"
        caption = (
            f"{_about(seen)} Above: the layers' attention multiplied up to each layer; below: each layer alone, mean "
            f"over heads. {_settings(options, len(seen.weights))} {_strip(seen)}{_rollout_scales(limits)}"
        )
        marked = (0 if n_prefix else None) if query is None else query
        drawn = rollout_figure(_pixels(seen), rows, alone, grid, n_prefix, marked, layers, limits, title, caption)
        data = figure_bytes(drawn, _figure_format(format))
    return file_answer(f"{seen.checkpoint.name}-rollout", format, data)


def _one_of(request: dict[str, Any], key: str, values: tuple[str, ...]) -> str:
    if request[key] not in values:
        raise Refused(f"{key} can be {' or '.join(values)}, not {request[key]!r}.")
    return request[key]


def _figure_format(format: str) -> str:
    if format not in MIME:
        raise Refused(f"A figure can be {', '.join(MIME)}, not {format!r}.")
    return format


def _shared(request: dict[str, Any]) -> bool:
    return _one_of(request, "scale", ("shared", "own")) == "shared"


def _arrays(seen: Look, query: int) -> dict[str, np.ndarray]:
    return {
        "attention": seen.weights.numpy(),
        "grid": np.array(seen.traced.grid),
        "n_prefix": np.array(seen.traced.n_prefix),
        "query": np.array(query),
    }


def _pixels(seen: Look) -> np.ndarray:
    return seen.images[0].permute(1, 2, 0).numpy()


def _about(seen: Look) -> str:
    name, data = seen.checkpoint.name, seen.checkpoint.card["dataset"]["name"]
    return f"{name} trained on {data}, picture: {seen.picture.title}."


def _strip(seen: Look) -> str:
    whose = ["", "CLS", "CLS, and below it of the distillation token"][seen.traced.n_prefix]
    return f"The bar beside each map is the share of {whose}. " if whose else ""


def _scale_words(limit: float | None) -> str:
    if limit is None:
        return OWN_SCALES
    return (
        f"Colours: 0 to {percent(limit)}, the same for all maps and all queries of this picture; the end is the 99th "
        "percentile of all shares of patches, larger ones are clipped."
    )


def _settings(options: dict[str, Any], n_layers: int) -> str:
    residual = "with" if options["residual"] else "without"
    return (
        f"Layers {options['start_layer'] + 1} to {n_layers}; heads fused by {options['head_fusion']}; "
        f"{100 * options['discard_ratio']:.3g} % of the patches, the smallest, discarded in each row; {residual} the "
        "skip connection."
    )


def _short_settings(options: dict[str, Any], name: str) -> str:
    skip = "with" if options["residual"] else "without"
    discard = f"discard {100 * options['discard_ratio']:.3g} %"
    return f"into {name}; heads: {options['head_fusion']}, {discard}, {skip} skip"


def _rollout_scales(limits: tuple[float, float] | None) -> str:
    if limits is None:
        return OWN_SCALES.replace("largest share", "largest share of a patch other than the query")
    return (
        f"Colours: 0 to {percent(limits[0])} above, 0 to {percent(limits[1])} below, each the 98th percentile of the "
        "shares of patches in its line, the query's own left out; larger ones are clipped."
    )
