"""The logit lens and the distances of heads as a file; the view itself is drawn from the trace."""

from __future__ import annotations

from typing import Any

from vit_explorer.explain.distance import attention_entropy, mean_attention_distance, patch_distances
from vit_explorer.explain.lens import logit_lens
from vit_explorer.explain.trace import trace
from vit_explorer.figures.explanations import layers_figure
from vit_explorer.figures.frame import figure_bytes
from vit_explorer.ui.attention.export import file_of, format_of, labels_of, where
from vit_explorer.ui.core.downloads import npz_bytes
from vit_explorer.ui.core.errors import Refused
from vit_explorer.ui.core.requests import looked_at
from vit_explorer.ui.core.session import Session


def export_layers(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """The logit lens and the heads' distances: {picture, model, fit, format} -> a file."""
    looked = looked_at(session, request)
    format, model = format_of(request), looked.checkpoint.model
    traced = trace(model, looked.inputs)
    if not traced.attention:
        raise Refused(f"{looked.checkpoint.name} has no attention: it has no heads, and its head reads its last stage.")
    patch_size = model.img_size / traced.grid[1]
    lens = logit_lens(model, traced)[0].softmax(dim=-1).numpy()
    distance = mean_attention_distance(traced.attention, traced.grid, traced.n_prefix, patch_size)[0].numpy()
    if format == "npz":
        entropy = attention_entropy(traced.attention)[0].numpy()
        data = npz_bytes({"lens": lens, "distance": distance, "entropy": entropy, **labels_of(looked)})
    else:
        uniform = float(patch_distances(traced.grid, patch_size).mean())
        caption = (
            f"{where(looked)} Left: the model's own norm and head read after the embedding and after each block. "
            f"Right: mean distance in pixels from a patch to what it attends to, per head; dashed: {uniform:.2f}, that "
            "of attention to all patches alike."
        )
        figure = layers_figure(lens, looked.checkpoint.class_names, distance, uniform, caption)
        data = figure_bytes(figure, format)
    return file_of(looked, "layers", format, data)
