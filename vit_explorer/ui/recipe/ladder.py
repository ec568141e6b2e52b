"""What the Ladder view asks for: the results of the ladder rung by rung with what they say, and files of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vit_explorer.figures.frame import MIME, figure_bytes
from vit_explorer.figures.ladder import colour_limit
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.runs.export import COMMAND, command_line, recipe_words
from vit_explorer.training.studies.ladder import RUNGS, TEACHER, Rung, Step, rung_recipes, steps, summary, teacher_step
from vit_explorer.training.studies.sweep_figures import draw_ladder
from vit_explorer.ui.core.downloads import file_answer
from vit_explorer.ui.core.errors import Refused
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
)

SWEEP = f"{COMMAND} --sweep ladder"
FOLDER = Path("runs/sweep-ladder")  # where that command works, seen from the repository
KEPT = "ladder-teacher"  # as which the teacher is kept, if it is trained alone
TAUGHT = (
    "A CNN of the same training pictures and seed, with crop and flip; the DeiT on the highest rung learns from it."
)
COLUMNS = ("number", "rung", "adds", "seed", "test_accuracy", "train_accuracy", "gain", "images", "seconds")


def ladder_view(session: Session) -> dict[str, Any]:
    """All that the view draws.

    Returns:
        ``rungs``: from below; each has its ``number`` from 1, ``name``, ``title``, ``what`` it adds, what others
            ``expected``, its ``ingredients``, ``recipe`` in words, ``commands``, and if it has been trained
            ``result``: accuracies as shares, see :class:`Step`; else None.
        ``teacher``: the same of the teacher, or None where it has not been trained.
        ``says``, ``why``, ``caveat``, ``missing``, ``training``, ``made``: sentences.
        ``sweep``: the command that makes all.
        ``limit``: half the range of the colours of steps.
        Where there are no results, no ``rungs``, and ``missing`` says so.
    Raises:
        ValueError: for results of another ladder.
    """
    results = session.sweep("ladder")
    if results is None or not steps(results):
        nothing = "There are no results of the ladder beside these checkpoints yet. This command makes them:"
        return {"rungs": [], "teacher": None, "missing": nothing, "sweep": SWEEP}
    found, teacher = steps(results), teacher_step(results)
    recipes, by_name = rung_recipes(results, FOLDER), {step.rung.name: step for step in found}
    return {
        "rungs": [_told(rung, k + 1, what_of(rung), by_name.get(rung.name), recipes) for k, rung in enumerate(RUNGS)],
        "teacher": None if teacher is None else _told(teacher.rung, 0, TAUGHT, teacher, recipes),
        "says": headline(found, summary(found), teacher),
        "why": overfitting(found),
        "caveat": caveat(found, results["recipe"]),
        "missing": missing(results),
        "training": TRAINING,
        "sweep": SWEEP + _seeds(results),
        "limit": colour_limit([step.gain for step in found]),
        "made": _made(results),
    }


def export_ladder(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """The ladder as a file: {format}, "csv" or one of a figure. Raises Refused where there is nothing to keep."""
    format, results = request["format"], session.sweep("ladder")
    if results is None or not steps(results):
        raise Refused("There are no results of the ladder to keep.")
    if format == "csv":
        return file_answer("ladder", format, ladder_csv(results).encode())
    if format not in MIME:
        raise Refused(f"The ladder can be kept as csv, {', '.join(MIME)}, not {str(format)[:20]}.")
    found, teacher = steps(results), teacher_step(results)
    says = (headline(found, summary(found), teacher), overfitting(found), caveat(found, results["recipe"]))
    words = " ".join(part for part in (*says, missing(results), TRAINING) if part)
    return file_answer("ladder", format, figure_bytes(draw_ladder(results, words), format))


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


def _told(rung: Rung, number: int, what: str, step: Step | None, recipes: Mapping[str, Recipe]) -> dict[str, Any]:
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


def _result(step: Step) -> dict[str, Any]:
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
    """What repeats the rung's run of the first seed alone; a pupil's teacher comes first, kept under a name."""
    if name == TEACHER:
        return [f"{command_line(recipes[name])} --keep {KEPT}"]
    recipe = recipes[name]
    if not recipe.teacher:
        return [command_line(recipe)]
    return [*_commands(TEACHER, recipes), command_line(Recipe.from_dict(recipe.to_dict() | {"teacher": KEPT}))]


def _seeds(results: Mapping[str, Any]) -> str:
    seeds = results["runs"] // (len(RUNGS) + 1)
    return f" --seeds {seeds}" if seeds > 1 else ""


def _made(results: Mapping[str, Any]) -> str:
    return f"Trained on {results['hardware']}, torch {results['torch']}."
