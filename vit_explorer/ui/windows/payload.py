"""A Swin on one image, as the Windows tab draws it: where each token goes, what it attends to, what it can reach."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypedDict

import torch
from torch import Tensor

from vit_explorer.cost.multiply_adds import vit_multiply_adds
from vit_explorer.cost.stages import stage_multiply_adds
from vit_explorer.explain.receptive import receptive_fields
from vit_explorer.explain.rewindow import rewindowed, unmasked
from vit_explorer.explain.trace import Trace, trace
from vit_explorer.explain.windows import WindowLayout, layout_of, reach
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.swin import SwinTransformer
from vit_explorer.models.windows import WindowRecord
from vit_explorer.models.zoo import create_model
from vit_explorer.ui.core.arrays import Packed, pack, pack_shares
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.pictures import Picture
from vit_explorer.ui.core.requests import Fit, ModelRequest, fit_input, parse_int
from vit_explorer.ui.core.session import Session

Grid = tuple[int, int]
WINDOWS = (2, 3, 4, 5, 6, 7, 8)  # sides to choose from, in tokens
SIDES = (8, 10, 12, 14, 16, 20, 24, 28)  # of the first map, in tokens
MAX_NUMBERS = 420_000  # weights of all blocks together, 16 bits each: what keeps the payload within 1.5 MB


@dataclass(frozen=True)
class Cut:
    """How a map is cut: window and shift in tokens, and the side of the first map."""

    window: int
    shift: int
    side: int


@dataclass(frozen=True)
class WindowsRequest(ModelRequest):
    """Window and shift in tokens, and the side of the first map; None stands for the model's own."""

    window: int | None
    shift: int | None
    side: int | None


@dataclass(frozen=True)
class WeightsRequest(WindowsRequest):
    """Blocks by their index."""

    blocks: tuple[int, ...]


class WeightsPayload(TypedDict):
    """``weights`` of the blocks, in their order, as in :class:`BlockPayload`."""

    weights: list[Packed]


class StagePayload(TypedDict):
    """A stage of the Swin; ``multiply_adds`` of all its blocks."""

    d_model: int
    heads: int
    depth: int
    multiply_adds: int


class BlockPayload(TypedDict):
    """A block of the Swin, M tokens after padding, in windows of w x w tokens.

    ``grid`` of its tokens and ``whole``, the grid after padding. ``order`` (M,): the token at each place, -1 for
    padding. ``regions`` (M,): the mask's region of each place. ``weights`` (windows, heads, w * w, w * w), None in an
    answer with more than MAX_NUMBERS of them. A token can depend on those tokens of the first map that lie in the rows
    of its row in ``reach_rows`` (rows, first rows) and in the columns of its column in ``reach_cols``: windows, their
    masks and merging treat rows and columns apart. ``bias`` (heads, 2 w - 1, 2 w - 1).
    """

    stage: int
    bias: Packed
    grid: list[int]
    whole: list[int]
    shift: list[int]
    masked: bool
    order: Packed
    regions: Packed
    weights: Packed | None
    reach_rows: Packed
    reach_cols: Packed


class WindowsPayload(TypedDict):
    """A Swin on one image, cut with ``window``, ``shift`` and ``side``; ``own`` is the cut it was trained with.

    ``windows`` and ``sides`` can be chosen. ``cnn``: receptive fields of the zoo's CNN; ``vit``: the zoo's small ViT.
    """

    model: str
    own: dict[str, int]
    window: int
    shift: int
    side: int
    windows: list[int]
    sides: list[int]
    pixels: Packed
    classes: list[str]
    probabilities: list[float]
    own_probabilities: list[float]
    stages: list[StagePayload]
    blocks: list[BlockPayload]
    cnn: list[dict[str, int]]
    vit: VitPayload


class VitPayload(TypedDict):
    """The sizes of a ViT."""

    grid: list[int]
    d_model: int
    layers: int
    multiply_adds: int


def windows_payload(session: Session, request: WindowsRequest) -> WindowsPayload:
    """Run a Swin on an image with these windows. Raises UserError for another model, or a size that is not offered."""
    checkpoint = _swin(session, request)
    own, cut = own_cut(checkpoint.model), chosen_cut(checkpoint.model, request)
    picture = session.picture(request.picture)
    model = _cut_model(checkpoint.model, cut)
    traced, pixels = _traced(session, checkpoint, model, picture, request.fit, cut.side)
    before = traced if cut == own else _traced(session, checkpoint, checkpoint.model, picture, request.fit, own.side)[0]
    return {
        "model": checkpoint.name,
        "own": vars(own),
        "window": cut.window,
        "shift": cut.shift,
        "side": cut.side,
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


def window_weights(session: Session, request: WeightsRequest) -> WeightsPayload:
    """The attention weights of some blocks of :func:`windows_payload`. Raises UserError as that."""
    return {"weights": weights_of(cut_and_traced(session, request), request.blocks)}


def weights_of(traced: Trace, blocks: tuple[int, ...]) -> list[Packed]:
    """The attention weights of these blocks. Raises UserError for a block that is not there."""
    indices = [parse_int(block, "A block", 0, len(traced.windows) - 1) for block in blocks]
    return [pack_shares(traced.windows[index].weights[0]) for index in indices]


def cut_and_traced(session: Session, request: WindowsRequest, masked: bool = True) -> Trace:
    """The pass of the Swin cut as asked for, with its mask or without. Raises UserError as :func:`windows_payload`."""
    checkpoint = _swin(session, request)
    cut = chosen_cut(checkpoint.model, request)
    model = _cut_model(checkpoint.model, cut)
    if not masked:
        model = unmasked(model)
    return _traced(session, checkpoint, model, session.picture(request.picture), request.fit, cut.side)[0]


def _swin(session: Session, request: WindowsRequest) -> Checkpoint:
    checkpoint = session.checkpoint(request.model)
    if checkpoint.model.attention_kind != "windows":
        raise UserError(f"{checkpoint.name} has no windows: choose a Swin.")
    return checkpoint


def _cut_model(model: SwinTransformer, cut: Cut) -> SwinTransformer:
    own = own_cut(model)
    changed = (cut.window, cut.shift) != (own.window, own.shift)
    return rewindowed(model, cut.window, cut.shift) if changed else model


def own_cut(model: SwinTransformer) -> Cut:
    """The cut that the model was trained with."""
    attentions = [block.attention for stage in model.stages for block in stage]
    return Cut(attentions[0].window, max(one.shift for one in attentions), model.img_size // model.patch_size)


def chosen_cut(model: SwinTransformer, request: WindowsRequest) -> Cut:
    """The cut of a request. Raises UserError with the values that can be chosen."""
    own = own_cut(model)
    window = (
        own.window if request.window is None else parse_int(request.window, "A window", 1, max(own.window, *WINDOWS))
    )
    half = own.shift if window == own.window else window // 2
    shift = half if request.shift is None else parse_int(request.shift, "A shift", 0, window - 1)
    sides = offered_sides(model, window)
    side = own.side if request.side is None else request.side
    if type(side) is not int or side not in sides:
        raise UserError(f"With windows of {window} the map can have {', '.join(map(str, sides))} tokens a side.")
    return Cut(window, shift, side)


def offered_sides(model: SwinTransformer, window: int) -> list[int]:
    """The sides of the first map whose attention fits one payload, and the model's own."""
    own = own_cut(model).side
    return sorted({own, *(side for side in SIDES if _numbers(model, side, window) <= MAX_NUMBERS)})


def _numbers(model: SwinTransformer, side: int, window: int) -> int:
    """The number of attention weights of all blocks together."""
    total = 0
    for stage in model.stages:
        padded = -(-side // window) * window
        total += sum(padded**2 * window**2 * block.attention.n_heads for block in stage)
        side = -(-side // 2)
    return total


@torch.inference_mode()
def _traced(
    session: Session, checkpoint: Checkpoint, model: SwinTransformer, picture: Picture, fit: Fit, side: int
) -> tuple[Trace, Tensor]:
    """The pass over the picture at ``side`` tokens, and its pixels, uint8 (3, size, size)."""
    pixels = fit_input(picture.image, checkpoint, fit, side * model.patch_size)
    if model is checkpoint.model:
        return session.traces.of(checkpoint, pixels[None]).traced, pixels
    return trace(model, checkpoint.preprocess(pixels[None])), pixels


def _stages(model: SwinTransformer, side: int) -> list[StagePayload]:
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


def _blocks(model: SwinTransformer, traced: Trace) -> list[BlockPayload]:
    attentions = [(number, block.attention) for number, stage in enumerate(model.stages) for block in stage]
    layouts = [layout_of(record.grid, record.plan) for record in traced.windows]
    whole = sum(record.weights.numel() for record in traced.windows) <= MAX_NUMBERS
    return [
        _block(number, _bias_maps(attention.bias_table, attention.window), *parts, layouts[0].grid, whole)
        for (number, attention), *parts in zip(attentions, traced.windows, layouts, reach(layouts), strict=True)
    ]


def _block(
    stage: int, bias: Tensor, record: WindowRecord, layout: WindowLayout, reached: Tensor, first: Grid, whole: bool
) -> BlockPayload:
    plan, n_tokens = record.plan, layout.grid[0] * layout.grid[1]
    order = plan.order.where(plan.order < n_tokens, -1)
    by_token = reached.reshape(*layout.grid, *first)  # (rows, cols, first rows, first cols)
    return {
        "stage": stage,
        "bias": pack(bias),
        "grid": list(layout.grid),
        "whole": [-(-side // plan.window) * plan.window for side in layout.grid],
        "shift": list(plan.shift),
        "masked": not bool(layout.mask.all()),
        "order": pack(order, "int16"),
        "regions": pack(layout.regions.flatten(), "int8"),
        "weights": pack_shares(record.weights[0]) if whole else None,
        "reach_rows": pack(by_token[:, 0].any(dim=2), "uint8"),
        "reach_cols": pack(by_token[0].any(dim=1), "uint8"),
    }


def _bias_maps(table: Tensor, window: int) -> Tensor:
    """(entries, heads) -> (heads, 2 w - 1, 2 w - 1)."""
    return table.detach().T.reshape(-1, 2 * window - 1, 2 * window - 1)


@lru_cache(maxsize=1)
def _cnn_fields() -> list[dict[str, int]]:
    """The receptive fields of the zoo's CNN, which do not depend on its weights."""
    with torch.random.fork_rng(devices=[]):
        return [vars(field) for field in receptive_fields(create_model("cnn"))]


@lru_cache(maxsize=1)
def _plain_vit() -> VitPayload:
    """The sizes of the zoo's small ViT, with which the hierarchy is compared."""
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
