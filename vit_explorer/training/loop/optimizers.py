"""Which optimiser moves which weights."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from vit_explorer.training.loop.recipe import Recipe

BETAS = (0.9, 0.999)


def make_optimizers(model: nn.Module, recipe: Recipe, lr: Tensor | None = None) -> list[torch.optim.Optimizer]:
    """One optimizer, or two with "muon"; each parameter of the model belongs to one of them.

    Args:
        lr: a tensor on the model's GPU that holds the rate; with it a CUDA graph can hold the optimisers' steps.
    """
    graphed = lr is not None
    rate: Any = recipe.lr if lr is None else lr  # torch's optimisers take tensors, their annotations do not all say so
    options: dict[str, Any] = {"betas": BETAS, "fused": True, "capturable": graphed}
    if recipe.optimizer == "adam":
        return [torch.optim.Adam(model.parameters(), rate, weight_decay=recipe.weight_decay, **options)]
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
    optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, rate, **options)]
    if for_muon:
        blocks = [named[name] for name in sorted(for_muon)]
        muon = BatchedMuon if graphed else torch.optim.Muon
        optimizers.append(muon(blocks, rate, weight_decay=recipe.weight_decay, adjust_lr_fn="match_rms_adamw"))
    return optimizers


class BatchedMuon(torch.optim.Muon):
    """torch's Muon on all matrices of one shape at once, with a rate that may be a tensor on the device.

    The state is that of ``torch.optim.Muon``. Needs ``adjust_lr_fn="match_rms_adamw"`` and Nesterov's momentum, the
    default; every parameter must have a gradient.
    """

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[nn.Parameter]] = {}
            for parameter in group["params"]:
                by_shape.setdefault(parameter.shape, []).append(parameter)
            for shape, parameters in by_shape.items():
                self._move(group, shape, parameters)
        return None if closure is None else closure()

    def _move(self, group: dict[str, Any], shape: torch.Size, parameters: list[nn.Parameter]) -> None:
        lr, momentum = group["lr"], group["momentum"]
        for parameter in parameters:
            if "momentum_buffer" not in self.state[parameter]:
                self.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        buffers = [self.state[parameter]["momentum_buffer"] for parameter in parameters]
        weights = [parameter.data for parameter in parameters]
        gradients = torch.stack([parameter.grad for parameter in parameters if parameter.grad is not None])
        torch._foreach_lerp_(buffers, list(gradients.unbind()), 1 - momentum)
        updates = orthogonalised(
            gradients.lerp(torch.stack(buffers), momentum), group["ns_coefficients"], group["ns_steps"], group["eps"]
        )
        rate = lr * (0.2 * math.sqrt(max(shape)))  # an update's RMS is then about that of AdamW
        torch._foreach_mul_(weights, 1 - lr * group["weight_decay"])
        torch._foreach_sub_(weights, list((updates.float() * rate).unbind()))


def orthogonalised(
    matrices: Tensor, coefficients: tuple[float, float, float], steps: int, smallest_norm: float
) -> Tensor:
    """Bring the singular values of each matrix near 1 by Newton-Schulz steps, (M, rows, cols) -> the same, bfloat16.

    Source: Jordan 2024, "Muon: An optimizer for hidden layers in neural networks".
    """
    a, b, c = coefficients
    x = matrices.bfloat16()
    upright = x.shape[1] > x.shape[2]
    x = x.transpose(1, 2) if upright else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=smallest_norm)
    for _ in range(steps):
        gram = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.transpose(1, 2) if upright else x


def _is_block_matrix(name: str, parameter: nn.Parameter) -> bool:
    """Whether it is the weight of a linear layer in a ViT's blocks or in Swin's stages and mergings."""
    return name.startswith(("blocks.", "stages.", "mergings.")) and name.endswith(".weight") and parameter.ndim == 2
