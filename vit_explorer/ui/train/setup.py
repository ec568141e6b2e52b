"""Set-up of a race: what can be chosen, the contenders of a preset, and the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict, get_args

from vit_explorer.models.checkpoint import list_cards
from vit_explorer.training.loop.looks import plan_looks
from vit_explorer.training.runs.errors import RunError
from vit_explorer.training.runs.pace import Basis, estimate, read_paces, work_of
from vit_explorer.training.runs.race import Race
from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui.core.errors import user_errors
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.train.choices import FIELDS, chosen_recipes, offered, plan, source_payload
from vit_explorer.ui.train.own import open_own, own_names
from vit_explorer.ui.train.payload import latest_accuracy, recipe_payload
from vit_explorer.ui.train.request import OwnerRequest, parse_contender

BASES = get_args(Basis)  # from the best known to the least


class RaceLine(TypedDict):
    """A race in the list; per contender its label, recipe and latest test accuracy."""

    name: str
    title: str
    created: str
    mine: bool
    state: str
    contenders: list[dict[str, Any]]


@dataclass(frozen=True)
class PlanRequest(OwnerRequest):
    """A preset on a dataset; None stands for the preset's own number of images or epochs."""

    preset: str
    data: str
    subset: int | None
    epochs: int | None


class PlanPayload(TypedDict):
    """The contenders, each with its label and its recipe."""

    contenders: list[dict[str, Any]]


@dataclass(frozen=True)
class StartRequest(OwnerRequest):
    """A race; each contender has a label, a model and the fields of its recipe. ``probe``: a test image to watch."""

    title: str
    preset: str
    data: str
    probe: int
    contenders: tuple[dict[str, Any], ...]


class StartPayload(TypedDict):
    """The name of the race."""

    race: str


class EstimatePayload(TypedDict):
    """Seconds of a race in turns: ``start`` to the first steps, ``training``, and ``looks``: evaluation and snapshots.

    ``basis``: as of :class:`Estimate`, that of the contender that is known least. ``at``: when the oldest of the
    measurements behind it was made, in seconds since 1970; None where nothing was measured.
    """

    start: float
    training: float
    looks: float
    basis: Basis
    at: float | None


def describe_lobby(session: Session, service: TrainingService, request: OwnerRequest) -> dict[str, Any]:
    """List what can be chosen (see :func:`offered`), the datasets, and the saved races, the newest first."""
    data = session.datasets.usable(brought=own_names(session, request.owner))
    cards, unreadable = list_cards(session.checkpoint_folders)
    kept = service.limits.days
    told = [] if kept is None else [f"Races are removed {24 * kept:g} hours after they were last trained."]
    races, damaged = service.races(request.owner)
    lines = []
    for race in races:
        try:
            lines.append(_race_line(session, service, race, request.owner))
        except RunError as error:  # deleted or damaged meanwhile
            damaged.append(str(error))
    return {
        **offered(service.devices.names),
        "datasets": [source_payload(source, cards) for source in data.sources],
        "races": lines,
        "at_once": service.at_once,
        "brings": session.brought is not None,
        "keeps": not service.limits.strangers,
        "problems": [*filter(None, [service.devices.problem]), *data.problems, *unreadable, *damaged, *told],
    }


def plan_race(session: Session, service: TrainingService, request: PlanRequest) -> PlanPayload:
    """List the contenders that a preset makes of a dataset."""
    source = open_own(session, request.data, request.owner)
    return {"contenders": plan(source, request.preset, request.subset, request.epochs, service.devices.names[0])}


@terms(counted="races")
def start_race(session: Session, service: TrainingService, request: StartRequest) -> StartPayload:
    """Create a race and submit it to the training service. Raises UserError with the range of a wrong value."""
    source = open_own(session, request.data, request.owner)
    cards, _ = list_cards(session.checkpoint_folders)
    contenders = [parse_contender(one, FIELDS) for one in request.contenders]
    folders, devices = session.checkpoint_folders, service.devices.names
    recipes = chosen_recipes(source, contenders, request.probe, cards, folders, devices)
    with user_errors():
        race = service.start(recipes, source.n_train, title=request.title, preset=request.preset, secret=request.owner)
    return {"race": race.name}


@terms(anew=True)
def estimate_race(session: Session, service: TrainingService, request: StartRequest) -> EstimatePayload:
    """Estimate how long a race would take, by what this machine measured last. Raises UserError as the start does."""
    source = open_own(session, request.data, request.owner)
    cards, _ = list_cards(session.checkpoint_folders)
    contenders = [parse_contender(one, FIELDS) for one in request.contenders]
    recipes = chosen_recipes(
        source, contenders, request.probe, cards, session.checkpoint_folders, service.devices.names
    )
    paces = read_paces(race.path for race in service.races()[0])
    sizes = {"img_size": source.test.x.shape[-1], "n_classes": len(source.names)}
    found = []
    for recipe in recipes.values():
        n_validation = round(recipe.validation * source.n_train)
        n_train = min(recipe.subset or source.n_train, source.n_train - n_validation)
        looks = plan_looks(recipe, n_train, n_validation, len(source.test.y))
        with user_errors():
            work = work_of(recipe, {**sizes, **recipe.overrides})
        found.append(estimate(recipe, work, looks, recipe.epochs * n_train, paces))
    worst = max((one.basis for one in found), key=BASES.index)
    when = [one.at for one in found if one.at is not None]
    return {
        "start": sum(one.start for one in found),
        "training": sum(one.training for one in found),
        "looks": sum(one.looks for one in found),
        "basis": worst,
        "at": min(when) if when and worst != "rough" else None,
    }


def _race_line(session: Session, service: TrainingService, race: Race, secret: str) -> RaceLine:
    return {
        "name": race.name,
        "title": race.title,
        "created": race.created,
        "mine": race.owned_by(secret),
        "state": service.status(race.name)["state"],
        "contenders": [
            {
                "label": label,
                "recipe": recipe_payload(recipe, session.data_name(recipe.data, secret)),
                "test_accuracy": latest_accuracy(race.runs[label]),
            }
            for label, recipe in race.recipes().items()
        ],
    }
