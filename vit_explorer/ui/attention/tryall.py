"""Try all: what each patch and each head costs when it alone goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import torch
from torch import Tensor

from vit_explorer.explain.costs import Tried, without_heads, without_patches
from vit_explorer.explain.erasing import Baseline
from vit_explorer.explain.faithfulness import PATCHES_EACH
from vit_explorer.models.network import Network
from vit_explorer.ui.core.arrays import Packed, pack
from vit_explorer.ui.core.errors import Answer
from vit_explorer.ui.core.requests import ModelRequest, check_prediction, load_input
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.watch import ShareDone, Watch

MOST_SQUARES = 64  # that are tried of a large network


@dataclass(frozen=True)
class TryRequest(ModelRequest):
    """What replaces an erased patch."""

    baseline: Baseline


@dataclass(frozen=True)
class FollowTry:
    """A request that is being worked on, and the id of the page that waits for it."""

    question: TryRequest
    page: str


class TryPayload(TypedDict):
    """Probability that the predicted class (``target``, ``probability``) loses, below 0 where it gains.

    ``patches`` (rows, cols) of squares of ``side`` patches; ``heads`` (layers, heads), None where there are none.
    ``patches_turn`` and ``heads_turn``: those without which the model gives another answer, each as its two indices
    and that answer.
    """

    target: int
    probability: float
    side: int
    patches: Packed
    heads: Packed | None
    patches_turn: list[list[int]]
    heads_turn: list[list[int]]


@terms(long=True)
def try_all(session: Session, watch: Watch, request: TryRequest) -> TryPayload:
    """Take away each patch and each head alone. Raises UserError where every page that followed it has left."""
    with watch.working(request) as progress:
        seen = load_input(session, request)
        model = check_prediction(seen.checkpoint).model
        with torch.inference_mode():
            probabilities = model(seen.inputs).softmax(dim=-1)[0]
        target, side = int(probabilities.argmax()), square_side(model)
        n_squares = model.grid[0] * model.grid[1] // side**2
        blocks = model.residual_blocks if model.attention_kind == "global" else ()
        n_heads = len(blocks) * blocks[0].attention.n_heads if blocks else 0
        share = n_squares / (n_squares + n_heads)  # of the passes that are the patches'
        patches = without_patches(
            model, seen.inputs, request.baseline, side, lambda at: progress(Tried(at.share * share))
        )
        heads = None
        if blocks:
            heads = without_heads(model, seen.inputs, lambda at: progress(Tried(share + at.share * (1 - share))))
    return {
        "target": target,
        "probability": float(probabilities[target]),
        "side": side,
        "patches": pack(probabilities[target] - patches[..., target]),
        "heads": None if heads is None else pack(probabilities[target] - heads[..., target]),
        "patches_turn": turns(patches, target),
        "heads_turn": [] if heads is None else turns(heads, target),
    }


def turns(without: Tensor, target: int) -> list[list[int]]:
    """Where the answer is not ``target``: two indices and the answer; ``without`` (m, n, classes) probabilities."""
    answers = without.argmax(dim=-1)
    return [[i, j, int(answers[i, j])] for i, j in (answers != target).nonzero().tolist()]


def square_side(model: Network) -> int:
    """How many patches a side go together: one in a small network, in others so many that MOST_SQUARES suffice."""
    rows, cols = model.grid
    if max(rows * cols, model.img_size) <= PATCHES_EACH:
        return 1
    sides = [side for side in range(1, min(rows, cols) + 1) if rows % side == cols % side == 0]
    return next(side for side in sides if rows * cols // side**2 <= MOST_SQUARES or side == sides[-1])


def try_progress(watch: Watch, request: FollowTry) -> ShareDone:
    """How far the passes are. The page that asks follows them until it leaves."""
    return watch.follow_share(request.question, request.page)


def leave_try(watch: Watch, request: FollowTry) -> Answer:
    """Follow the passes no longer; what nobody follows is stopped."""
    watch.leave(request.question, request.page)
    return {}
