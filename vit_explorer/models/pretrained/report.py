"""Known facts about foreign weights, and the report on how they fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vit_explorer.models.block import Activation
from vit_explorer.models.vit import Pooling
from vit_explorer.models.zoo import Option

Interpolation = Literal["bilinear", "bicubic", "nearest"]

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Preprocessing:
    """The way from an image to the pixels that a network reads.

    Attributes:
        mean, std: of each channel, for values from 0 to 1.
        resize: the shorter side becomes so many pixels.
        crop: then a square of so many pixels is cut out of the middle.
    """

    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    resize: int = 256
    crop: int = 224
    interpolation: Interpolation = "bicubic"


@dataclass(frozen=True)
class Known:
    """Facts that names and shapes of weights do not tell; None where a fact is not known.

    Attributes:
        eps: of all LayerNorms.
        resize_ratio: the shorter side of a resized image over the side of the crop.
        model, options: name and options of the network, where a card of ours states them.
    """

    n_heads: int | None = None
    img_size: int | None = None
    names: tuple[str, ...] | None = None
    eps: float | None = None
    activation: Activation | None = None
    pooling: Pooling | None = None
    norm_after_pooling: bool | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    resize_ratio: float | None = None
    interpolation: Interpolation | None = None
    model: str | None = None
    options: Mapping[str, Option] | None = None

    def over(self, other: Known) -> Known:
        """These facts, and the other's where these are silent."""
        return Known(**{
            name: getattr(other, name) if getattr(self, name) is None else getattr(self, name)
            for name in self.__dataclass_fields__
        })  # fmt: skip


@dataclass(frozen=True)
class FitReport:
    """How foreign weights became a network of ours. Every key of the state dict is in ``used`` or ``ignored``.

    Attributes:
        format: whose names the weights carry.
        architecture: the network in a line.
        used: keys whose values are in the network.
        ignored: keys that are not, each with the reason.
        missing: our parameters that the weights lack, each with the value that stands there instead.
        assumed: facts that the weights do not tell, with the default that was taken.
        model, options: as for :func:`vit_explorer.models.create_model`.
        names: of the classes; empty for a network without a head.
    """

    format: str
    architecture: str
    used: tuple[str, ...]
    ignored: Mapping[str, str]
    missing: Mapping[str, str]
    assumed: tuple[str, ...]
    model: str
    options: Mapping[str, Option]
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.format}: {self.architecture}", f"used: {len(self.used)} tensors"]
        for title, entries in (("ignored", self.ignored), ("missing", self.missing)):
            lines.append(f"{title}: {len(entries) or 'none'}")
            lines += _grouped(entries)
        return "\n".join([*lines, *(f"assumed: {fact}" for fact in self.assumed)])


def _grouped(entries: Mapping[str, str]) -> list[str]:
    """A line for each reason, with the first of its names and how many more there are."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in entries.items():
        by_reason.setdefault(reason, []).append(name)
    return [
        f"  {names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {reason}"
        for reason, names in by_reason.items()
    ]
