"""What a network object of timm, torchvision or transformers tells of itself beyond its weights."""

from __future__ import annotations

from typing import Any

from torch import nn

from vit_explorer.models.block import Activation
from vit_explorer.models.pretrained.plan import refusal
from vit_explorer.models.pretrained.report import Known
from vit_explorer.models.vit import ViT

ACTIVATIONS: dict[str, Activation] = {
    "gelu": "gelu", "gelu_python": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh", "quick_gelu": "quick_gelu",
}  # fmt: skip
RESAMPLING = {0: "nearest", 2: "bilinear", 3: "bicubic"}  # of PIL
UNNAMED = "LABEL_"  # in front of the labels that transformers makes up


def describe(module: nn.Module) -> Known:
    """The facts that a network object states: heads, size, norms, activation, pooling, labels, preprocessing.

    Raises:
        CheckpointError: for a pooling or an activation that our networks do not have.
    """
    inner = getattr(module, "module", None) or getattr(module, "_orig_mod", None)
    if isinstance(inner, nn.Module):
        return describe(inner)
    config = getattr(module, "config", None)
    if config is not None and hasattr(config, "to_dict"):
        return from_huggingface(config.to_dict())
    _check_blocks(module)
    config = getattr(module, "pretrained_cfg", None) or {}
    return _timm_reading(module).over(_of_attention(module)).over(from_timm(dict(config)))


def from_huggingface(config: dict[str, Any]) -> Known:
    """The facts in a config.json of transformers."""
    activation = config.get("hidden_act")
    if activation is not None and activation not in ACTIVATIONS:
        raise refusal(f"its MLPs use {activation} where ours use GELU")
    labels = config.get("id2label") or {}
    ordered = [labels[key] for key in sorted(labels, key=int)]
    made_up = all(str(label).startswith(UNNAMED) for label in ordered)
    heads, size = config.get("num_attention_heads"), config.get("image_size")
    if config.get("model_type", "").startswith("dinov2") and size == 518:
        size = None  # of its position table; images of 224 are read
    return Known(
        n_heads=heads if isinstance(heads, int) else None,
        img_size=size if isinstance(size, int) else None,
        names=None if made_up else tuple(map(str, ordered)),
        eps=config.get("layer_norm_eps"),
        activation=ACTIVATIONS.get(activation) if activation else None,
    )


def from_preprocessor(config: dict[str, Any]) -> Known:
    """The facts in a preprocessor_config.json of transformers."""
    size, crop = config.get("size"), config.get("crop_size")
    shorter, cut = (
        one if isinstance(one, int) else (one or {}).get("shortest_edge") or (one or {}).get("height")
        for one in (size, crop)
    )
    mean, std = config.get("image_mean"), config.get("image_std")
    return Known(
        img_size=cut or shorter,
        mean=tuple(mean) if mean else None,
        std=tuple(std) if std else None,
        resize_ratio=shorter / cut if shorter and cut and config.get("do_center_crop", True) else None,
        interpolation=RESAMPLING.get(config.get("resample")),
    )


def from_timm(config: dict[str, Any]) -> Known:
    """The facts in a network's pretrained_cfg, which timm's config.json holds too."""
    mean, std, labels = config.get("mean"), config.get("std"), config.get("label_names")
    crop, interpolation = config.get("crop_pct"), config.get("interpolation")
    return Known(
        names=tuple(labels) if labels else None,
        mean=tuple(mean) if mean else None,
        std=tuple(std) if std else None,
        resize_ratio=1 / crop if crop else None,
        interpolation=interpolation if interpolation in RESAMPLING.values() else None,
    )


def _check_blocks(module: nn.Module) -> None:
    """Refuse networks of timm that differ from a ViT in parts without weights."""
    if getattr(module, "rope", None) is not None:
        raise refusal("its positions are rotary")
    kinds = {type(block).__name__ for block in getattr(module, "blocks", None) or ()}
    if type(module).__module__.startswith("timm.") and not kinds <= {"Block"}:
        raise refusal(f"its blocks, {', '.join(sorted(kinds))}, are not those of a ViT")


def _timm_reading(module: nn.Module) -> Known:
    """How a ViT of timm pools its tokens; its Swin and CNNs read the mean of their map."""
    pooling, prefix = getattr(module, "global_pool", None), getattr(module, "pool_include_prefix", False)
    told_by_weights = pooling in (None, "map", "prr")
    if told_by_weights or not hasattr(module, "cls_token"):
        return Known()
    if pooling not in ("token", "avg", "") or prefix:
        raise refusal(f"its head pools by {pooling!r}{' with CLS' if prefix else ''}")
    return Known(pooling={"token": "cls", "avg": "mean"}.get(pooling))


def _of_attention(module: nn.Module) -> Known:
    """What the layers of timm, torchvision and ours say: heads of an attention layer, eps of a norm, kind of GELU."""
    layers = list(module.modules())
    attention = [layer for layer in layers if not hasattr(layer, "relative_position_bias_table")]
    counts = {getattr(layer, "num_heads", None) or getattr(layer, "n_heads", None) for layer in attention}
    heads = {count for count in counts if isinstance(count, int)}
    eps = {layer.eps for layer in layers if isinstance(layer, nn.LayerNorm)}
    if len(eps) > 1:
        raise refusal(f"its norms have several eps, {sorted(eps)}")
    patches = getattr(module, "patch_embed", None)
    sizes = [getattr(*place, None) for place in ((module, "image_size"), (patches, "img_size"), (module, "img_size"))]
    size = next((size[0] if isinstance(size, tuple) else size for size in sizes if size), None)
    return Known(
        n_heads=heads.pop() if len(heads) == 1 else None,
        img_size=size,
        eps=eps.pop() if eps else None,
        activation=_activation(layers),
        pooling=getattr(module, "pooling", None) if isinstance(module, ViT) else None,
        norm_after_pooling=getattr(module, "norm_after_pooling", None),
    )


def _activation(layers: list[nn.Module]) -> Activation | None:
    kinds: set[Activation] = set()
    for layer in layers:
        name = type(layer).__name__
        if name == "GELU":
            kinds.add("gelu_tanh" if getattr(layer, "approximate", "none") == "tanh" else "gelu")
        elif name == "GELUTanh":
            kinds.add("gelu_tanh")
        elif name in ("QuickGELU", "QuickGelu"):
            kinds.add("quick_gelu")
    if len(kinds) > 1:
        raise refusal(f"it mixes {', '.join(sorted(kinds))}")
    return kinds.pop() if kinds else None
