"""Small networks of every kind, with weights large enough that what their tokens say to each other shows."""

import torch
from torch import Tensor, nn

from vit_explorer.models import create_model

SIZES = {"img_size": 16, "patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 3, "d_ff": 24, "n_classes": 5}
NAMES = {
    "cls": ("vit", SIZES),
    "mean": ("vit", SIZES | {"pooling": "mean"}),
    "pool": ("vit-conv", SIZES),
    "conv-cls": ("vit", SIZES | {"embedding": "conv"}),
    "set": ("vit", SIZES | {"positions": "none", "pooling": "attention"}),
    "hybrid": (
        "hybrid",
        {"img_size": 16, "widths": (4, 8, 8), "d_model": 16, "n_heads": 2, "n_layers": 3, "d_ff": 24, "n_classes": 5},
    ),
    "swin": ("swin", {"img_size": 16, "d_model": 8, "depths": (2, 2), "n_heads": (2, 2), "window": 2, "n_classes": 5}),
    "cnn": ("cnn", {"img_size": 16, "widths": (4, 8), "n_classes": 5}),
}
VITS = [name for name in NAMES if name not in ("swin", "cnn")]
CONVOLUTIONAL = ["pool", "conv-cls", "hybrid", "cnn"]


def make(case: str) -> nn.Module:
    """One of NAMES in eval mode, always with the same weights."""
    name, options = NAMES[case]
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        model = create_model(name, **options)
        for parameter in model.parameters():
            parameter.add_(0.25 * torch.randn_like(parameter))
    return model.eval()


def images(n: int = 2) -> Tensor:
    """(n, 3, 16, 16), always the same ones."""
    return torch.randn(n, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def some_attention(n_layers: int = 3, batch: int = 2, heads: int = 3, n: int = 17, sharp: float = 2.0) -> list[Tensor]:
    """Rows that sum to 1, (batch, heads, n, n) for each layer."""
    generator = torch.Generator().manual_seed(2)
    scores = torch.randn(n_layers, batch, heads, n, n, generator=generator)
    return [*(sharp * scores).softmax(dim=-1)]
