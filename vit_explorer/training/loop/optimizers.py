"""Which optimiser moves which weights."""

from __future__ import annotations

import torch
from torch import nn

from vit_explorer.training.loop.recipe import Recipe

BETAS = (0.9, 0.999)


def make_optimizers(model: nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """One optimiser, or two with "muon"; each parameter of the model is moved by one of them."""
    if recipe.optimizer == "adam":
        return [torch.optim.Adam(model.parameters(), recipe.lr, BETAS, weight_decay=recipe.weight_decay, fused=True)]
    named = dict(model.named_parameters())
    for_muon = {name for name in named if recipe.optimizer == "muon" and _is_block_matrix(name, named[name])}
    others = [named[name] for name in named if name not in for_muon]
    matrices = [parameter for name, parameter in named.items() if name not in for_muon and name.endswith("weight")]
    matrices = [parameter for parameter in matrices if parameter.ndim > 1]
    decayed = {id(parameter) for parameter in matrices}
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": [parameter for parameter in others if id(parameter) not in decayed], "weight_decay": 0.0},
    ]
    optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, recipe.lr, BETAS, fused=True)]
    if for_muon:
        blocks = [named[name] for name in sorted(for_muon)]
        optimizers.append(
            torch.optim.Muon(blocks, recipe.lr, weight_decay=recipe.weight_decay, adjust_lr_fn="match_rms_adamw")
        )
    return optimizers


def _is_block_matrix(name: str, parameter: nn.Parameter) -> bool:
    """A linear layer's weight inside of a ViT's blocks, or of Swin's stages and mergings; convolutions are not."""
    return name.startswith(("blocks.", "stages.", "mergings.")) and name.endswith(".weight") and parameter.ndim == 2
