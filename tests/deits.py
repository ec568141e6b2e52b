"""A DeiT of few weights with a CNN as its teacher, both untrained but far from even, that know the drawn shapes."""

from __future__ import annotations

from pathlib import Path

import torch

from vit_explorer.data.shapes import CLASS_NAMES
from vit_explorer.models import create_model, save_checkpoint

DEIT, TEACHER, PLAIN = "deit-test", "cnn-test", "vit-test"
SIZES = {
    DEIT: ("deit", {"d_model": 16, "n_heads": 2, "n_layers": 2, "d_ff": 16}),
    TEACHER: ("cnn", {"widths": (4, 8)}),
    PLAIN: ("vit", {"d_model": 16, "n_heads": 2, "n_layers": 2, "d_ff": 16}),
}


def save_deits(
    folder: Path, teacher: str = TEACHER, names: tuple[str, ...] = tuple(SIZES), data: str = "shapes"
) -> None:
    """The checkpoints of these names; the DeiT's card says that ``teacher`` taught it, all cards name the data."""
    torch.manual_seed(3)
    for name, (architecture, overrides) in SIZES.items():
        model = create_model(architecture, **overrides)
        with torch.no_grad():
            for weights in model.parameters():
                weights.add_(0.3 * torch.randn_like(weights))
        card = {
            "model": architecture,
            "overrides": overrides,
            "dataset": {"name": data, "classes": list(CLASS_NAMES)},
            "normalise": {"mean": [120.0] * 3, "std": [60.0] * 3},
            "recipe": {"epochs": 1, "teacher": teacher if architecture == "deit" else ""},
        }
        if name in names:
            save_checkpoint(model, card, name, folder)
