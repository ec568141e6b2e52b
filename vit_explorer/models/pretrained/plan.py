"""A network to build, with the tensors that go into it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch

from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.models.pretrained.dialect import Part
from vit_explorer.models.zoo import Option

IMAGENET_PIXELS = 224


def refusal(reason: str) -> CheckpointError:
    """The error for a network that ours cannot be."""
    return CheckpointError(f"This network cannot be held here: {reason}.")


@dataclass(frozen=True)
class Plan:
    """What to build, and from which tensors.

    Attributes:
        architecture: the network in a line.
        model, options: as for ``create_model``.
        parts: by our names, in our shapes.
        ignored, missing, assumed: as in a ``FitReport``.
    """

    architecture: str
    model: str
    options: Mapping[str, Option]
    parts: Mapping[str, Part]
    ignored: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()


def need(parts: Mapping[str, Part], name: str) -> torch.Tensor:
    """The tensor of a name. Raises CheckpointError where it is missing."""
    if name not in parts:
        raise CheckpointError(f"These weights are not complete: {name} is missing.")
    return parts[name].tensor


def counted(names: Iterable[str], pattern: str) -> int:
    """One more than the largest number that the pattern's group finds in the names; 0 where it finds none."""
    return max((int(found[1]) + 1 for name in names if (found := re.match(pattern, name))), default=0)


def stacked(parts: Mapping[str, Part]) -> dict[str, Part]:
    """Query, key and value as the one tensor that our attention holds: (D, D) three times -> (3 D, D)."""
    joined: dict[str, Part] = {}
    for name, part in parts.items():
        place = re.match(r"(.+\.attention)\.(query|key|value)\.(weight|bias)$", name)
        if place is None:
            joined[name] = part
            continue
        three = [f"{place[1]}.{which}.{place[3]}" for which in ("query", "key", "value")]
        for one in three:
            need(parts, one)
        joined[f"{place[1]}.qkv.{place[3]}"] = Part(
            torch.cat([parts[one].tensor for one in three]), tuple(key for one in three for key in parts[one].keys)
        )
    return joined


def with_zero_biases(parts: Mapping[str, Part]) -> tuple[dict[str, Part], dict[str, str]]:
    """Add the biases of linear layers that were built without one, as zeros: the same function.

    LayerNorms are left alone: one without a bias may be an RMSNorm, which is another function.
    """
    added: dict[str, Part] = {}
    for name, part in parts.items():
        bias = name.removesuffix("weight") + "bias"
        linear = re.search(r"(projection|qkv|mlp\.[02]|head|patch_embedding)\.weight$", name)
        if linear and bias not in parts:
            added[bias] = Part(part.tensor.new_zeros(len(part.tensor)), ())
    return {**parts, **added}, {name: "0, the layer has no bias" for name in added}


def side_of(n_patches: int) -> int | None:
    """The side of a square of so many patches; None where there is none."""
    side = round(n_patches**0.5)
    return side if side > 0 and side**2 == n_patches else None
