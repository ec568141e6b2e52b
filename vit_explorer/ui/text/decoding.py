"""Beam search as a tree, and sequences on which greedy decoding and beam search differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypedDict

import numpy as np

from vit_explorer.text import KVCache, beam_search, find_disagreement
from vit_explorer.ui.core.arrays import Packed, pack
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.requests import LARGEST_SEED, Range
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.text.networks import NAMES, SequenceRequest, TaskRequest, TextNetworks

WIDEST = 8  # beam
UNSURE = (3, 2, 1)  # epochs at which the network still hesitates, the best one first
KEPT, FINISHED, GREEDY = 1, 2, 4  # bits of a hypothesis


@dataclass(frozen=True, kw_only=True)
class BeamRequest(SequenceRequest):
    """A sequence, the epoch of the network that reads it, and the width of the beam."""

    epoch: int
    width: Annotated[int, Range(1, WIDEST)]


@dataclass(frozen=True, kw_only=True)
class DifferenceRequest(TaskRequest):
    """The width of the beam, and the seed of the sequences to be tried."""

    width: Annotated[int, Range(2, WIDEST)]
    seed: Annotated[int, Range(0, LARGEST_SEED)]


class BeamPayload(TypedDict):
    """A beam search with every hypothesis, each a place in all arrays; see :class:`Hypothesis`.

    ``parent``: -1 at the first step. ``own``: log-probability of the token; ``sum``: of the whole path. ``bits``: KEPT,
    FINISHED, GREEDY. ``ranking``, ``scores``, ``outputs``: of the outputs, best first. ``greedy``: the hypotheses that
    greedy decoding takes, as far as the search follows them.
    """

    text: str
    epoch: int
    width: int
    parent: Packed
    step: Packed
    token: Packed
    own: Packed
    sum: Packed
    bits: Packed
    ranking: list[int]
    scores: list[float]
    outputs: list[str]
    greedy: list[int]


class DifferencePayload(TypedDict):
    """A sequence on which greedy decoding and beam search differ, after so many tried."""

    text: str
    epoch: int
    tried: int


def beam_payload(networks: TextNetworks, request: BeamRequest) -> BeamPayload:
    """Search for outputs of a sequence."""
    checkpoint, model, source = networks.snapshot(request, request.epoch)
    (found,) = beam_search(model, source, request.width, cache=KVCache())
    every = found.hypotheses

    def column(name: str, dtype: str) -> Packed:
        return pack(np.array([getattr(hypothesis, name) for hypothesis in every]), dtype)

    bits = [KEPT * one.kept + FINISHED * one.finished + GREEDY * one.greedy for one in every]
    return {
        "text": checkpoint.task.write(source[0].tolist()),
        "epoch": request.epoch,
        "width": request.width,
        "parent": pack(np.array([-1 if one.parent is None else one.parent for one in every]), "int16"),
        "step": column("step", "uint8"),
        "token": column("token", "uint8"),
        "own": column("token_log_probability", "float32"),
        "sum": column("log_probability", "float32"),
        "bits": pack(np.array(bits), "uint8"),
        "ranking": list(found.ranking),
        "scores": list(found.scores),
        "outputs": [checkpoint.task.write(found.tokens(number)) for number in found.ranking],
        "greedy": [one.number for one in found.greedy_path],
    }


@terms(long=True)
def find_difference(networks: TextNetworks, request: DifferenceRequest) -> DifferencePayload:
    """Find a sequence on which greedy decoding and beam search differ, in a network early in its training.

    Raises:
        UserError: if they agree on all sequences tried.
    """
    checkpoint, snapshots = networks.load(NAMES[request.task][0])
    for epoch in UNSURE:
        found = find_disagreement(snapshots[epoch], checkpoint.task, request.width, request.seed)
        if found is not None:
            return {"text": checkpoint.task.write(found.source[0].tolist()), "epoch": epoch, "tried": found.tried}
    raise UserError(f"Greedy decoding and a beam of {request.width} agree on all sequences tried: try once more.")
