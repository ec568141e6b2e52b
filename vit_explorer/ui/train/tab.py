"""The Train tab: contenders race side by side while one watches what they learn.

The page sends a secret with every request, by which the one who started a race is known again. Whoever knows a race's
name may follow it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import gradio as gr

from vit_explorer.data.sources import open_dataset
from vit_explorer.figures.curves import Curve, curves_figure
from vit_explorer.figures.frame import MIME, figure_bytes
from vit_explorer.models.folders import EXPORTED
from vit_explorer.models.zoo import list_checkpoints
from vit_explorer.training.runs.checkpoint import export_checkpoint
from vit_explorer.training.runs.export import accuracy_points, caption, command_line, curves_csv
from vit_explorer.training.runs.race import Race, list_races, owner_of
from vit_explorer.training.service.service import NOT_YOURS, TrainingService
from vit_explorer.ui.core.datasets import Source
from vit_explorer.ui.core.downloads import file_answer
from vit_explorer.ui.core.errors import UserError, json_errors, user_errors
from vit_explorer.ui.core.serve import ServerFunction
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.train.choices import chosen_recipes, offered, plan, source_payload
from vit_explorer.ui.train.hunger import place_hunger, start_point
from vit_explorer.ui.train.outcome import outcome
from vit_explorer.ui.train.payload import (
    contender_payload,
    latest_accuracy,
    probe_payload,
    recipe_payload,
    result,
)

COMMAND_VALUES = ("what", "factor", "label")
OVER = ("finished", "failed")
WIDGETS = ("train-setup", "train-curves", "train-cards", "train-shelf")


def place_train(session: Session, service: TrainingService) -> None:
    """Place the tab and its views; the bar of controls asks the server, for all widgets of the race."""
    with gr.Tabs(elem_id="train-tabs"):
        with gr.Tab("Race", id="race"):
            widget(__file__, "train-controls", train_functions(session, service), elem_id="train-controls")
            for name in WIDGETS:
                widget(__file__, name, elem_id=name)
        with gr.Tab("Hunger for data", id="hunger"):
            place_hunger(session, service)


def train_functions(session: Session, service: TrainingService) -> list[ServerFunction]:
    """What the tab's scripts may call."""

    @json_errors
    def lobby(request: dict[str, Any]) -> dict[str, Any]:
        return describe_lobby(session, service, request["owner"])

    @json_errors
    def planned(request: dict[str, Any]) -> dict[str, Any]:
        """{preset, data, subset, epochs} -> {contenders: [{label, recipe}]}"""
        source = session.datasets.open(request["data"])
        return {"contenders": plan(source, request["preset"], request["subset"], request["epochs"])}

    @json_errors
    def start(request: dict[str, Any]) -> dict[str, Any]:
        return start_race(session, service, request)

    @json_errors
    def run_point(request: dict[str, Any]) -> dict[str, Any]:
        return start_point(session, service, request)

    @json_errors
    def follow(request: dict[str, Any]) -> dict[str, Any]:
        return follow_race(session, service, request)

    @json_errors
    def command(request: dict[str, Any]) -> dict[str, Any]:
        """{race, owner, do, what?, factor?, label?} -> the status of the race then"""
        values = {name: request[name] for name in COMMAND_VALUES if name in request}
        with user_errors():
            service.command(request["race"], request["owner"], request["do"], **values)
        return race_status(service, request["race"])

    @json_errors
    def keep(request: dict[str, Any]) -> dict[str, Any]:
        return keep_model(session, service, request)

    @json_errors
    def rename(request: dict[str, Any]) -> dict[str, Any]:
        """{race, owner, title} -> {title}"""
        with user_errors():
            return {"title": _own_race(service, request).rename(str(request["title"])).title}

    @json_errors
    def remove(request: dict[str, Any]) -> dict[str, Any]:
        """{race, owner} -> {}; a race that trains is not deleted"""
        service.remove(request["race"], request["owner"])
        return {}

    @json_errors
    def export(request: dict[str, Any]) -> dict[str, Any]:
        return export_race(service, request)

    @json_errors
    def commands(request: dict[str, Any]) -> dict[str, Any]:
        """{race} -> {commands: [{label, command}]}"""
        recipes = Race.open(service.runs_folder, request["race"]).recipes()
        return {"commands": [{"label": label, "command": command_line(one)} for label, one in recipes.items()]}

    return [lobby, planned, start, run_point, follow, command, keep, rename, remove, export, commands]


def describe_lobby(session: Session, service: TrainingService, secret: str) -> dict[str, Any]:
    """What there is to choose from, and the races kept, the newest first."""
    sources, problems = session.datasets.usable()
    races, damaged = list_races(service.runs_folder)
    return {
        **offered(),
        "datasets": [source_payload(source) for source in sources],
        "races": [_race_line(service, race, secret) for race in races],
        "at_once": service.at_once,
        "problems": problems + damaged,
    }


def start_race(session: Session, service: TrainingService, request: dict[str, Any]) -> dict[str, Any]:
    """{owner, title, preset, data, probe, contenders: [{label, model, ...}]} -> {race}, its name."""
    source = session.datasets.open(request["data"])
    recipes = chosen_recipes(source, request["contenders"], request["probe"])
    with user_errors():
        race = Race.create(
            service.runs_folder,
            recipes,
            title=str(request["title"]),
            preset=request["preset"],
            owner=owner_of(request["owner"]),
        )
    service.submit(race)
    return {"race": race.name}


def follow_race(session: Session, service: TrainingService, request: dict[str, Any]) -> dict[str, Any]:
    """{race, owner, cursors: {label: cursor}} -> how it stands and what is new of each contender.

    ``with_probe`` and ``classes`` come when nothing is known yet, which is where there are no cursors.
    """
    status = service.status(request["race"])
    race = Race.open(service.runs_folder, request["race"])
    cursors = request["cursors"]
    contenders = [
        contender_payload(run, label, int(cursors.get(label, 0)), status["now"].get(label))
        for label, run in race.runs.items()
    ]
    return {
        "name": race.name,
        "title": race.title,
        "preset": race.preset,
        "created": race.created,
        "mine": race.owned_by(request["owner"]),
        **{key: status[key] for key in ("state", "place", "reason", "activity")},
        "outcome": _outcome(race) if status["state"] in OVER else None,
        "contenders": contenders,
        "setting": None if cursors else _setting(session, race),
    }


def race_status(service: TrainingService, name: str) -> dict[str, Any]:
    """The status of a race, without its numbers."""
    status = service.status(name)
    return {key: status[key] for key in ("state", "place", "reason", "activity")}


def keep_model(session: Session, service: TrainingService, request: dict[str, Any]) -> dict[str, Any]:
    """{race, owner, label, name} -> {model}: the contender becomes a model of the page's list."""
    race = Race.open(service.runs_folder, request["race"])
    if race.owner is not None and not race.owned_by(request["owner"]):
        raise PermissionError(NOT_YOURS)
    run, name = race.runs[request["label"]], str(request["name"])
    if name in list_checkpoints(session.checkpoint_folders):
        raise UserError(f"There is a model {name!r} already: choose another name.")
    recipe = run.recipe()
    with user_errors():
        dataset = open_dataset(recipe.data, session.data_root, img_size=recipe.img_size)
        export_checkpoint(run, name, service.runs_folder / EXPORTED, dataset=dataset)
    return {"model": name}


def export_race(service: TrainingService, request: dict[str, Any]) -> dict[str, Any]:
    """{race, format, axis, with: [other races]} -> {filename, mime, data in base64}."""
    race = Race.open(service.runs_folder, request["race"])
    format, axis = request["format"], request["axis"]
    if format == "csv":
        data = curves_csv(race).encode()
    elif format in MIME and axis in ("epochs", "images", "seconds"):
        races = [race, *(Race.open(service.runs_folder, other) for other in request["with"])]
        drawn = [
            (one.title, [Curve(label, *accuracy_points(run, axis)) for label, run in one.runs.items()]) for one in races
        ]
        data = figure_bytes(curves_figure(drawn, axis, race.title, caption(races)), format)
    else:
        raise UserError(
            f"A file can be csv, {', '.join(MIME)} by epochs, images or seconds, not {format!r} by {axis!r}."
        )
    return file_answer(race.name, format, data)


def _own_race(service: TrainingService, request: dict[str, Any]) -> Race:
    race = Race.open(service.runs_folder, request["race"])
    if not race.owned_by(request["owner"]):
        raise PermissionError(NOT_YOURS)
    return race


def _race_line(service: TrainingService, race: Race, secret: str) -> dict[str, Any]:
    """A race in the list."""
    return {
        "name": race.name,
        "title": race.title,
        "created": race.created,
        "mine": race.owned_by(secret),
        "state": service.status(race.name)["state"],
        "contenders": [
            {"label": label, "recipe": recipe_payload(run.recipe()), "test_accuracy": latest_accuracy(run)}
            for label, run in race.runs.items()
        ],
    }


def _outcome(race: Race) -> dict[str, str] | None:
    results = [result(label, run) for label, run in race.runs.items()]
    n_failed = sum(end is not None and end.state == "failed" for end in race.ends().values())
    told = outcome([one for one in results if one], n_failed)
    return asdict(told) if told else None


def _setting(session: Session, race: Race) -> dict[str, Any]:
    """What all contenders look at: the classes and the probe picture; None where their data are not open here."""
    recipes = list(race.recipes().values())
    source = _source_of(session, {recipe.data for recipe in recipes})
    probe = recipes[0].probe
    known = source is not None and probe < len(source.test.y) and all(recipe.probe == probe for recipe in recipes)
    return {
        "classes": list(source.names) if source else None,
        "probe": probe_payload(source, probe) if known and source else None,
    }


def _source_of(session: Session, data: set[str]) -> Source | None:
    """The dataset that all contenders learn from, if it is one that the page has."""
    name = session.datasets.name_of(data.pop()) if len(data) == 1 else None
    usable = {source.name: source for source in session.datasets.usable()[0]}
    return usable.get(name) if name else None
