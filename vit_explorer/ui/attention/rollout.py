"""Attention rollout: its request, its answer and its files."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from vit_explorer.explain.reading import head_reading
from vit_explorer.explain.rollout import fuse_heads, rollout_steps
from vit_explorer.figures.attention import (
    percent,
    rollout_figure,
    rollout_limit,
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
from vit_explorer.ui.attention.request import Look, query_index
from vit_explorer.ui.attention.rollout_gif import rollout_gif
from vit_explorer.ui.core.arrays import pack_shares
from vit_explorer.ui.core.downloads import file_answer, npz_bytes
from vit_explorer.ui.core.errors import refusing


def stack_of(seen: Look, request: dict[str, Any]) -> dict[str, Any]:
    """The rollout for {picture, model, fit, token, head_fusion, discard_ratio, residual, start_layer}.

    Returns:
        ``answer``, ``answer_alone``: (S, N) packed, what flows into the answer up to each layer and in it alone.
        ``steps``: (S, N, N) packed, or None where they would be more than MAX_WEIGHTS; then ``row`` and ``row_alone``,
        (S, N) packed, are the token's.
    """
    steps, answer = rolled_out(seen, request)
    alone, answer_alone = layers_alone(seen, int(request["start_layer"]))
    whole = steps.numel() <= MAX_WEIGHTS and seen.weights.numel() <= MAX_WEIGHTS
    index = query_index(seen, int(request["token"]))
    return {
        "answer": pack_shares(answer),
        "answer_alone": pack_shares(answer_alone),
        "steps": pack_shares(steps) if whole else None,
        "row": None if whole else pack_shares(steps[:, index]),
        "row_alone": None if whole else pack_shares(alone[:, index]),
    }


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


def export_rollout(seen: Look, request: dict[str, Any]) -> dict[str, Any]:
    """The rollout as a file: {picture, model, fit, row, token, scale, format} and the options of the rollout.

    ``row`` is "answer" or "query". An .npz holds what :func:`export_heads` writes and rollout (S, N, N), the answer's
    rows (S, N), the first layer from 0, and the options; its query is -1 for the answer.
    """
    n_prefix, grid, format = seen.traced.n_prefix, seen.traced.grid, request["format"]
    options = stack_options(seen, request)
    steps, answer = (tensor.numpy() for tensor in rolled_out(seen, request))
    of_answer = one_of(request, "row", ("answer", "query")) == "answer"
    query = None if of_answer else query_index(seen, int(request["token"]))
    name = "the answer" if query is None else token_name(query, n_prefix)
    rows = answer if query is None else steps[:, query]
    every, of_the_answer = (tensor.numpy() for tensor in layers_alone(seen, options["start_layer"]))
    alone = of_the_answer if query is None else every[:, query]
    layers = list(range(options["start_layer"] + 1, len(seen.weights) + 1))
    if format == "npz":
        arrays = {**arrays_of(seen, -1 if query is None else query), "rollout": steps, "rollout_answer": answer}
        data = npz_bytes(arrays | {key: np.array(value) for key, value in options.items()})
    elif format == "gif":
        limit = rollout_limit(rows, n_prefix, query)
        data = rollout_gif(pixels_of(seen), rows, grid, n_prefix, layers, limit, _short_settings(options, name))
    else:
        limits = (
            (rollout_limit(rows, n_prefix, query), rollout_limit(alone, n_prefix, query))
            if is_shared(request)
            else None
        )
        title = f"Attention rollout into {name} of {seen.checkpoint.name}"
        caption = (
            f"{about(seen)} Above: the layers' attention multiplied up to each layer; below: each layer alone, mean "
            f"over heads. {_settings(options, len(seen.weights))} {strip_words(seen)}{_rollout_scales(limits)}"
        )
        marked = (0 if n_prefix else None) if query is None else query
        drawn = rollout_figure(pixels_of(seen), rows, alone, grid, n_prefix, marked, layers, limits, title, caption)
        data = figure_bytes(drawn, figure_format(format))
    return file_answer(f"{seen.checkpoint.name}-rollout", format, data)


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
