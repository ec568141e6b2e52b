"""The logit lens and the distances of heads as a file; the view itself is drawn from the trace."""

from __future__ import annotations

from dataclasses import dataclass

from vit_explorer.explain.distance import attention_entropy, mean_attention_distance, patch_distances
from vit_explorer.explain.lens import logit_lens
from vit_explorer.figures.explanations import layers_figure
from vit_explorer.ui.attention.export import labels_of, source_caption, stem_of
from vit_explorer.ui.core.downloads import FileAnswer, export_file, npz_bytes
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.requests import ModelRequest, check_prediction, load_input
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session


@dataclass(frozen=True)
class LayersExport(ModelRequest):
    """The format of the file."""

    format: str


@terms(long=True)
def export_layers(session: Session, request: LayersExport) -> FileAnswer:
    """Write the logit lens and the heads' attention distances to a file; an .npz also holds their entropy."""
    seen = load_input(session, request)
    model = seen.checkpoint.model
    traced = session.traces.of(seen.checkpoint, seen.images).traced
    if not traced.attention:
        raise UserError(
            f"{seen.checkpoint.name} has no attention: it has no heads, and its classifier reads its last stage."
        )
    if request.format != "npz":
        check_prediction(seen.checkpoint)
    patch_size = model.img_size / traced.grid[1]
    lens = logit_lens(model, traced)[0].softmax(dim=-1).numpy()
    distance = mean_attention_distance(traced.attention, traced.grid, traced.n_prefix, patch_size)[0].numpy()

    def npz() -> bytes:
        entropy = attention_entropy(traced.attention)[0].numpy()
        return npz_bytes({"lens": lens, "distance": distance, "entropy": entropy, **labels_of(seen)})

    uniform = float(patch_distances(traced.grid, patch_size).mean())
    caption = (
        f"{source_caption(seen)} Left: the model's own norm and classifier applied after the embedding and after each "
        "layer. Right: mean distance in pixels from a patch to the patches it attends to, per head; dashed: "
        f"{uniform:.2f}, the distance under uniform attention."
    )
    return export_file(
        stem_of(seen, "layers"),
        request.format,
        lambda: layers_figure(lens, seen.checkpoint.class_names, distance, uniform, caption),
        {"npz": npz},
    )
