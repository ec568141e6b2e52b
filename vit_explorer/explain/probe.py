"""Probe map: the evidence behind a prediction, one cheap map per image."""

from __future__ import annotations

import torch
from torch import Tensor

from vit_explorer.explain.readout import patch_readout, readout_weights
from vit_explorer.explain.targets import target_classes
from vit_explorer.explain.trace import trace
from vit_explorer.models.network import Network


@torch.no_grad()
def probe_map(model: Network, images: Tensor) -> Tensor:
    """Relative importance of each place for the prediction, (B, rows, cols).

    - Attention pooling: the weights of the pooling.
    - Global attention, head on CLS: the last layer's attention from CLS to the patches, mean over heads.
    - Global attention, head on the mean: the last layer's attention that each patch receives, mean over heads and
      queries.
    - A CNN or Swin: the summand of each place in the predicted class's logit (:meth:`Network.place_logits`), where
      positive.

    Args:
        images: (B, C, H, W), normalised.
    Raises:
        ValueError: for a CNN or Swin without a head.
    Returns:
        (B, rows, cols) of the model's grid, not negative, each summing to 1 (or all 0 where no place is positive).
    """
    traced = trace(model, images)
    if model.attention_kind != "global":
        found = model.place_logits(traced.hidden[-1], target_classes(traced.logits, None)).clamp_min(0)
    elif model.pooling == "attention":
        found = readout_weights(model, traced)[:, model.n_prefix :]
    else:
        found = patch_readout(traced.attention[-1].mean(dim=1), readout_weights(model, traced), traced).flatten(1)
    found = found.float()  # (B, N)
    return (found / found.sum(dim=1, keepdim=True).clamp_min(1e-12)).reshape(-1, *traced.grid)


def probe_words(model: Network) -> str:
    """Caption of :func:`probe_map` for a model, in a sentence."""
    if model.attention_kind != "global":
        if model.pooling == "max":
            return "The places that support its prediction: each channel's largest value times its weight."
        return "The places of its last map that support its prediction: the classifier's weights on each."
    if model.pooling == "attention":
        return "How much each patch contributes to the prediction: the weights of its attention pooling."
    if model.pooling == "cls":
        return "What CLS attends to in the last layer, mean over its heads."
    return "How much attention each patch receives in the last layer, mean over heads and patches."
