"""Multiply-adds of a forward pass."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from vit_explorer.models.checkpoint import Checkpoint


def count_multiply_adds(model: nn.Module, img_size: int, in_channels: int = 3) -> int:
    """Multiply-adds of one forward pass of one image.

    Matrix products, convolutions and attention.

    Counted by torch's FlopCounterMode on the real network (two operations make one multiply-add); norms, activations
    and additions are left out, as is usual.
    """
    image = torch.zeros(1, in_channels, img_size, img_size, device=next(model.parameters()).device)
    was_training = model.training
    model.eval()
    # The math kernel is made of plain matrix products, which the counter knows on every device.
    with (
        torch.no_grad(),
        torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH),
        FlopCounterMode(display=False) as counter,
    ):
        model(image)
    model.train(was_training)
    return counter.get_total_flops() // 2


def checkpoint_multiply_adds(checkpoint: Checkpoint) -> int:
    """Multiply-adds of one image, as the network's card states them; counted where it does not."""
    return checkpoint.card.get("multiply_adds") or count_multiply_adds(checkpoint.model, checkpoint.model.img_size)


def with_cost(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint with a card that states its multiply-adds, so that they need not be counted again."""
    if checkpoint.card.get("multiply_adds"):
        return checkpoint
    return replace(checkpoint, card={**checkpoint.card, "multiply_adds": checkpoint_multiply_adds(checkpoint)})


def vit_multiply_adds(
    n_patches: int, patch_values: int, d_model: int, n_layers: int, d_ff: int, n_classes: int, n_prefix: int = 1
) -> dict[str, int]:
    """Multiply-adds of a ViT by formula, per part and in total, for one image.

    Args:
        patch_values: numbers in one patch, channels times its area.
    Returns:
        "embedding", "projections" (Q, K, V and output), "attention" (Q K^T and weights times V: the part that grows
        with the square of the tokens), "mlp", "head" and "total".
    """
    tokens = n_patches + n_prefix
    parts = {
        "embedding": n_patches * patch_values * d_model,
        "projections": n_layers * 4 * tokens * d_model**2,
        "attention": n_layers * 2 * tokens**2 * d_model,
        "mlp": n_layers * 2 * tokens * d_model * d_ff,
        "head": d_model * n_classes,
    }
    return parts | {"total": sum(parts.values())}
