"""Networks that their authors offer for download: where they are, under which licence, how good they are.

Sources: the weights' metadata in torchvision 0.29, and the READMEs of DeiT, DINO and DINOv2.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.models.pretrained.report import Preprocessing

DEIT = "https://dl.fbaipublicfiles.com/deit/"
DINO = "https://dl.fbaipublicfiles.com/dino/"
DINOV2 = "https://dl.fbaipublicfiles.com/dinov2/dinov2_vits14/"
TORCHVISION = "https://download.pytorch.org/models/"

LVD = "LVD-142M: 142 million images without labels"
APACHE, BSD = "Apache-2.0", "BSD-3-Clause"
DEIT_CROP = Preprocessing(resize=248, interpolation="bicubic")  # 224 / 0.9, rounded down, as in timm
DINO_CROP = Preprocessing(resize=256, interpolation="bicubic")


@dataclass(frozen=True)
class PretrainedModel:
    """A network of the catalogue.

    Attributes:
        name: short, for commands and links.
        title: for people.
        family: "vit", "deit", "swin" or "cnn".
        source: who offers the weights.
        url: of the file.
        sha256_prefix: the first digits of the file's SHA-256, which its name carries; "" where the authors state none.
        megabytes: of the file, 10**6 bytes each.
        top1: fraction of ImageNet's validation images classified rightly; None for a network without a head.
        knn: the same for a k-NN on the vectors of a network without a head.
        img_size, preprocessing: of the images with which the accuracy was measured.
        n_classes: 0 for a network without a head.
        epochs: of training; None where the authors count otherwise.
    data: the images that it was trained on.
    """

    name: str
    title: str
    family: str
    source: str
    url: str
    sha256_prefix: str
    megabytes: float
    licence: str
    top1: float | None
    preprocessing: Preprocessing
    n_classes: int = 1000
    knn: float | None = None
    epochs: int | None = None
    data: str = "ImageNet-1k"

    @property
    def img_size(self) -> int:
        """Side of the images in pixels."""
        return self.preprocessing.crop

    @property
    def filename(self) -> str:
        """The name of the file, under which torch.hub keeps it too."""
        return PurePosixPath(self.url).name


def _deit(name: str, title: str, file: str, megabytes: float, top1: float) -> PretrainedModel:
    return PretrainedModel(
        name, title, "deit", "DeiT's authors", f"{DEIT}{file}.pth", _hash_in(file), megabytes, APACHE, top1, DEIT_CROP,
        epochs=300,
    )  # fmt: skip


def _torchvision(
    name: str, title: str, family: str, file: str, megabytes: float, top1: float, crop: Preprocessing, epochs: int
) -> PretrainedModel:
    return PretrainedModel(
        name, title, family, "torchvision", f"{TORCHVISION}{file}.pth", _hash_in(file), megabytes, BSD, top1, crop,
        epochs=epochs,
    )  # fmt: skip


def _hash_in(file: str) -> str:
    return file.rpartition("-")[2]


def _bilinear(resize: int) -> Preprocessing:
    return Preprocessing(resize=resize, interpolation="bilinear")


def _bicubic(resize: int) -> Preprocessing:
    return Preprocessing(resize=resize, interpolation="bicubic")


CATALOGUE: tuple[PretrainedModel, ...] = (
    _deit("deit-tiny", "DeiT-Tiny", "deit_tiny_patch16_224-a1311bcf", 22.9, 0.722),
    _deit("deit-tiny-distilled", "DeiT-Tiny distilled", "deit_tiny_distilled_patch16_224-b40b3cf7", 23.7, 0.745),
    _deit("deit-small", "DeiT-Small", "deit_small_patch16_224-cd65a155", 88.2, 0.799),
    _torchvision("vit-b-16", "ViT-B/16", "vit", "vit_b_16-c867db91", 346.3, 0.81072, _bilinear(256), 300),
    _torchvision("vit-b-32", "ViT-B/32", "vit", "vit_b_32-d86f8d99", 353.0, 0.75912, _bilinear(256), 300),
    _torchvision("swin-t", "Swin-T", "swin", "swin_t-704ceda3", 113.4, 0.81474, _bicubic(232), 300),
    _torchvision("swin-s", "Swin-S", "swin", "swin_s-5e29d889", 199.0, 0.83196, _bicubic(246), 300),
    PretrainedModel(
        "dino-vit-s-16", "DINO ViT-S/16", "vit", "DINO's authors",
        f"{DINO}dino_deitsmall16_pretrain/dino_deitsmall16_pretrain.pth", "", 86.7, APACHE, None, DINO_CROP, 0, 0.745,
        800, "ImageNet-1k without labels",
    ),
    PretrainedModel(
        "dinov2-vit-s-14", "DINOv2 ViT-S/14", "vit", "DINOv2's authors", f"{DINOV2}dinov2_vits14_pretrain.pth", "",
        88.3, APACHE, None, DINO_CROP, 0, 0.79, None, LVD,
    ),
    PretrainedModel(
        "dinov2-vit-s-14-registers", "DINOv2 ViT-S/14 with registers", "vit", "DINOv2's authors",
        f"{DINOV2}dinov2_vits14_reg4_pretrain.pth", "", 88.3, APACHE, None, DINO_CROP, 0, 0.791, None, LVD,
    ),
    _torchvision("resnet-50", "ResNet-50", "cnn", "resnet50-11ad3fa6", 102.5, 0.80858, _bilinear(232), 600),
)  # fmt: skip


def pretrained_models() -> tuple[PretrainedModel, ...]:
    """All networks of the catalogue, the default first."""
    return CATALOGUE


def find_pretrained(name: str) -> PretrainedModel:
    """The network of this name. Raises CheckpointError, which lists the names."""
    for entry in CATALOGUE:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in CATALOGUE)
    raise CheckpointError(f"There is no pretrained network {name!r}: choose one of {known}.")
