"""What others have published of the architectures on ImageNet-1k: accuracies that compare only where their resolution,
pre-training and recipe do, so each line says all three, and where it is from."""

from __future__ import annotations

from dataclasses import dataclass

TORCHVISION = "torchvision 0.29, weights {}"


@dataclass(frozen=True)
class Published:
    """One published result.

    Attributes:
        name: of the architecture.
        family: "cnn", "vit", "deit" or "swin".
        parameters: counted; where the source rounds them, as it does.
        multiply_adds: of one image at this resolution.
        top1: fraction of the 50,000 validation images of ImageNet-1k that are classified rightly.
        resolution: side of the image in pixels, when it was tested.
        pretraining: on what it had been trained before, or "none".
        recipe: how it was trained, where that sets it apart.
        source: where the numbers are from.
        weights: of torchvision that hold the same numbers, as "builder.WEIGHTS"; None where there are none.
    """

    name: str
    family: str
    parameters: int
    multiply_adds: float
    top1: float
    resolution: int
    pretraining: str
    recipe: str
    source: str
    weights: str | None = None


def _torchvision(
    name: str, family: str, parameters: int, gigas: float, percent: float, resolution: int, recipe: str, weights: str,
    pretraining: str = "none",
) -> Published:  # fmt: skip
    source = TORCHVISION.format(weights.partition(".")[2])
    return Published(
        name, family, parameters, 1e9 * gigas, percent / 100, resolution, pretraining, recipe, source, weights
    )


PUBLISHED = (
    _torchvision("ResNet-50", "cnn", 25_557_032, 4.089, 76.13, 224, "of 2015", "ResNet50_Weights.IMAGENET1K_V1"),
    _torchvision(
        "ResNet-50", "cnn", 25_557_032, 4.089, 80.858, 224, "of 2021: 600 epochs, mixup, CutMix, EMA",
        "ResNet50_Weights.IMAGENET1K_V2",
    ),
    _torchvision(
        "EfficientNet-B4", "cnn", 19_341_616, 4.394, 83.384, 380, "of the paper",
        "EfficientNet_B4_Weights.IMAGENET1K_V1",
    ),
    _torchvision(
        "ViT-B/16", "vit", 86_567_656, 17.564, 81.072, 224, "much as DeiT's, without a teacher",
        "ViT_B_16_Weights.IMAGENET1K_V1",
    ),
    Published(
        "ViT-B/16", "vit", 86_859_496, 55.484e9, 0.8397, 384, "ImageNet-21k", "fine-tuned at 384",
        "Dosovitskiy et al. 2020, table 5",
    ),
    _torchvision(
        "ViT-B/16", "vit", 86_859_496, 55.484, 85.304, 384, "fine-tuned at 384",
        "ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1", "SWAG: 3.6 billion pictures with hashtags",
    ),
    Published(
        "DeiT-B", "deit", 86_000_000, 17.6e9, 0.818, 224, "none", "without a teacher", "Touvron et al. 2021, table 5"
    ),
    Published(
        "DeiT-B distilled", "deit", 87_000_000, 17.6e9, 0.834, 224, "none", "hard distillation from a RegNetY-16GF",
        "Touvron et al. 2021, table 5",
    ),
    _torchvision("Swin-B", "swin", 87_768_224, 15.431, 83.582, 224, "of the paper", "Swin_B_Weights.IMAGENET1K_V1"),
    Published(
        "Swin-B", "swin", 88_000_000, 15.4e9, 0.852, 224, "ImageNet-22k", "fine-tuned at 224",
        "Liu et al. 2021, table 1 (b)",
    ),
)  # fmt: skip
