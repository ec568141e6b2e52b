"""How faithful the map on a card is: its deletion and insertion beside those of random maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import torch

from vit_explorer.explain.explanations import yardstick_maps
from vit_explorer.explain.faithfulness import Curve, both_curves, usual_steps
from vit_explorer.ui.compare.picture import CompareRequest, map_of
from vit_explorer.ui.core.errors import Answer
from vit_explorer.ui.core.requests import check_prediction
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.watch import ShareDone, Watch

N_RANDOM = 4  # random maps, as in Explain


@dataclass(frozen=True)
class FollowScore:
    """A score that is being measured, and the id of the page that waits for it."""

    question: CompareRequest
    page: str


class MapArea(TypedDict):
    """The area under a curve of the map, and the lowest and highest of random maps."""

    area: float
    low: float
    high: float


class MapScorePayload(TypedDict):
    """Both areas of one model's map; of ``deletion`` the lower is the better one, of ``insertion`` the higher."""

    deletion: MapArea
    insertion: MapArea


@terms(long=True)
def score_map(session: Session, watch: Watch, request: CompareRequest) -> MapScorePayload:
    """Score the map of one model, erased to a blurred image. Raises UserError where every page has left."""
    with watch.working(request) as progress:
        checkpoint = check_prediction(session.checkpoint(request.model))
        mapped = map_of(session.picture(request.picture), checkpoint, request.fit, request.target)
        model, target = checkpoint.model, int(mapped.passed.target[0])
        importance = torch.cat([mapped.values[None], yardstick_maps(model.grid, N_RANDOM)])
        steps = usual_steps(model)
        deletion, insertion = both_curves(model, mapped.inputs, importance, target, "blurred", steps, progress)
    return {"deletion": _area(deletion), "insertion": _area(insertion)}


def _area(curve: Curve) -> MapArea:
    own, *random = curve.area.tolist()
    return {"area": own, "low": min(random), "high": max(random)}


def score_progress(watch: Watch, request: FollowScore) -> ShareDone:
    """How far a score is. The page that asks follows it until it leaves."""
    return watch.follow_share(request.question, request.page)


def leave_score(watch: Watch, request: FollowScore) -> Answer:
    """Follow a score no longer; what nobody follows is stopped."""
    watch.leave(request.question, request.page)
    return {}
