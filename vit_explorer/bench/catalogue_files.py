"""Files of random weights in place of those of the catalogue: the same formats, names and sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from vit_explorer.bench.browser import APP
from vit_explorer.bench.missing import NotMeasured
from vit_explorer.models.pretrained.catalogue import pretrained_models

TIMM: dict[str, str] = {
    "deit-tiny": "deit_tiny_patch16_224",
    "deit-tiny-distilled": "deit_tiny_distilled_patch16_224",
    "deit-small": "deit_small_patch16_224",
    "dino-vit-s-16": "vit_small_patch16_224.dino",
    "dinov2-vit-s-14": "vit_small_patch14_dinov2",
    "dinov2-vit-s-14-registers": "vit_small_patch14_reg4_dinov2",
}
TORCHVISION = {
    "vit-b-16": "vit_b_16", "vit-b-32": "vit_b_32", "swin-t": "swin_t", "swin-s": "swin_s", "resnet-50": "resnet50",
}  # fmt: skip
# Starts the app with a catalogue that states no hashes: random weights have others.
UNCHECKED = (
    "-c",
    f"""
import dataclasses, sys
sys.path.insert(0, {str(APP.parent)!r})
from vit_explorer.models.pretrained import catalogue
catalogue.CATALOGUE = tuple(dataclasses.replace(one, sha256_prefix="") for one in catalogue.CATALOGUE)
from vit_explorer.ui.door import main
sys.exit(main())
""",
)


def write_catalogue(folder: Path) -> float:
    """Write a file for each network of the catalogue, under its name there; returns their size in MB of 10**6 bytes.

    Raises:
        NotMeasured: without timm.
    """
    folder.mkdir(parents=True)
    for entry in pretrained_models():
        torch.manual_seed(0)
        weights: Any = _network(entry.name).state_dict()
        torch.save({"model": weights} if entry.family == "deit" else weights, folder / entry.filename)
    return sum(file.stat().st_size for file in folder.iterdir()) / 10**6


def _network(name: str) -> torch.nn.Module:
    try:
        import timm
    except ImportError as error:
        raise NotMeasured("timm is not installed (it is in requirements-dev.txt)") from error
    import torchvision

    if name in TIMM:
        return timm.create_model(TIMM[name])
    return getattr(torchvision.models, TORCHVISION[name])()
