"""Export of a contender: it becomes a model that every tab can use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from vit_explorer.data.sources import open_dataset
from vit_explorer.models.checkpoint import list_checkpoints
from vit_explorer.models.folders import EXPORTED
from vit_explorer.training.runs.checkpoint import export_checkpoint
from vit_explorer.training.runs.race import Race
from vit_explorer.training.service.service import NOT_YOURS, TrainingService
from vit_explorer.ui.core.errors import UserError, user_errors
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.train.request import RaceRequest


@dataclass(frozen=True)
class KeepRequest(RaceRequest):
    """A contender by its label, and the name that its model gets."""

    label: str
    name: str


class KeepPayload(TypedDict):
    """The name of the model."""

    model: str


def may_keep(service: TrainingService, race: Race, secret: str) -> bool:
    """Whether this visitor may keep models of a race: one of their own, or one that nobody owns."""
    return not service.limits.strangers and (race.owner is None or race.owned_by(secret))


@terms(long=True, public=False)
def keep_model(session: Session, service: TrainingService, request: KeepRequest) -> KeepPayload:
    """Export a contender as a checkpoint. Raises UserError for a name that exists, PermissionError for another's."""
    race = service.open(request.race)
    if not may_keep(service, race, request.owner):
        raise PermissionError(NOT_YOURS)
    if request.label not in race.runs:
        raise UserError(f"There is no contender {request.label[:40]!r} in this race.")
    run = race.runs[request.label]
    if request.name in list_checkpoints(session.checkpoint_folders):
        raise UserError(f"There is a model {request.name!r} already: choose another name.")
    recipe = run.recipe()
    with user_errors():
        dataset = open_dataset(recipe.data, session.data_root, img_size=recipe.img_size)
        export_checkpoint(run, request.name, service.runs_folder / EXPORTED, dataset=dataset)
    return {"model": request.name}
