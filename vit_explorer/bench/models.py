"""Table of architectures in the terminal: counted costs, measured times."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vit_explorer.bench.missing import NotMeasured
from vit_explorer.cost.architectures import architecture_rows, time_architectures
from vit_explorer.cost.model_timing import Timed, times_by_model
from vit_explorer.figures.architectures import draw_architectures
from vit_explorer.figures.frame import figure_format, write_figure
from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER, Checkpoint, list_checkpoints, load_checkpoint
from vit_explorer.models.summary import accuracy_percent
from vit_explorer.training.runs.card import circumstances

HEAD = "| model | weights | multiply-adds | at twice the side | one picture | pictures a second | test accuracy |"


def measure_models(
    checkpoints: str | os.PathLike[str] | None = None, figure: str | os.PathLike[str] | None = None
) -> dict[str, Any]:
    """Markdown table of all networks, trained ones with test accuracy.

    Args:
        figure: where it is drawn: the networks of those images on which most were tested.
    Raises:
        NotMeasured: if a figure is asked for where no network was tested, or of a file that cannot be written.
    """
    try:
        if figure is not None:
            figure_format(Path(figure))  # before minutes are spent
        folders = [checkpoints or CHECKPOINT_FOLDER]
        return _measured([load_checkpoint(name, folders) for name in list_checkpoints(folders)], figure)
    except ValueError as error:
        raise NotMeasured(str(error)) from error


def _measured(checkpoints: Sequence[Checkpoint], figure: str | os.PathLike[str] | None) -> dict[str, Any]:
    rows = architecture_rows(checkpoints)
    found = [event for event in time_architectures(checkpoints) if isinstance(event, Timed)]
    measured = circumstances(complete=True) | {"models": times_by_model(found)}
    if figure is not None:
        tested = Counter(row["data"] for row in rows if row["test_accuracy"] is not None)
        data = tested.most_common(1)[0][0] if tested else ""
        write_figure(draw_architectures(rows, measured, data), Path(figure))
    lines = [HEAD, "|---|" + "---:|" * (HEAD.count("|") - 2)]
    for row in rows:
        times = measured["models"][row["name"]]
        accuracy = "" if row["test_accuracy"] is None else f"{accuracy_percent(row['test_accuracy'])} ({row['data']})"
        lines.append(
            f"| {row['name']} | {row['parameters']:,} | {row['multiply_adds']:,} | {row['doubled']:.2f} x "
            f"| {1000 * times['latency']['median']:.3g} ms | {times['throughput']['per_second']:,.0f} | {accuracy} |"
        )
    return {"table": "\n".join(lines)} | ({"figure": str(figure)} if figure is not None else {})
