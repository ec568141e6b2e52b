"""Our own names: checkpoints without their card, whose sizes the weights tell."""

from __future__ import annotations

from collections.abc import Mapping

from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.models.pretrained.dialect import Part
from vit_explorer.models.pretrained.plan import Plan, counted, need, side_of
from vit_explorer.models.pretrained.report import Known
from vit_explorer.models.zoo import Option

HEAD_WIDTH = 32  # of the small networks here; large ones are converted from others
SIGNATURES = ("blocks.0.attention.qkv.weight", "stages.0.0.attention.qkv.weight", "stages.0.0.weight")


def is_ours(keys: Mapping[str, object]) -> bool:
    """Whether these are names of a ViT, DeiT, hybrid, Swin or ConvNet of ours."""
    return any(signature in keys for signature in SIGNATURES)


def plan_ours(parts: Mapping[str, Part], known: Known) -> Plan:
    """How to build the network of ours that these parts fit, by its card where there is one."""
    assumed: list[str] = []
    if known.model is not None and known.options is not None:
        model, options = known.model, dict(known.options)
    elif "stages.0.0.weight" in parts:
        model, options = "cnn", _cnn(parts, known, assumed)
    elif "stages.0.0.attention.qkv.weight" in parts:
        model, options = "swin", _swin(parts, known, assumed)
    else:
        model, options = _vit(parts, known, assumed)
    line = ", ".join([model, *(f"{name} {value}" for name, value in options.items())])
    return Plan(line, model, options, parts, {}, {}, tuple(assumed))


def _vit(parts: Mapping[str, Part], known: Known, assumed: list[str]) -> tuple[str, dict[str, Option]]:
    first = need(parts, "blocks.0.attention.qkv.weight")
    d_model = first.shape[1]
    n_heads = known.n_heads
    if n_heads is None:
        n_heads = max(1, d_model // HEAD_WIDTH)
        assumed.append(f"{n_heads} heads: width {d_model} by {HEAD_WIDTH}")
    has_cls, n_registers = "cls_token" in parts, 0
    if "register_tokens" in parts:
        n_registers = need(parts, "register_tokens").shape[1]
    n_prefix = has_cls + ("distillation_token" in parts) + n_registers
    n_classes, head_width = need(parts, "head.weight").shape if "head.weight" in parts else (0, d_model)
    options: dict[str, Option] = {
        "d_model": d_model, "n_heads": n_heads, "n_layers": counted(parts, r"blocks\.(\d+)\."),
        "d_ff": need(parts, "blocks.0.mlp.0.weight").shape[0], "n_classes": n_classes,
    }  # fmt: skip
    finer: dict[str, Option] = {"layer_scale": "blocks.0.layer_scale1" in parts}
    finer |= {"eps": known.eps or 1e-6, "activation": known.activation or "gelu"}
    if "patch_embedding.projection.weight" in parts and "patch_embedding.backbone.0.weight" not in parts:
        patch_size = need(parts, "patch_embedding.projection.weight").shape[-1]
        options["patch_size"] = patch_size
    elif "patch_embedding.stem.0.weight" in parts:
        patch_size = 2 ** sum(name.startswith("patch_embedding.stem.") and name.endswith("weight") for name in parts)
        options |= {"patch_size": patch_size, "embedding": "conv"}
    else:
        widths = [need(parts, "patch_embedding.backbone.0.weight").shape[0]]
        blocks = sorted({int(name.split(".")[2]) for name in parts if ".branch.0." in name})
        widths += [need(parts, f"patch_embedding.backbone.{block}.branch.0.weight").shape[0] for block in blocks]
        options["widths"], patch_size = tuple(widths), 2 ** (len(widths) - 1)
    if "pos_embedding" in parts:
        side = side_of(need(parts, "pos_embedding").shape[1] - n_prefix)
        if side is None:
            raise CheckpointError("These weights are not complete: their positions make no square of patches.")
        options["img_size"] = side * patch_size
    else:
        options |= {"positions": "none", "img_size": known.img_size or 32}
        assumed.append(f"{options['img_size']} pixels: the network has no positions that would tell")
    if "distillation_token" in parts:
        return "deit", {**options, **finer}
    pooling = "cls_mean" if head_width == 2 * d_model else "cls" if has_cls else "mean"
    options["pooling"] = known.pooling or ("attention" if "pool.score.weight" in parts else pooling)
    if "widths" in options:
        return "hybrid", options
    finer |= {"cls_token": has_cls, "norm_after_pooling": bool(known.norm_after_pooling), "n_registers": n_registers}
    return "vit", {**options, **finer}


def _swin(parts: Mapping[str, Part], known: Known, assumed: list[str]) -> dict[str, Option]:
    patches = need(parts, "patch_embedding.weight")
    d_model, _, patch_size, _ = patches.shape
    n_stages = counted(parts, r"stages\.(\d+)\.")
    tables = [need(parts, f"stages.{stage}.0.attention.bias_table") for stage in range(n_stages)]
    window = ((side_of(tables[0].shape[0]) or 1) + 1) // 2
    img_size = known.img_size or (32 if patch_size < 4 else 224)
    assumed.append(f"{img_size} pixels: windows of {window} do not tell")
    return {
        "img_size": img_size, "patch_size": patch_size, "d_model": d_model, "window": window,
        "depths": tuple(counted(parts, rf"stages\.{stage}\.(\d+)\.") for stage in range(n_stages)),
        "n_heads": tuple(table.shape[1] for table in tables),
        "mlp_ratio": need(parts, "stages.0.0.mlp.0.weight").shape[0] // d_model,
        "n_classes": need(parts, "head.weight").shape[0] if "head.weight" in parts else 0,
    }  # fmt: skip


def _cnn(parts: Mapping[str, Part], known: Known, assumed: list[str]) -> dict[str, Option]:
    n_stages = counted(parts, r"stages\.(\d+)\.")
    norm = "stages.0.1.running_mean" in parts
    img_size = known.img_size or 32
    assumed.append(f"{img_size} pixels: a CNN reads any size")
    convolutions = [name for name in parts if name.startswith("stages.0.") and need(parts, name).dim() == 4]
    return {
        "img_size": img_size, "widths": tuple(need(parts, f"stages.{s}.0.weight").shape[0] for s in range(n_stages)),
        "depth": len(convolutions), "norm": "batch" if norm else "none",
        "n_classes": need(parts, "head.weight").shape[0],
    }  # fmt: skip
