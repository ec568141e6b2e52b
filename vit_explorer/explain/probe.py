"""Where a model reads its answer on a picture: one map a picture, quick enough to be taken while the model trains."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vit_explorer.explain.reading import head_reading, read_patches
from vit_explorer.explain.trace import trace
from vit_explorer.models.cnn import ConvNet
from vit_explorer.models.resnet import ResNet
from vit_explorer.models.swin import SwinTransformer
from vit_explorer.models.vit import ViT


@torch.no_grad()
def probe_map(model: nn.Module, images: Tensor) -> Tensor:
    """The share of each place in the model's answer, as :func:`probe_words` says it for this model.

    - ViT with CLS: the last layer's attention from CLS to the patches, mean over heads.
    - ViT with attention pooling: the weights of the pooling.
    - ViT with mean pooling: the last layer's attention that each patch receives, mean over heads and queries.
    - ConvNet: its head reads, of each channel, the largest value in the map. Each channel's part in the winning logit
      (value times weight) is put where it was read; the parts that speak for the class are kept.
    - ResNet: as Swin, without a norm.
    - Swin: its head reads the mean of the last map, so that the winning logit is the mean of what each place says for
      it; the places that speak for the class are kept.

    Args:
        images: (B, C, H, W) as the model wants them.
    Raises:
        ValueError: for a CNN or Swin without a head.
    Returns:
        (B, rows, cols) of the model's grid, not negative, each summing to 1 (or all 0 where nothing speaks for it).
    """
    traced = trace(model, images)
    rows, cols = traced.grid
    if not model.n_classes and not isinstance(model, ViT):
        raise ValueError(f"this {type(model).__name__} has no head: nothing in its map speaks for a class")
    if isinstance(model, ConvNet):
        shares = _read_by_channels(model, traced.hidden[-1], traced.logits)
    elif isinstance(model, ResNet | SwinTransformer):
        maps = traced.hidden[-1] if isinstance(model, ResNet) else model.norm(traced.hidden[-1])
        said = maps * model.head.weight[traced.logits.argmax(dim=1)][:, None]  # (B, N, C)
        shares = said.sum(dim=-1).clamp_min(0)
    elif isinstance(model, ViT) and model.pool is not None:
        shares = head_reading(model, traced)[:, model.n_prefix :]  # (B, N)
    elif isinstance(model, ViT):
        shares = read_patches(traced.attention[-1].mean(dim=1), head_reading(model, traced), traced).flatten(1)
    else:
        raise TypeError(f"there is no probe map for a {type(model).__name__}")
    shares = shares.float()
    return (shares / shares.sum(dim=1, keepdim=True).clamp_min(1e-12)).reshape(-1, rows, cols)


def probe_words(model: nn.Module) -> str:
    """What :func:`probe_map` shows for this model, in a sentence."""
    if isinstance(model, ConvNet):
        return "Where it reads what speaks for its answer: each channel's largest value, times its weight."
    if isinstance(model, ResNet | SwinTransformer):
        return "Which places of its last map speak for its answer: the head's weights on each."
    if isinstance(model, ViT) and model.pool is not None:
        return "How much of each patch enters the answer: the weights of its attention pooling."
    if isinstance(model, ViT) and model.pooling == "cls":
        return "Where CLS looks in the last layer, mean over its heads."
    return "How much attention each patch receives in the last layer, mean over heads and patches."


def _read_by_channels(model: ConvNet, last_map: Tensor, logits: Tensor) -> Tensor:
    """(B, H * W, C) and (B, classes) -> (B, H * W): the positive parts of the winning logit, where they were read."""
    largest, place = last_map.max(dim=1)  # (B, C) each
    parts = (largest * model.head.weight[logits.argmax(dim=1)]).clamp_min(0)  # (B, C)
    return torch.zeros_like(last_map[..., 0]).scatter_add_(1, place, parts)
