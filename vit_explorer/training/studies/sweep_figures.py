"""The results of a sweep as the figure that belongs to it, for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vit_explorer.figures.data_scaling import ScalingCurve, scaling_figure
from vit_explorer.figures.ladder import DrawnRung, ladder_figure
from vit_explorer.models import zoo
from vit_explorer.training.runs import folder as run_folder
from vit_explorer.training.studies.data_scaling import MODELS, curves
from vit_explorer.training.studies.data_scaling_findings import settings, shortage
from vit_explorer.training.studies.ladder import LENGTHS, RUNGS, steps, teacher_step
from vit_explorer.training.studies.sweep import RESULTS, SEVERAL, SHIPPED_FOLDER, read_results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HUNGER_TITLE = "The hunger for data"
LADDER_TITLE = "From the plain ViT to the DeiT, one ingredient more on every rung"


def draw_data_scaling(results: Mapping[str, Any], own: Sequence[tuple[str, int, float]] = ()) -> Figure:
    """Accuracy over pictures.

    Args:
        own: kind of network, pictures and accuracy of runs beside the sweep's.
    Raises:
        ValueError: if there is no run at all.
    """
    found = curves(results)
    drawn = [
        ScalingCurve(
            kind,
            zoo.MODELS[kind].short,
            np.array([point[:3] for point in found.get(kind, [])], np.float64).reshape(-1, 3),
            np.array([point[1:] for point in own if point[0] == kind], np.float64).reshape(-1, 2),
        )
        for kind in MODELS
    ]
    return scaling_figure(
        drawn, HUNGER_TITLE, " ".join(filter(None, (settings(results), shortage(results), provenance(results))))
    )


def draw_ladder(results: Mapping[str, Any], words: str | None = None) -> Figure:
    """Accuracy from rung to rung.

    Args:
        words: what the caption says before where the numbers come from; None for the settings.
    Raises:
        ValueError: if there is no run at all.
    """
    found, teacher = steps(results), teacher_step(results)
    if not found:
        raise ValueError("there is no run to draw yet")
    drawn = [
        DrawnRung(
            step.rung.title if step.rung is RUNGS[0] else f"+ {step.rung.title}",
            np.array([*step.tests.values()]),
            np.array([*step.trains.values()]),
            step.gain,
        )
        for step in found
    ]
    taught = None if teacher is None else np.array([*teacher.tests.values()])
    return ladder_figure(drawn, taught, LADDER_TITLE, f"{words or _ladder_settings(results)} {provenance(results)}")


def _ladder_settings(results: Mapping[str, Any]) -> str:
    common = results["recipe"]
    sizes = ""
    if {"subset", "epochs", "batch_size"} <= common.keys():
        sizes = (
            f" {common['subset']:,} training pictures, {common['epochs']} epochs, batches of {common['batch_size']};"
        )
    return (
        f"Each rung has all below it as well:{sizes} the teacher is a CNN of the same pictures and seed. Accuracy on "
        "the whole test split."
    )


def provenance(results: Mapping[str, Any]) -> str:
    """On what data and machine the runs were made, how many of how many, and at which commit."""
    if not results["points"]:
        return "No run of the sweep has been made yet."
    data = Path(results["recipe"].get("data", "several data")).name
    made, planned = len(results["points"]), results["runs"]
    commits = SEVERAL.join(commit[:10] for commit in results["commit"].split(SEVERAL))
    runs = f"{made} runs" if made == planned else f"{made} of {planned} runs so far"
    return f"{runs} on {data}; {results['hardware']}; commit {commits}."


def results_of(name: str, folder: Path | None) -> tuple[Path, dict[str, Any]]:
    """The results of a sweep and the file they stand in: of its folder, or where none is named those that ship.

    Raises:
        ValueError: if there are none, or they are damaged.
    """
    made_here, shipped = run_folder.RUNS_FOLDER / f"sweep-{name}" / RESULTS, SHIPPED_FOLDER / f"{name}.json"
    places = [folder / RESULTS] if folder else [made_here, shipped]
    for path in places:
        if path.exists():
            return path, read_results(path)
    raise ValueError(f"there are no results of the sweep {name!r}: looked for {', '.join(map(str, places))}")


FIGURES: dict[str, Callable[[Mapping[str, Any]], Figure]] = {
    "hunger": draw_data_scaling,
    **dict.fromkeys(LENGTHS, draw_ladder),
}


def sweep_figure(name: str, results: Mapping[str, Any]) -> Figure:
    """The figure of a sweep by its name. Raises ValueError for another sweep, or results without a run."""
    if name not in FIGURES:
        raise ValueError(f"there is a figure of {', '.join(FIGURES)}, not of {name!r}")
    return FIGURES[name](results)
