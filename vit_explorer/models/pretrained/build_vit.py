"""Sizes and tensors of a ViT or DeiT, from weights that carry our names."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.models.positions import resize_positions
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
from vit_explorer.models.zoo import Option

HEAD_WIDTH = 64  # of the ViTs of the paper, DeiT, DINO and DINOv2
SIZES = {192: "Ti", 384: "S", 768: "B", 1024: "L", 1280: "H"}
DINOV2_SIDE = 37  # its tables are of 518 pixels, its figures of 224


def plan_vit(parts: Mapping[str, Part], known: Known) -> Plan:
    """How to build a ViT that these parts fit.

    Args:
        parts: by the names of :class:`vit_explorer.models.ViT`, or its attention's query, key and value apart; beside
            them "fc_norm", the norm of a pooled vector, and "pre_logits".
    Raises:
        CheckpointError: for a network that our ViT cannot be.
    """
    parts, missing = with_zero_biases(stacked(parts))
    assumed: list[str] = []
    ignored: dict[str, str] = {}
    patches = need(parts, "patch_embedding.projection.weight")
    if patches.dim() != 4 or patches.shape[2] != patches.shape[3]:
        raise refusal(f"its patches are {tuple(patches.shape[1:])}, no square.")
    d_model, in_channels, patch_size, _ = patches.shape
    if in_channels != 3:
        raise refusal(f"it reads {in_channels} channels; pictures have 3")
    n_layers = counted(parts, r"blocks\.(\d+)\.")
    d_ff = need(parts, "blocks.0.mlp.0.weight").shape[0]
    d_out = need(parts, "blocks.0.mlp.2.weight").shape[1]
    if d_out != d_ff:
        raise refusal(f"its MLPs are SwiGLU: of {d_ff} values half gate the other {d_out}")
    n_heads = known.n_heads or _usual_heads(d_model, assumed)

    distilled = "distillation_token" in parts
    two_heads = distilled and ("distillation_head.weight" in parts or "head.weight" not in parts)
    if distilled and not two_heads:  # no head reads its distillation token: that is a register
        parts = {("register_tokens" if name == "distillation_token" else name): part for name, part in parts.items()}
    parts, pooled = _head(parts, d_model, known, ignored)
    parts, pos_side = _positions(parts, d_model)
    n_registers = need(parts, "register_tokens").shape[1] if "register_tokens" in parts else 0
    img_size = _img_size(known, pos_side, patch_size, assumed)
    table = parts["pos_embedding"]
    n_prefix = table.tensor.shape[1] - pos_side**2
    resized = resize_positions(table.tensor, n_prefix, img_size // patch_size)
    parts = {**parts, "pos_embedding": Part(resized, table.keys)}
    n_classes = need(parts, "head.weight").shape[0] if "head.weight" in parts else 0
    if n_classes and pooled["pooling"] == "cls" and known.pooling is None and not distilled:
        assumed.append("the head reads CLS, not the mean of the patches")
    layer_scale = "blocks.0.layer_scale1" in parts
    options: dict[str, Option] = {
        "img_size": img_size, "patch_size": patch_size, "d_model": d_model, "n_heads": n_heads, "n_layers": n_layers,
        "d_ff": d_ff, "n_classes": n_classes, "layer_scale": layer_scale, "eps": known.eps or 1e-6,
        "activation": known.activation or "gelu",
    }  # fmt: skip
    if not two_heads:
        options |= {**pooled, "n_registers": n_registers, "cls_token": "cls_token" in parts}
    elif n_registers or "cls_token" not in parts:
        raise refusal("a distilled ViT has CLS, and no registers")
    extras = [
        *(["distillation token that no head reads"] if distilled and not two_heads else []),
        *([f"{n_registers} registers"] if n_registers and not distilled else []),
        *(["LayerScale"] if layer_scale else []),
        f"{img_size} pixels",
        f"{n_classes} classes" if n_classes else "no head",
    ]
    kind = "DeiT distilled" if two_heads else "ViT"
    size = f"-{SIZES[d_model]}/{patch_size}" if d_model in SIZES else f", patches of {patch_size}"
    line = f"{kind}{size}: {n_layers} blocks of width {d_model}, {n_heads} heads, " + ", ".join(extras)
    return Plan(line, "deit" if two_heads else "vit", options, parts, ignored, missing, tuple(assumed))


def _usual_heads(d_model: int, assumed: list[str]) -> int:
    if d_model % HEAD_WIDTH:
        raise CheckpointError(
            f"The number of heads is not in the weights, and width {d_model} is no multiple of {HEAD_WIDTH}: "
            "give n_heads."
        )
    assumed.append(f"{d_model // HEAD_WIDTH} heads: width {d_model} by {HEAD_WIDTH}")
    return d_model // HEAD_WIDTH


def _head(
    parts: dict[str, Part], d_model: int, known: Known, ignored: dict[str, str]
) -> tuple[dict[str, Part], dict[str, Option]]:
    """The parts with the final norm under its name, without heads that cannot be held; and the pooling options."""
    parts = dict(parts)
    has_cls = "cls_token" in parts
    if any(name.startswith("pre_logits.") for name in parts):
        for name in [name for name in parts if name.startswith(("pre_logits.", "head."))]:
            for key in parts.pop(name).keys:
                ignored[key] = "belongs to a head with a hidden layer, which has no place here"
    after = "fc_norm.weight" in parts
    if after and "norm.weight" in parts:
        raise refusal("it normalises before and after pooling")
    for name in [name for name in parts if name.startswith("fc_norm.")]:
        parts[name.removeprefix("fc_")] = parts.pop(name)
    need(parts, "norm.weight")
    head = parts.get("head.weight")
    if head is not None and head.tensor.dim() != 2:
        raise refusal(f"its head is {tuple(head.tensor.shape)}, not linear")
    pooling = known.pooling or ("mean" if after or not has_cls else "cls")
    if head is not None and has_cls and head.tensor.shape[1] == 2 * d_model:
        pooling = "cls_mean"  # the classifiers of DINOv2
    return parts, {"pooling": pooling, "norm_after_pooling": after}


def _positions(parts: dict[str, Part], d_model: int) -> tuple[dict[str, Part], int]:
    """The parts with a position for every token, and the side of the patches' square.

    Tokens to which a network adds no position get zeros: registers in DINOv2; CLS too where positions are added to
    patches alone (DeiT-3, timm's ``no_embed_class``).
    """
    if "pos_embedding" not in parts:
        raise refusal("it has no position table, so its positions are rotary or relative")
    table = parts["pos_embedding"]
    rows = table.tensor.reshape(1, -1, d_model)
    n_registers = parts["register_tokens"].tensor.shape[1] if "register_tokens" in parts else 0
    n_others = sum(name in parts for name in ("cls_token", "distillation_token"))
    n_prefix = n_others + n_registers
    for n_held in (n_others, 0, n_prefix):
        side = side_of(rows.shape[1] - n_held)
        if side is None:
            continue
        held, patches = rows[:, :n_held], rows[:, n_held:]
        full = torch.cat([held, rows.new_zeros(1, n_prefix - n_held, d_model), patches], dim=1)
        return {**parts, "pos_embedding": Part(full, table.keys)}, side
    raise refusal(f"its {rows.shape[1]} positions are no square of patches with the {n_prefix} tokens in front")


def _img_size(known: Known, side: int, patch_size: int, assumed: list[str]) -> int:
    if known.img_size is not None:
        size = known.img_size
    elif side == DINOV2_SIDE and patch_size == 14:
        size = IMAGENET_PIXELS
        assumed.append(f"{size} pixels, positions resized from {side} x {side}: the size at which DINOv2 is measured")
    else:
        return side * patch_size
    if size < patch_size or size % patch_size:
        raise CheckpointError(f"A picture of {size} pixels cannot be cut into patches of {patch_size}.")
    return size
