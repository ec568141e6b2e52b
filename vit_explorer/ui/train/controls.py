"""Controls of a race: its status and progress, and commands to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, TypedDict

from vit_explorer.training.runs.race import Race
from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui.core.datasets import Source
from vit_explorer.ui.core.errors import user_errors
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.train.keep import may_keep
from vit_explorer.ui.train.outcome import outcome
from vit_explorer.ui.train.payload import ContenderPayload, ProbePayload, contender_payload, probe_payload, result
from vit_explorer.ui.train.request import RaceRequest

OVER = ("finished", "failed")


@dataclass(frozen=True)
class FollowRequest(RaceRequest):
    """Where the last answer ended, per contender; empty at first."""

    cursors: dict[str, int]


class StatusPayload(TypedDict):
    """The status of a race, see :meth:`TrainingService.status`."""

    state: str
    place: int | None
    reason: str | None
    activity: str | None
    seconds_before: float | None


class SettingPayload(TypedDict):
    """Classes and probe image of all contenders; None if their dataset is not open here."""

    classes: list[str] | None
    probe: ProbePayload | None


class FollowPayload(StatusPayload):
    """A race and the news of its contenders; ``keeps``: whether this visitor may keep its models.

    ``setting`` comes with the first answer only.
    """

    name: str
    title: str
    preset: str | None
    created: str
    mine: bool
    keeps: bool
    outcome: dict[str, str] | None
    contenders: list[ContenderPayload]
    setting: SettingPayload | None


@dataclass(frozen=True)
class CommandRequest(RaceRequest):
    """A command with its values, see :meth:`TrainingService.command`."""

    do: str
    what: str | None = None
    factor: float | None = None
    label: str | None = None


def follow_race(session: Session, service: TrainingService, request: FollowRequest) -> FollowPayload:
    """Report the status of a race and the news of its contenders since the last answer."""
    status = service.status(request.race)
    race = service.open(request.race)
    contenders = [
        contender_payload(
            run,
            label,
            request.cursors.get(label, 0),
            status["now"].get(label),
            session.data_name(run.recipe().data, request.owner),
        )
        for label, run in race.runs.items()
    ]
    return {
        **_status(status),
        "name": race.name,
        "title": race.title,
        "preset": race.preset,
        "created": race.created,
        "mine": race.owned_by(request.owner),
        "keeps": may_keep(service, race, request.owner),
        "outcome": _outcome(race) if status["state"] in OVER else None,
        "contenders": contenders,
        "setting": None if request.cursors else _setting(session, race, request.owner),
    }


def command_race(_: Session, service: TrainingService, request: CommandRequest) -> StatusPayload:
    """Carry out a command and report the status of the race then."""
    values = {name: value for name in ("what", "factor", "label") if (value := getattr(request, name)) is not None}
    with user_errors():
        service.command(request.race, request.owner, request.do, **values)
    return _status(service.status(request.race))


def _status(status: dict[str, Any]) -> StatusPayload:
    return {key: status[key] for key in ("state", "place", "reason", "activity", "seconds_before")}


def _outcome(race: Race) -> dict[str, str] | None:
    results = [result(label, run) for label, run in race.runs.items()]
    n_failed = sum(end is not None and end.state == "failed" for end in race.ends().values())
    told = outcome([one for one in results if one], n_failed)
    return asdict(told) if told else None


def _setting(session: Session, race: Race, secret: str) -> SettingPayload:
    recipes = list(race.recipes().values())
    source = _source_of(session, {recipe.data for recipe in recipes}, secret)
    probe = recipes[0].probe
    known = source is not None and probe < len(source.test.y) and all(recipe.probe == probe for recipe in recipes)
    return {
        "classes": list(source.names) if source else None,
        "probe": probe_payload(source, probe) if known and source else None,
    }


def _source_of(session: Session, data: set[str], secret: str) -> Source | None:
    """The dataset that all contenders learn from, if the page has it and this visitor may see it."""
    name = session.datasets.name_of(data.pop()) if len(data) == 1 else None
    brought = [name] if name and session.owns(name, secret) else []
    usable = {source.name: source for source in session.datasets.usable(brought=brought).sources}
    return usable.get(name) if name else None
