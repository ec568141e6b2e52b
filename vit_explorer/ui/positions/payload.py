"""What the Positions tab draws of a model: the similarities of its position embeddings, and what they show."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from vit_explorer.explain.positions import (
    cosine_similarity,
    nearest_pairs,
    position_structure,
)
from vit_explorer.models.zoo import Checkpoint, CheckpointError
from vit_explorer.ui.core.arrays import pack

COSINE_SCALE = 1 / 32_767  # int16 over [-1, 1]: the error of a cosine is at most 0.000016
MAX_COSINES = 500_000  # in one payload: 1.3 MB as base64
N_PAIRS = 12


def positions_payload(checkpoint: Checkpoint) -> dict[str, Any]:
    """Similarities of the position embeddings, from the untrained ones to the model's own, and what they show."""
    model = checkpoint.model
    epochs, tables = shown_snapshots(checkpoint)
    similarities = [cosine_similarity(table) for table in tables]
    structures = [position_structure(similarity, model.grid) for similarity in similarities]
    return {
        "grid": list(model.grid),
        "n_prefix": model.n_prefix,
        "epochs": epochs,
        "similarity": pack(torch.stack(similarities), "int16", COSINE_SCALE),
        "structure": [vars(structure) for structure in structures],
        "pairs": [[vars(pair) for pair in nearest_pairs(s, model.grid, N_PAIRS)] for s in similarities],
    }


def shown_snapshots(checkpoint: Checkpoint) -> tuple[list[float], Tensor]:
    """The snapshots that the page shows, by whose places it asks for them: epochs and (S, n_prefix + N, D).

    The last entry is always the model's own table, the earlier ones were kept while it trained. Where they would be
    too many for one payload some are left out, evenly, never the first or the last; where their file is damaged, which
    ``Session.problems`` says, the model's own table stands alone.
    """
    try:
        epochs, tables = checkpoint.position_snapshots()
    except CheckpointError:
        epoch, own = checkpoint.trained_positions()
        return [epoch], own
    affordable = max(2, MAX_COSINES // tables.shape[1] ** 2)
    if len(epochs) <= affordable:
        return epochs, tables
    kept = torch.linspace(0, len(epochs) - 1, affordable).round().long()
    return [epochs[i] for i in kept], tables[kept]
