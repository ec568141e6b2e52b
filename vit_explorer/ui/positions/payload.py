"""What the Positions tab is sent of a model: the similarities of its position embeddings."""

from __future__ import annotations

from typing import Any, TypedDict

import torch
from torch import Tensor

from vit_explorer.explain.positions import (
    cosine_similarity,
    nearest_pairs,
    position_structure,
)
from vit_explorer.models.checkpoint import Checkpoint, CheckpointError
from vit_explorer.ui.core.arrays import Packed, pack
from vit_explorer.ui.core.errors import UserError

COSINE_SCALE = 1 / 32_767  # int16 over [-1, 1]: the error of a cosine is at most 0.000016
MAX_COSINES = 500_000  # in one payload: 1.3 MB as base64
N_PAIRS = 12


class PositionsPayload(TypedDict):
    """Position embeddings at S snapshots of the training, N tokens.

    ``similarity`` (S, N, N): cosines. ``structure``: per snapshot the fields of ``PositionStructure``. ``pairs``: per
    snapshot the N_PAIRS most similar pairs of positions.
    """

    grid: list[int]
    n_prefix: int
    epochs: list[float | None]
    similarity: Packed
    structure: list[dict[str, float]]
    pairs: list[list[dict[str, Any]]]


def positions_payload(checkpoint: Checkpoint) -> PositionsPayload:
    """Similarities of the position embeddings, from the untrained ones to the model's own."""
    model = checkpoint.model
    epochs, tables = shown_snapshots(checkpoint)
    similarities = [cosine_similarity(table) for table in tables]
    structures = [position_structure(similarity, model.grid) for similarity in similarities]
    return {
        "grid": list(model.grid),
        "n_prefix": int(model.n_prefix),
        "epochs": epochs,
        "similarity": pack(torch.stack(similarities), "int16", COSINE_SCALE),
        "structure": [vars(structure) for structure in structures],
        "pairs": [[vars(pair) for pair in nearest_pairs(s, model.grid, N_PAIRS)] for s in similarities],
    }


def shown_snapshots(checkpoint: Checkpoint) -> tuple[list[float | None], Tensor]:
    """The snapshots that the page shows and numbers: epochs and tables (S, n_prefix + N, D).

    The last entry is always the model's own table, the earlier ones were saved during training. If they are too many
    for one payload, some are left out, evenly, never the first or the last. If their file is damaged, which
    ``Session.problems`` reports, only the model's own table is returned.
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


def check_positions(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint itself. Raises UserError if its model has no position embeddings."""
    if checkpoint.model.position_table is None:
        raise UserError(f"{checkpoint.name} has no position embeddings.")
    return checkpoint
