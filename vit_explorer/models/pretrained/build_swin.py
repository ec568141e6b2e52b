"""Sizes and tensors of a Swin of 2021, from weights that carry our names."""

from __future__ import annotations

from collections.abc import Mapping

from vit_explorer.models.pretrained.dialect import Part
from vit_explorer.models.pretrained.plan import (
    IMAGENET_PIXELS,
    Plan,
    counted,
    need,
    refusal,
    side_of,
    stacked,
    with_zero_biases,
)
from vit_explorer.models.pretrained.report import Known
from vit_explorer.models.windows import Padding
from vit_explorer.models.zoo import Option

LARGE_WINDOW, LARGE_PIXELS = 12, 384  # the authors' networks for large images
SIZES = {(96, 6): "Swin-T", (96, 18): "Swin-S", (128, 18): "Swin-B", (192, 18): "Swin-L"}


def plan_swin(parts: Mapping[str, Part], known: Known, padding: Padding) -> Plan:
    """How to build a Swin that these parts fit.

    Args:
        parts: by the names of :class:`vit_explorer.models.SwinTransformer`, or query, key and value apart.
        padding: what the weights were trained with.
    Raises:
        CheckpointError: for a network that our Swin cannot be.
    """
    parts, missing = with_zero_biases(stacked(parts))
    missing = {name: reason for name, reason in missing.items() if ".reduction." not in name}
    patches = need(parts, "patch_embedding.weight")
    d_model, in_channels, patch_size, _ = patches.shape
    if in_channels != 3:
        raise refusal(f"it reads {in_channels} channels; pictures have 3")
    depths = tuple(counted(parts, rf"stages\.{stage}\.(\d+)\.") for stage in range(counted(parts, r"stages\.(\d+)\.")))
    tables = [need(parts, f"stages.{stage}.0.attention.bias_table") for stage in range(len(depths))]
    sides = {side_of(table.shape[0]) for table in tables}
    if len(sides) > 1 or None in sides:
        raise refusal(
            "its stages have windows of different sizes "
            f"({', '.join(str(tuple(table.shape)) for table in tables)} biases)"
        )
    window = (sides.pop() + 1) // 2
    hidden = need(parts, "stages.0.0.mlp.0.weight").shape[0]
    if hidden % d_model:
        raise refusal(f"an MLP of {hidden} is no multiple of {d_model}")
    assumed: list[str] = []
    img_size = known.img_size
    if img_size is None:
        img_size = LARGE_PIXELS if window == LARGE_WINDOW else IMAGENET_PIXELS
        assumed.append(f"{img_size} pixels: windows of {window} do not tell")
    n_classes = need(parts, "head.weight").shape[0] if "head.weight" in parts else 0
    options: dict[str, Option] = {
        "img_size": img_size, "patch_size": patch_size, "d_model": d_model, "depths": depths,
        "n_heads": tuple(table.shape[1] for table in tables), "window": window, "mlp_ratio": hidden // d_model,
        "n_classes": n_classes, "padding": padding, "eps": known.eps or 1e-5, "activation": known.activation or "gelu",
    }  # fmt: skip
    size = SIZES.get((d_model, depths[2]) if len(depths) == 4 else (), "Swin")
    line = (
        f"{size}: {'-'.join(map(str, depths))} blocks of width {d_model} and more, windows of {window}, "
        f"{img_size} pixels, {f'{n_classes} classes' if n_classes else 'no head'}"
    )
    return Plan(line, "swin", options, parts, {}, missing, tuple(assumed))
