"""Experiment: the prediction with the trained position embeddings and with changed ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypedDict

import torch

from vit_explorer.explain.ablation import changed_positions, patch_order, predict_with_positions
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.core.errors import user_errors
from vit_explorer.ui.core.requests import LARGEST_SEED, ModelRequest, Range, check_prediction, load_input
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.positions.payload import check_positions

N_SHUFFLES = 16  # predicted in one batch, to show how much shuffles differ


@dataclass(frozen=True)
class ExperimentRequest(ModelRequest):
    """How the positions are changed, a mode of ``changed_positions``; ``seed`` is that of a shuffle."""

    mode: str
    seed: Annotated[int, Range(0, LARGEST_SEED - N_SHUFFLES)]


class ExperimentPayload(TypedDict):
    """A probability per class with the ``trained`` and with the ``changed`` positions.

    For "shuffled", else None: ``order``, the position that each patch is given; ``several``, the probabilities of the
    trained prediction under N_SHUFFLES shuffles, the requested one first.
    """

    mode: str
    seed: int
    classes: list[str]
    trained: list[float]
    changed: list[float]
    order: list[int] | None
    several: list[float] | None


@torch.inference_mode()
def run_experiment(session: Session, request: ExperimentRequest) -> ExperimentPayload:
    """Predict with the trained and with changed positions. Raises UserError for a model without positions."""
    checkpoint = check_positions(session.checkpoint(request.model))
    model, mode, seed = check_prediction(checkpoint).model, request.mode, request.seed
    inputs = load_input(session, request).inputs
    shuffled = mode == "shuffled"
    untrained = _untrained(checkpoint) if mode == "untrained" else None
    with user_errors():
        tables = [
            changed_positions(model.position_table, model.n_prefix, mode, seed + extra, untrained)
            for extra in range(N_SHUFFLES if shuffled else 1)
        ]
    trained = model(inputs)[0].softmax(dim=-1)
    changed = predict_with_positions(model, inputs, torch.cat(tables)).softmax(dim=-1)
    n_patches = model.grid[0] * model.grid[1]
    return {
        "mode": mode,
        "seed": seed,
        "classes": checkpoint.class_names,
        "trained": trained.tolist(),
        "changed": changed[0].tolist(),
        "order": patch_order(n_patches, seed).tolist() if shuffled else None,
        "several": changed[:, trained.argmax()].tolist() if shuffled else None,
    }


def _untrained(checkpoint: Checkpoint) -> torch.Tensor | None:
    epochs, tables = checkpoint.position_snapshots()
    return tables[:1] if epochs[0] == 0 and len(epochs) > 1 else None
