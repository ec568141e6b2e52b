"""How much one shuffle says: the prediction of one image under several shuffles of its positions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vit_explorer.explain.ablation import changed_positions, predict_with_positions
from vit_explorer.explain.costs import Progress, batches
from vit_explorer.models.network import Network


@torch.no_grad()
def predict_shuffled(model: Network, image: Tensor, seeds: Sequence[int], progress: Progress | None = None) -> Tensor:
    """Predict with the positions shuffled by each seed, (seeds, classes) logits.

    Args:
        image: (1, C, H, W) as the model wants it.
        seeds: see :func:`~vit_explorer.explain.ablation.patch_order`.
        progress: is called before each batch; what it raises ends the work.
    Raises:
        ValueError: if the model has no learned position embeddings.
    """
    table = model.position_table
    if table is None:
        raise ValueError(f"a {type(model).__name__} has no learned position embeddings")
    tables = torch.cat([changed_positions(table, model.n_prefix, "shuffled", seed) for seed in seeds])
    return torch.cat([predict_with_positions(model, image, part) for part in batches(tables, image, progress)])
