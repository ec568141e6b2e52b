"""A Swin on one picture, as the Windows tab draws it: where each token goes, whom it attends to, what it can reach."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vit_explorer.cost.multiply_adds import vit_multiply_adds
from vit_explorer.cost.stages import stage_multiply_adds
from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.receptive import receptive_fields
from vit_explorer.explain.rewindow import rewindowed
from vit_explorer.explain.trace import Trace, trace
from vit_explorer.explain.windows import WindowLayout, layout_of, reach
from vit_explorer.models.swin import SwinTransformer
from vit_explorer.models.windows import WindowRecord
from vit_explorer.models.zoo import Checkpoint, create_model
from vit_explorer.ui.core.arrays import pack, pack_shares
from vit_explorer.ui.core.errors import Refused
from vit_explorer.ui.core.requests import whole
from vit_explorer.ui.core.session import Picture, Session

WINDOWS = (2, 3, 4, 5, 6, 7, 8)  # sides to choose from, in tokens
SIDES = (8, 10, 12, 14, 16, 20, 24, 28)  # of the first map, in tokens
MAX_NUMBERS = 420_000  # weights of all blocks together, 16 bits each: what keeps the payload within 1.5 MB


@dataclass(frozen=True)
class Cut:
    """How a map is cut: window and shift in tokens, and the side of the first map."""

    window: int
    shift: int
    side: int


def windows_payload(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """{picture, model, fit, window, shift, side} -> what ``vxWindows`` decodes; None stands for the model's own.

    Raises:
        Refused: for a model that has no windows, or a number that is not offered.
    """
    checkpoint = session.checkpoint(request["model"])
    if not isinstance(checkpoint.model, SwinTransformer):
        raise Refused(f"{checkpoint.name} has no windows: choose a Swin.")
    own, cut = own_cut(checkpoint.model), chosen_cut(checkpoint.model, request)
    picture = session.picture(request["picture"])
    changed = (cut.window, cut.shift) != (own.window, own.shift)
    model = rewindowed(checkpoint.model, cut.window, cut.shift) if changed else checkpoint.model
    traced, pixels = _traced(checkpoint, model, picture, request["fit"], cut.side)
    before = traced if cut == own else _traced(checkpoint, checkpoint.model, picture, request["fit"], own.side)[0]
    return {
        "model": checkpoint.name,
        "own": vars(own),
        **vars(cut),
        "windows": list(WINDOWS),
        "sides": offered_sides(checkpoint.model, cut.window),
        "pixels": pack(pixels.permute(1, 2, 0), "uint8"),
        "classes": checkpoint.class_names,
        "probabilities": traced.probabilities[0].tolist(),
        "own_probabilities": before.probabilities[0].tolist(),
        "stages": _stages(model, cut.side),
        "blocks": _blocks(model, traced),
        "cnn": _cnn_fields(),
        "vit": _plain_vit(),
    }


def own_cut(model: SwinTransformer) -> Cut:
    """As the model was built."""
    attentions = [block.attention for stage in model.stages for block in stage]
    return Cut(attentions[0].window, max(one.shift for one in attentions), model.img_size // model.patch_size)


def chosen_cut(model: SwinTransformer, request: dict[str, Any]) -> Cut:
    """The cut of a request. Raises Refused with what there is."""
    own = own_cut(model)
    window = (
        own.window if request["window"] is None else whole(request["window"], "A window", 1, max(own.window, *WINDOWS))
    )
    half = own.shift if window == own.window else window // 2
    shift = half if request["shift"] is None else whole(request["shift"], "A shift", 0, window - 1)
    sides = offered_sides(model, window)
    side = own.side if request["side"] is None else request["side"]
    if type(side) is not int or side not in sides:
        raise Refused(f"With windows of {window} the map can have {', '.join(map(str, sides))} tokens a side.")
    return Cut(window, shift, side)


def offered_sides(model: SwinTransformer, window: int) -> list[int]:
    """The sides of the first map whose attention is not too much for one payload; always the model's own."""
    own = own_cut(model).side
    return sorted({own, *(side for side in SIDES if _numbers(model, side, window) <= MAX_NUMBERS)})


def _numbers(model: SwinTransformer, side: int, window: int) -> int:
    """How many weights all blocks have together."""
    total = 0
    for stage in model.stages:
        padded = -(-side // window) * window
        total += sum(padded**2 * window**2 * block.attention.n_heads for block in stage)
        side = -(-side // 2)
    return total


@torch.inference_mode()
def _traced(
    checkpoint: Checkpoint, model: SwinTransformer, picture: Picture, fit: str, side: int
) -> tuple[Trace, Tensor]:
    """The pass over the picture at ``side`` tokens, and its pixels, uint8 (3, size, size)."""
    pixels = fit_picture(picture.image, side * model.patch_size, fit)
    return trace(model, checkpoint.preprocess(pixels[None])), pixels


def _stages(model: SwinTransformer, side: int) -> list[dict[str, Any]]:
    costs = stage_multiply_adds(model, side, side)
    return [
        {
            "d_model": stage[0].norm1.normalized_shape[0],
            "heads": stage[0].attention.n_heads,
            "depth": len(stage),
            "multiply_adds": cost,
        }
        for stage, cost in zip(model.stages, costs, strict=True)
    ]


def _blocks(model: SwinTransformer, traced: Trace) -> list[dict[str, Any]]:
    attentions = [(number, block.attention) for number, stage in enumerate(model.stages) for block in stage]
    layouts = [layout_of(record.grid, record.plan) for record in traced.windows]
    return [
        {"stage": number, "bias": pack(_bias_maps(attention.bias_table, attention.window)), **_block(*parts)}
        for (number, attention), *parts in zip(attentions, traced.windows, layouts, reach(layouts), strict=True)
    ]


def _block(record: WindowRecord, layout: WindowLayout, reached: Tensor) -> dict[str, Any]:
    plan, n_tokens = record.plan, layout.grid[0] * layout.grid[1]
    order = plan.order.where(plan.order < n_tokens, -1)
    return {
        "grid": list(layout.grid),
        "whole": [-(-side // plan.window) * plan.window for side in layout.grid],
        "shift": list(plan.shift),
        "masked": not bool(layout.mask.all()),
        "order": pack(order, "int16"),
        "regions": pack(layout.regions.flatten(), "int8"),
        "weights": pack_shares(record.weights[0]),
        "reach": pack(np.packbits(reached.numpy(), axis=1), "uint8"),  # first token in the highest bit
    }


def _bias_maps(table: Tensor, window: int) -> Tensor:
    """(entries, heads) -> (heads, 2 w - 1, 2 w - 1)."""
    return table.detach().T.reshape(-1, 2 * window - 1, 2 * window - 1)


@lru_cache(maxsize=1)
def _cnn_fields() -> list[dict[str, int]]:
    """The receptive fields of the zoo's CNN, whose weights do not matter for it."""
    with torch.random.fork_rng(devices=[]):
        return [vars(field) for field in receptive_fields(create_model("cnn"))]


@lru_cache(maxsize=1)
def _plain_vit() -> dict[str, Any]:
    """The zoo's small ViT, beside which the hierarchy stands; its weights do not matter for it."""
    with torch.random.fork_rng(devices=[]):
        model = create_model("vit")
    embedding, block = model.patch_embedding, model.blocks[0]
    d_model, d_ff = (layer.out_features for layer in (block.attention.projection, block.mlp[0]))
    values = embedding.projection.weight[0].numel()
    parts = vit_multiply_adds(embedding.n_patches, values, d_model, len(model.blocks), d_ff, model.n_classes)
    return {
        "grid": list(model.grid),
        "d_model": d_model,
        "layers": len(model.blocks),
        "multiply_adds": parts["total"],
    }
