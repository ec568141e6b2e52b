"""Networks by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vit_explorer.models.cnn import ConvNet
from vit_explorer.models.deit import DeiT
from vit_explorer.models.hybrid import HybridViT
from vit_explorer.models.network import Network
from vit_explorer.models.options import check_options
from vit_explorer.models.resnet import ResNet
from vit_explorer.models.swin import SwinTransformer
from vit_explorer.models.vit import ViT

Option = int | float | str | tuple[int, ...]


@dataclass(frozen=True)
class ModelSpec:
    """Constructor, options and titles of a named model, for 32 x 32 images.

    Attributes:
        title, short: what people read; the second where there is little room.
        gist: what it is, in three or four words.
    """

    build: Callable[..., Network]
    options: dict[str, Option]
    parameters: int
    title: str
    short: str
    gist: str


MODELS: dict[str, ModelSpec] = {
    "vit": ModelSpec(ViT, {}, 809_354, "ViT", "ViT", "attention to everything"),
    "vit-conv": ModelSpec(
        ViT,
        {"embedding": "conv", "pooling": "attention", "n_layers": 3, "d_ff": 256},
        482_955,
        "ViT with a convolutional stem",
        "ViT + conv stem",
        "patches by convolution",
    ),
    "deit": ModelSpec(DeiT, {}, 810_900, "DeiT", "DeiT", "ViT with a teacher"),
    "hybrid": ModelSpec(HybridViT, {}, 1_458_890, "Hybrid of CNN and ViT", "Hybrid", "a CNN, then ViT"),
    "swin": ModelSpec(SwinTransformer, {}, 929_822, "Swin", "Swin", "attention in windows"),
    "cnn": ModelSpec(ConvNet, {}, 373_386, "CNN", "CNN", "convolutions, no attention"),
}
# Built to hold other people's weights for images of 224 x 224 pixels and 1,000 classes; not offered for training.
LARGE_MODELS: dict[str, ModelSpec] = {
    "resnet": ModelSpec(ResNet, {}, 25_557_032, "ResNet-50", "ResNet-50", "convolutions, no attention")
}


def model_names() -> list[str]:
    """The names that :func:`create_model` knows."""
    return list(MODELS)


def model_spec(name: str) -> ModelSpec:
    """Spec of a named model. Raises ValueError for an unknown name."""
    spec = MODELS.get(name) or LARGE_MODELS.get(name)
    if spec is None:
        raise ValueError(f"there is no model {name!r}: choose one of {', '.join(MODELS)}")
    return spec


def create_model(name: str, **overrides: Option) -> Network:
    """A network with fresh weights, drawn from torch's global generator.

    Args:
        name: one of :func:`model_names`, or of ``LARGE_MODELS``.
        overrides: options of the network's class that replace the ones of the name.
    Raises:
        ValueError: for an unknown name, an unknown option, or sizes that cannot work.
    """
    spec = model_spec(name)
    options = {**spec.options, **overrides}
    try:
        check_options(spec.build, options)
    except ValueError as error:
        raise ValueError(f"model {name!r}: {error}") from error
    try:
        return spec.build(**options)
    except (TypeError, RuntimeError) as error:  # RuntimeError: sizes of which torch can make no tensor
        raise ValueError(f"model {name!r}: {error}") from error
