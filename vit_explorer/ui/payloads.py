"""What the page is sent of a model, and of a picture in a model: one part per tab that draws it."""

from __future__ import annotations

from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.summary import ModelSummary, model_summary
from vit_explorer.ui.attention.payload import AttentionPayload, attention_payload
from vit_explorer.ui.core.arrays import Packed, pack
from vit_explorer.ui.core.payloads import PicturePayload, PredictionPayload, answer_payload, picture_payload
from vit_explorer.ui.core.pictures import Picture
from vit_explorer.ui.core.requests import Fit, fit_input
from vit_explorer.ui.core.traces import Traces
from vit_explorer.ui.home.payload import HomePayload, home_payload
from vit_explorer.ui.patches.payload import PatchesPayload, leading_components, patches_payload
from vit_explorer.ui.patches.stem import StemPayload, stem_payload
from vit_explorer.ui.positions.payload import PositionsPayload, positions_payload

MAX_WEIGHTS = 100_000  # of the filters in the payload of a model, 0.5 MB; larger ones are sent on demand


class TracePayload(PredictionPayload):
    """One forward pass of one model on one picture: the state topic "trace". Parts that a model lacks are None."""

    picture: PicturePayload
    fit: Fit
    size: int
    grid: list[int]
    n_prefix: int
    patches: PatchesPayload | None
    stem: StemPayload | None
    attention: AttentionPayload | None
    home: HomePayload


class ModelPayload(ModelSummary):
    """A model, whatever the picture: the state topic "model".

    ``filters`` (D, C, P, P), None beyond MAX_WEIGHTS numbers, and their bias; their first principal ``components`` with
    the share of variance of each. Parts that a model lacks are None.
    """

    mean: list[float]
    std: list[float]
    classes: list[str]
    prefix_names: list[str]
    d_model: int | None
    n_layers: int | None
    d_ff: int | None
    filters: Packed | None
    filter_bias: list[float] | None
    components: Packed | None
    component_share: list[float] | None
    positions: PositionsPayload | None


def trace_payload(traces: Traces, picture: Picture, checkpoint: Checkpoint, fit: Fit) -> TracePayload:
    """Run the model once and pack the parts that the tabs draw."""
    model = checkpoint.model
    images = fit_input(picture.image, checkpoint, fit)[None]
    inputs = checkpoint.preprocess(images)
    recorded = traces.of(checkpoint, images)
    traced = recorded.traced
    return {
        "picture": picture_payload(picture),
        "fit": fit,
        "size": int(model.img_size),
        "grid": list(traced.grid),
        "n_prefix": traced.n_prefix,
        **answer_payload(checkpoint, images, traced.logits, recorded.seconds),
        "patches": patches_payload(checkpoint, images, inputs, traced) if model.linear_embedding else None,
        "stem": stem_payload(model.stem, inputs) if model.stem else None,
        "attention": attention_payload(checkpoint, traced),
        "home": home_payload(model, traced),
    }


def model_payload(checkpoint: Checkpoint) -> ModelPayload:
    """Pack the parts of a model that the tabs draw."""
    model, card = checkpoint.model, checkpoint.card
    is_vit, linear = model.attention_kind == "global", model.linear_embedding
    components, component_share = leading_components(linear) if linear else (None, None)
    few = linear is not None and linear.projection.weight.numel() <= MAX_WEIGHTS
    return {
        **model_summary(checkpoint),
        "mean": card["normalise"]["mean"],
        "std": card["normalise"]["std"],
        "classes": checkpoint.class_names,
        "prefix_names": list(model.prefix_names()),
        "d_model": int(model.norm.normalized_shape[0]) if is_vit else None,
        "n_layers": len(model.blocks) if is_vit else None,
        "d_ff": model.blocks[0].mlp[0].out_features if is_vit else None,
        "filters": pack(linear.projection.weight) if few else None,
        "filter_bias": linear.projection.bias.tolist() if linear else None,
        "components": pack(components) if linear else None,
        "component_share": component_share.tolist() if linear else None,
        "positions": positions_payload(checkpoint) if model.position_table is not None else None,
    }
