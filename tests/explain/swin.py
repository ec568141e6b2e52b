"""A Swin that is small and exact: two stages, windows that need padding at some sizes, double precision."""

import torch

from vit_explorer.models.swin import SwinTransformer


def small_swin(side: int = 16) -> SwinTransformer:
    """Fresh weights, the same each time, large enough that nothing drowns in rounding; patches of 2 pixels."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = SwinTransformer(side, 2, d_model=8, depths=(2, 2), n_heads=(2, 2), window=4, n_classes=3)
        for parameter in model.parameters():
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=0.3)
    return model.double().eval()
