"""A hybrid: the feature map of a CNN as the sequence of tokens.

Source: Dosovitskiy et al. 2020, section 3.1, "Hybrid Architecture": the patch embedding is applied to patches of 1 x 1
of a CNN's feature map.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from vit_explorer.models.patches import ConvolutionalStem
from vit_explorer.models.vit import Pooling, ViT

Backbone = Literal["small", "resnet50"]


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions with batch norm beside a 1 x 1 shortcut.

    (B, C, H, W) -> (B, width, H, W).

    He et al. 2015, "Deep Residual Learning", figure 5, left.
    """

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(in_channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width),
        )  # fmt: skip
        self.shortcut = nn.Sequential(nn.Conv2d(in_channels, width, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.branch(x) + self.shortcut(x))


def small_backbone(in_channels: int, widths: tuple[int, ...]) -> nn.Sequential:
    """Backbone for small images: a convolution, then pooling and residual blocks.

    For each further width 2 x 2 max pooling and a residual block.
    """
    stem, *others = widths
    layers: list[nn.Module] = [
        nn.Conv2d(in_channels, stem, 3, padding=1, bias=False), nn.BatchNorm2d(stem), nn.ReLU(inplace=True),
    ]  # fmt: skip
    for before, width in zip(widths, others, strict=False):
        layers += [nn.MaxPool2d(2), ResidualBlock(before, width)]
    return nn.Sequential(*layers)


def resnet50_backbone() -> nn.Sequential:
    """torchvision's ResNet-50 without pooling and head.

    224 x 224 pixels become 7 x 7 places of 2048 channels.
    """
    from torchvision.models import resnet50  # takes seconds to import

    network = resnet50(weights=None)
    return nn.Sequential(*[part for name, part in network.named_children() if name not in ("avgpool", "fc")])


class FeatureEmbedding(ConvolutionalStem):
    """Projection of each place of a CNN's map: (B, C, H, W) -> (B, N, d_model).

    Row by row, N = rows * cols.

    Args:
        backbone: (B, C, H, W) -> (B, channels, rows, cols).
        channels: that it ends in.
        halvings: how often it halves the sides of the image, which must divide.
    """

    def __init__(self, backbone: nn.Sequential, channels: int, halvings: int, img_size: int, d_model: int) -> None:
        super().__init__()
        self.patch_size = 2**halvings
        if img_size < self.patch_size or img_size % self.patch_size:
            raise ValueError(f"this backbone halves the picture {halvings} times: {img_size} pixels cannot be")
        self.grid = (img_size // self.patch_size,) * 2
        self.backbone = backbone
        self.projection = nn.Conv2d(channels, d_model, kernel_size=1)

    def stages(self) -> list[nn.Sequential]:
        """The backbone cut after each ReLU and each residual part, then the projection."""
        found: list[nn.Sequential] = []
        layers: list[nn.Module] = []
        for layer in self.backbone:
            layers.append(layer)
            if isinstance(layer, nn.ReLU | ResidualBlock | nn.Sequential):
                found.append(nn.Sequential(*layers))
                layers = []
        return [*found, nn.Sequential(self.projection)]

    def forward(self, images: Tensor) -> Tensor:
        return self.projection(self.backbone(images)).flatten(2).transpose(1, 2)  # (B, D, rows, cols) -> (B, N, D)


class HybridViT(ViT):
    """ViT over the places of a CNN's feature map, (B, C, H, W) -> logits.

    Args:
        backbone: "small", of ``widths``, for images of 32 pixels; or "resnet50", 32 pixels to a place, as with
            224 pixels: 49 tokens of 2048 channels and CLS.
        widths: channels of the small backbone after its stem and after each residual block.
        others: as for :class:`ViT`.
    Raises:
        ValueError: if the backbone does not divide the image, or for an unknown backbone.
    """

    def __init__(
        self,
        img_size: int = 32,
        in_channels: int = 3,
        backbone: Backbone = "small",
        widths: tuple[int, ...] = (64, 128, 256),
        d_model: int = 128,
        n_heads: int = 4,
        n_layers: int = 2,
        d_ff: int = 256,
        n_classes: int = 10,
        pooling: Pooling = "cls",
        stochastic_depth: float = 0.0,
    ) -> None:
        if backbone not in get_args(Backbone):
            raise ValueError(f"backbone must be one of {', '.join(get_args(Backbone))}, not {backbone!r}")
        if backbone == "small":
            made, channels, halvings = small_backbone(in_channels, widths), widths[-1], len(widths) - 1
        else:
            made, channels, halvings = resnet50_backbone(), 2048, 5
        embedding = FeatureEmbedding(made, channels, halvings, img_size, d_model)
        super().__init__(
            img_size, embedding.patch_size, in_channels, d_model, n_heads, n_layers, d_ff, n_classes, pooling,
            stochastic_depth=stochastic_depth, patch_embedding=embedding,
        )  # fmt: skip
