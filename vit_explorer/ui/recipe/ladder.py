"""Ladder: results of the recipe ladder rung by rung, sentences on them, and files."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from vit_explorer.figures.ladder import colour_limit
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.runs.export import COMMAND, command_line, recipe_words
from vit_explorer.training.studies.ladder import RUNGS, TEACHER, Rung, Step, rung_recipes, steps, summary, teacher_step
from vit_explorer.training.studies.sweep_figures import draw_ladder
from vit_explorer.ui.core.downloads import FileAnswer, csv_bytes, export_file
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.recipe.ladder_words import (
    TRAINING,
    caveat,
    expected_of,
    headline,
    ingredients_of,
    missing,
    overfitting,
    what_of,
    whole_recipe,
)

SWEEP = f"{COMMAND} --sweep ladder"
FOLDER = Path("runs/sweep-ladder")  # where that command works, seen from the repository
EXPORTED_TEACHER = "ladder-teacher"  # name of the exported teacher, if it is trained alone
TAUGHT = "A CNN trained on the same pictures and seed, with crop and flip; the DeiT on the top rung learns from it."
COLUMNS = ("number", "rung", "adds", "seed", "test_accuracy", "train_accuracy", "gain", "images", "seconds")


class StepPayload(TypedDict):
    """Accuracies of a rung as shares, see :class:`Step`."""

    mean: float
    spread: float | None
    tests: list[float]
    train: float
    gain: float | None
    gain_spread: float | None
    gains: list[float]
    clear: bool


class RungPayload(TypedDict):
    """A rung: ``number`` from 1, ``what`` it adds, what others ``expected``; ``result`` is None before its training."""

    name: str
    number: int
    title: str
    what: str
    expected: str
    ingredients: list[dict[str, Any]]
    view: str
    recipe: str
    commands: list[str]
    result: StepPayload | None


class LadderPayload(TypedDict, total=False):
    """The ladder from its lowest rung; ``teacher`` is None before its training.

    ``says``, ``whole``, ``why``, ``caveat``, ``missing``, ``training`` and ``made`` are sentences; ``sweep`` is the
    command that makes all runs; ``limit`` is half the range of the colours of gains. Without results there are no
    rungs.
    """

    rungs: list[RungPayload]
    teacher: RungPayload | None
    says: str
    whole: str
    why: str
    caveat: str
    missing: str
    training: str
    sweep: str
    limit: float
    made: str


@dataclass(frozen=True)
class LadderExport:
    """The format of the file."""

    format: str


def describe_ladder(session: Session) -> LadderPayload:
    """Describe the ladder. Raises ValueError for results of another ladder."""
    results = session.sweep("ladder")
    if results is None or not steps(results):
        nothing = session.sweep_problem("ladder") or "There are no results of the recipe beside these checkpoints yet."
        nothing += " This command makes them:"
        return {"rungs": [], "teacher": None, "missing": nothing, "sweep": SWEEP}
    found, teacher = steps(results), teacher_step(results)
    recipes, by_name = rung_recipes(results, FOLDER), {step.rung.name: step for step in found}
    said = summary(found)
    return {
        "rungs": [_rung(rung, k + 1, what_of(rung), by_name.get(rung.name), recipes) for k, rung in enumerate(RUNGS)],
        "teacher": None if teacher is None else _rung(teacher.rung, 0, TAUGHT, teacher, recipes),
        "says": headline(found, said, teacher),
        "whole": whole_recipe(found, said, results["recipe"]),
        "why": overfitting(found),
        "caveat": caveat(found, results["recipe"]),
        "missing": missing(results),
        "training": TRAINING,
        "sweep": SWEEP + _seeds(results),
        "limit": colour_limit([step.gain for step in found]),
        "made": _made(results),
    }


@terms(long=True)
def export_ladder(session: Session, request: LadderExport) -> FileAnswer:
    """Write the ladder to a file. Raises UserError if there are no results."""
    results = session.sweep("ladder")
    if results is None or not steps(results):
        raise UserError("There are no results of the recipe to save.")
    found, teacher = steps(results), teacher_step(results)
    said, recipe = summary(found), results["recipe"]
    whole, why = whole_recipe(found, said, recipe), overfitting(found)
    says = (headline(found, said, teacher), whole, why, caveat(found, recipe), missing(results), TRAINING)
    caption = " ".join(part for part in says if part)
    return export_file(
        "ladder",
        request.format,
        lambda: draw_ladder(results, caption),
        {"csv": lambda: csv_bytes(ladder_csv(results))},
    )


def ladder_csv(results: Mapping[str, Any]) -> str:
    """Every run, one row each, from the lowest rung; accuracies and gains are shares, 0 to 1.

    The teacher comes last and has no number; ``gain`` is over the rung below with the same seed, empty without one.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    gains = {step.rung.name: step.gains for step in steps(results)}
    order = {rung.name: k for k, rung in enumerate(RUNGS)}
    titles = {rung.name: rung.title for rung in RUNGS}
    for point in sorted(results["points"], key=lambda one: (order.get(one["rung"], len(order)), one["seed"])):
        name, seed = point["rung"], point["seed"]
        number = "" if name == TEACHER else order[name] + 1
        gain = gains.get(name, {}).get(seed, "")
        measured = (point["test_accuracy"], point["train_accuracy"], gain, point["images"], point["seconds"])
        table.writerow((number, name, titles.get(name, ""), seed, *measured))
    return text.getvalue()


def _rung(rung: Rung, number: int, what: str, step: Step | None, recipes: Mapping[str, Recipe]) -> RungPayload:
    return {
        "name": rung.name,
        "number": number,
        "title": rung.title,
        "what": what,
        "expected": expected_of(rung),
        "ingredients": ingredients_of(rung),
        "view": "distillation" if rung.name == "distillation" else "",
        "recipe": recipe_words(recipes[rung.name]),
        "commands": _commands(rung.name, recipes),
        "result": None if step is None else _result(step),
    }


def _result(step: Step) -> StepPayload:
    return {
        "mean": step.mean,
        "spread": step.spread,
        "tests": [step.tests[seed] for seed in sorted(step.tests)],
        "train": step.train,
        "gain": step.gain,
        "gain_spread": step.gain_spread,
        "gains": list(step.gains.values()),
        "clear": step.clear,
    }


def _commands(name: str, recipes: Mapping[str, Recipe]) -> list[str]:
    """The commands that repeat the rung's run of the first seed; the teacher of a student comes first."""
    if name == TEACHER:
        return [f"{command_line(recipes[name])} --export {EXPORTED_TEACHER}"]
    recipe = recipes[name]
    if not recipe.teacher:
        return [command_line(recipe)]
    return [
        *_commands(TEACHER, recipes),
        command_line(Recipe.from_dict(recipe.to_dict() | {"teacher": EXPORTED_TEACHER})),
    ]


def _seeds(results: Mapping[str, Any]) -> str:
    seeds = results["runs"] // (len(RUNGS) + 1)
    return f" --seeds {seeds}" if seeds > 1 else ""


def _made(results: Mapping[str, Any]) -> str:
    return f"Trained on {results['hardware']}, torch {results['torch']}."
