"""The 1,000 classes of ImageNet-1k."""

from __future__ import annotations

from functools import cache

N_IMAGENET = 1000


@cache
def imagenet_names() -> tuple[str, ...]:
    """The names of the classes in the order of the outputs, as torchvision states them for its weights."""
    from torchvision.models import ResNet50_Weights  # takes seconds to import

    return tuple(ResNet50_Weights.IMAGENET1K_V1.meta["categories"])
