"""Data scaling: the curves of the sweep, the expectations, and the visitor's own points."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypedDict

from vit_explorer.data.sources import source_name
from vit_explorer.models import zoo
from vit_explorer.training.loop.precision import fast_precision
from vit_explorer.training.loop.recipe import LIMITS
from vit_explorer.training.runs import export
from vit_explorer.training.service.service import TrainingService
from vit_explorer.training.studies.data_scaling import BATCH, MODELS, curves, possible_sizes, scaling_recipe, updates_of
from vit_explorer.training.studies.data_scaling_findings import expectations, settings, shortage
from vit_explorer.training.studies.sweep_figures import draw_data_scaling, provenance
from vit_explorer.ui.core.downloads import FileAnswer, csv_bytes, export_file
from vit_explorer.ui.core.errors import UserError, user_errors
from vit_explorer.ui.core.requests import parse_int
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.train.hunger_points import SWEEP, OwnPoint, data_of, data_words, own_payload, own_points
from vit_explorer.ui.train.own import open_own
from vit_explorer.ui.train.request import OwnerRequest
from vit_explorer.ui.train.setup import StartPayload

COMMAND = f"{export.COMMAND} --sweep {SWEEP}"
ALONE = tuple(model for model in MODELS if model != "deit")  # a DeiT needs a teacher, which would be trained first
COLUMNS = ("of", "model", "pictures", "seed", "test_accuracy", "train_accuracy", "seconds", "data", "drawn")


@dataclass(frozen=True)
class PointRequest(OwnerRequest):
    """A run of one kind of network on ``size`` images of a dataset."""

    kind: str
    data: str
    size: int
    seed: int


@dataclass(frozen=True)
class HungerExport:
    """The format of the file."""

    format: str


class CurvePayload(TypedDict):
    """The curve of a kind of network; a point has size, passes, mean, spread, seeds, seconds and runs."""

    kind: str
    label: str
    points: list[dict[str, Any]]


class HungerPayload(TypedDict):
    """Results of the data scaling sweep, and the visitor's own points.

    ``data``: the sweep's dataset. ``told``: a sentence on missing runs, or None. ``settings``, ``made``: how the points
    were made. ``shortage``: a sentence on runs with too few updates, or None. ``own``: own points, the newest first;
    those with ``drawn`` belong beside the curves. ``choice``: what can be run here, and the first seed that the sweep
    lacks.
    """

    data: str
    curves: list[CurvePayload]
    told: str | None
    settings: str
    made: str | None
    shortage: str | None
    expectations: list[dict[str, Any]]
    own: list[dict[str, Any]]
    choice: dict[str, Any]


def describe_hunger(session: Session, service: TrainingService) -> HungerPayload:
    """Describe the sweep, the expectations and the own points."""
    results = session.sweep(SWEEP)
    known = results or _nothing()
    updates, found = updates_of(known), curves(known)
    return {
        "data": data_of(known),
        "curves": [_curve_payload(known, kind, found[kind]) for kind in MODELS if kind in found],
        "told": session.sweep_problem(SWEEP) or _told(results),
        "settings": settings(known),
        "made": provenance(results) if results and results["points"] else None,
        "shortage": shortage(known),
        "expectations": [asdict(one) for one in expectations(known)],
        "own": [own_payload(service, known, point) for point in own_points(service, known)],
        "choice": {
            "kinds": [{"kind": kind, "label": zoo.MODELS[kind].short} for kind in ALONE],
            "data": [
                {"name": source.name, "words": data_words(source.data), "sizes": sizes}
                for source in session.datasets.usable().sources
                if (sizes := possible_sizes(updates, source.n_train))
            ],
            "updates": updates,
            "batch": BATCH,
            "seeds": [int(limit) for limit in LIMITS["seed"]],
            "seed": max((point["seed"] + 1 for point in known["points"]), default=0),
            "without": "A DeiT has no point of its own here: it learns from the CNN of the same pictures, so it would "
            f"take two trainings, which {COMMAND} makes.",
        },
    }


@terms(counted="races")
def start_point(session: Session, service: TrainingService, request: PointRequest) -> StartPayload:
    """Start a race of one, by the recipe of the sweep's runs. Raises UserError with the range of a wrong value."""
    kind = request.kind
    if kind not in ALONE:
        raise UserError(f"A point can be of {', '.join(ALONE)}, not of {str(kind)[:20]!r}.")
    source = open_own(session, request.data, request.owner)
    size = parse_int(request.size, "The number of pictures", BATCH, source.n_train)
    seed = parse_int(request.seed, "The seed", *map(int, LIMITS["seed"]))
    updates, device = updates_of(session.sweep(SWEEP) or _nothing()), service.devices.names[0]
    with user_errors():
        recipe = scaling_recipe(
            kind, size, seed, updates, data=source.data, device=device, precision=fast_precision(device)
        )
        title = f"{zoo.MODELS[kind].short} on {size:,} of {source.name}, seed {seed}"
        recipes = {zoo.MODELS[kind].short: recipe}
        race = service.start(recipes, source.n_train, title=title, preset=SWEEP, secret=request.owner)
    return {"race": race.name}


@terms(long=True)
def export_hunger(session: Session, service: TrainingService, request: HungerExport) -> FileAnswer:
    """Write all runs as CSV, or the curves as a figure."""
    known = session.sweep(SWEEP) or _nothing()
    own = [point for point in own_points(service, known) if point.finished]
    drawn = [(one.recipe.model, one.recipe.subset, one.finished.test_accuracy) for one in own if one.drawn]
    with user_errors():
        return export_file(
            SWEEP,
            request.format,
            lambda: draw_data_scaling(known, drawn),
            {"csv": lambda: csv_bytes(hunger_csv(known, own))},
        )


def hunger_csv(results: Mapping[str, Any], own: list[OwnPoint]) -> str:
    """One row a run, accuracies as shares; ``of`` is "sweep" or "own".

    ``drawn``: "no" where a run's recipe or data are not those of the sweep, so that it does not compare.
    """
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    for point in results["points"]:
        same = {name: point[name] for name in COLUMNS[3:7]}
        table.writerow(
            {
                "of": "sweep", "model": point["model"], "pictures": point["size"], **same, "data": data_of(results),
                "drawn": "yes",
            }
        )  # fmt: skip
    for point in own:
        recipe, finished = point.recipe, point.finished
        assert finished is not None
        same = {name: getattr(finished, name) for name in COLUMNS[4:7]}
        table.writerow(
            {
                "of": "own", "model": recipe.model, "pictures": recipe.subset, "seed": recipe.seed, **same,
                "data": source_name(recipe.data), "drawn": "yes" if point.drawn else "no",
            }
        )  # fmt: skip
    return text.getvalue()


def _nothing() -> dict[str, Any]:
    """A sweep without runs."""
    return {"points": [], "runs": 0, "recipe": {"data": "cifar10"}}


def _told(results: Mapping[str, Any] | None) -> str | None:
    if results is None or not results["points"]:
        return (
            f"There are no results of the sweep here yet: {COMMAND} makes them. A run of your own works all the same."
        )
    made, planned = len(results["points"]), results["runs"]
    if made < planned:
        return f"{made} of the sweep's {planned} runs have been made so far: this is what they say."
    return None


def _curve_payload(results: Mapping[str, Any], kind: str, curve: list[tuple[int, float, float, int]]) -> CurvePayload:
    points = []
    for size, mean, spread, seeds in curve:
        runs = [one for one in results["points"] if (one["model"], one["size"]) == (kind, size)]
        points.append(
            {
                "size": size,
                "passes": runs[0]["images"] / size,
                "mean": mean,
                "spread": spread,
                "seeds": seeds,
                "seconds": sum(one["seconds"] for one in runs) / seeds,
                "runs": [one["test_accuracy"] for one in sorted(runs, key=lambda one: one["seed"])],
            }
        )
    return {"kind": kind, "label": zoo.MODELS[kind].short, "points": points}
