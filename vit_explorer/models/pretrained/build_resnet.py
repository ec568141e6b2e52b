"""Sizes and tensors of a ResNet, from weights that carry torchvision's names."""

from __future__ import annotations

from collections.abc import Mapping

from vit_explorer.models.pretrained.dialect import Part
from vit_explorer.models.pretrained.plan import IMAGENET_PIXELS, Plan, counted, need, with_zero_biases
from vit_explorer.models.pretrained.report import Known
from vit_explorer.models.resnet import STAGES
from vit_explorer.models.zoo import Option

NAMES = {(3, 4, 6, 3, True): "ResNet-50", (3, 4, 23, 3, True): "ResNet-101", (2, 2, 2, 2, False): "ResNet-18"}


def plan_resnet(parts: Mapping[str, Part], known: Known) -> Plan:
    """How to build a ResNet that these parts fit; wide ones and those with groups have other shapes."""
    parts, missing = with_zero_biases(parts)
    layers = tuple(counted(parts, rf"{stage}\.(\d+)\.") for stage in STAGES)
    bottleneck = "layer1.0.conv3.weight" in parts
    n_classes = need(parts, "head.weight").shape[0] if "head.weight" in parts else 0
    img_size = known.img_size or IMAGENET_PIXELS
    assumed = () if known.img_size else (f"{img_size} pixels: a CNN reads any size",)
    options: dict[str, Option] = {
        "img_size": img_size, "layers": layers, "bottleneck": bottleneck, "n_classes": n_classes,
    }  # fmt: skip
    line = (
        f"{NAMES.get((*layers, bottleneck), 'ResNet')}: {'-'.join(map(str, layers))} blocks, {img_size} pixels, "
        f"{f'{n_classes} classes' if n_classes else 'no head'}"
    )
    return Plan(line, "resnet", options, parts, {}, missing, assumed)
