"""Experiment: the prediction with the trained position embeddings and with changed ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypedDict

import torch

from vit_explorer.cost.multiply_adds import checkpoint_multiply_adds
from vit_explorer.explain.ablation import changed_positions, patch_order, predict_with_positions
from vit_explorer.explain.shuffles import predict_shuffled
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.ui.core.errors import Answer, user_errors
from vit_explorer.ui.core.requests import LARGEST_SEED, ModelInput, ModelRequest, Range, check_prediction, load_input
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.watch import ShareDone, Watch
from vit_explorer.ui.positions.payload import check_positions

N_SHUFFLES = 16  # predicted, to show how much shuffles differ
UNASKED = 3 * 10**9  # multiply-adds that they may take where nobody has asked for them


@dataclass(frozen=True)
class ShufflesRequest(ModelRequest):
    """The seed of the first of N_SHUFFLES shuffles."""

    seed: Annotated[int, Range(0, LARGEST_SEED - N_SHUFFLES)]


@dataclass(frozen=True)
class ExperimentRequest(ShufflesRequest):
    """How the positions are changed, a mode of ``changed_positions``; ``seed`` is that of a shuffle."""

    mode: str


@dataclass(frozen=True)
class FollowShuffles:
    """Shuffles that are being predicted with, and the id of the page that waits for them."""

    question: ShufflesRequest
    page: str


class ExperimentPayload(TypedDict):
    """A probability per class with the ``trained`` and with the ``changed`` positions.

    For "shuffled", else None: ``order``, the position that each patch is given; ``several``, the probabilities of the
    trained prediction under ``n_shuffles`` shuffles, the requested one first, None also where they take more than
    UNASKED: then :func:`several_shuffles` has them.
    """

    mode: str
    seed: int
    classes: list[str]
    trained: list[float]
    changed: list[float]
    order: list[int] | None
    n_shuffles: int
    several: list[float] | None


class ShufflesPayload(TypedDict):
    """The probabilities of the trained prediction under N_SHUFFLES shuffles, the requested one first."""

    several: list[float]


@torch.inference_mode()
def run_experiment(session: Session, request: ExperimentRequest) -> ExperimentPayload:
    """Predict with the trained and with changed positions. Raises UserError for a model without positions."""
    seen = _load(session, request)
    checkpoint, model = seen.checkpoint, seen.checkpoint.model
    untrained = _untrained(checkpoint) if request.mode == "untrained" else None
    with user_errors():
        table = changed_positions(model.position_table, model.n_prefix, request.mode, request.seed, untrained)
    trained = session.traces.of(checkpoint, seen.images).traced.probabilities[0]
    shuffled = request.mode == "shuffled"
    several = None
    if shuffled and N_SHUFFLES * checkpoint_multiply_adds(checkpoint) <= UNASKED:
        predicted = predict_shuffled(model, seen.inputs, _seeds(request)).softmax(dim=-1)
        changed, several = predicted[0], predicted[:, trained.argmax()].tolist()
    else:
        changed = predict_with_positions(model, seen.inputs, table).softmax(dim=-1)[0]
    return {
        "mode": request.mode,
        "seed": request.seed,
        "classes": checkpoint.class_names,
        "trained": trained.tolist(),
        "changed": changed.tolist(),
        "order": patch_order(model.grid[0] * model.grid[1], request.seed).tolist() if shuffled else None,
        "n_shuffles": N_SHUFFLES,
        "several": several,
    }


@terms(long=True)
def several_shuffles(session: Session, watch: Watch, request: ShufflesRequest) -> ShufflesPayload:
    """Predict under several shuffles. Raises UserError as above, and where every page that followed it has left."""
    with watch.working(request) as progress:
        seen = _load(session, request)
        top = int(session.traces.of(seen.checkpoint, seen.images).traced.logits[0].argmax())
        logits = predict_shuffled(seen.checkpoint.model, seen.inputs, _seeds(request), progress)
    return {"several": logits.softmax(dim=-1)[:, top].tolist()}


def shuffles_progress(watch: Watch, request: FollowShuffles) -> ShareDone:
    """How far the shuffles are. The page that asks follows them until it leaves."""
    return watch.follow_share(request.question, request.page)


def leave_shuffles(watch: Watch, request: FollowShuffles) -> Answer:
    """Follow the shuffles no longer; what nobody follows is stopped."""
    watch.leave(request.question, request.page)
    return {}


def _seeds(request: ShufflesRequest) -> range:
    return range(request.seed, request.seed + N_SHUFFLES)


def _load(session: Session, request: ModelRequest) -> ModelInput:
    check_prediction(check_positions(session.checkpoint(request.model)))
    return load_input(session, request)


def _untrained(checkpoint: Checkpoint) -> torch.Tensor | None:
    epochs, tables = checkpoint.position_snapshots()
    return tables[:1] if epochs[0] == 0 and len(epochs) > 1 else None
