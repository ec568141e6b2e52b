"""Shelf: saved races renamed, deleted, and written to files; the commands that repeat them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypedDict

from vit_explorer.figures.curves import Curve, curves_figure
from vit_explorer.training.runs.export import accuracy_points, caption, command_line, curves_csv
from vit_explorer.training.service.service import NOT_YOURS, TrainingService
from vit_explorer.ui.core.brought import shown_data
from vit_explorer.ui.core.downloads import FileAnswer, csv_bytes, export_file
from vit_explorer.ui.core.errors import user_errors
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.train.request import RaceRequest


@dataclass(frozen=True)
class RenameRequest(RaceRequest):
    """The new title."""

    title: str


class RenamePayload(TypedDict):
    """The title as it was saved."""

    title: str


@dataclass(frozen=True)
class CurvesExport:
    """The curves of a race and of those compared with it, over an axis, in a format."""

    race: str
    axis: Literal["epochs", "images", "seconds"]
    with_: tuple[str, ...]
    format: str


@dataclass(frozen=True)
class CommandsRequest:
    """A race by its name."""

    race: str


class CommandsPayload(TypedDict):
    """Per contender its label and the command that repeats its run."""

    commands: list[dict[str, str]]


def rename_race(service: TrainingService, request: RenameRequest) -> RenamePayload:
    """Give a race another title. Raises PermissionError for another visitor's race."""
    race = service.open(request.race)
    if not race.owned_by(request.owner):
        raise PermissionError(NOT_YOURS)
    with user_errors():
        return {"title": race.rename(request.title).title}


def remove_race(service: TrainingService, request: RaceRequest) -> dict[str, Any]:
    """Delete a race. Raises PermissionError for another visitor's race, RunError while it is queued or trained."""
    service.remove(request.race, request.owner)
    return {}


@terms(long=True)
def export_race(service: TrainingService, request: CurvesExport) -> FileAnswer:
    """Write the curves of a race, as a figure also of the races compared with it, to a file."""
    races = [service.open(name) for name in (request.race, *request.with_)]
    race = races[0]
    drawn = [
        (one.title, [Curve(label, *accuracy_points(run, request.axis)) for label, run in one.runs.items()])
        for one in races
    ]
    return export_file(
        race.name,
        request.format,
        lambda: curves_figure(drawn, request.axis, race.title, caption(races)),
        {"csv": lambda: csv_bytes(curves_csv(race))},
    )


def list_commands(service: TrainingService, request: CommandsRequest) -> CommandsPayload:
    """List the commands that repeat the runs of a race."""
    recipes = {
        label: replace(recipe, data=shown_data(recipe.data, service.runs_folder))
        for label, recipe in service.open(request.race).recipes().items()
    }
    return {"commands": [{"label": label, "command": command_line(one)} for label, one in recipes.items()]}
