"""The table of architectures as files: CSV, and a figure of accuracy over cost with the numbers beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vit_explorer.figures.architectures import DrawnModel, architectures_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = "Accuracy and cost of the networks"
COLUMNS = {
    "checkpoint": "name", "kind": "title", "parameters": "parameters", "picture side, px": "side",
    "multiply-adds a picture": "multiply_adds", "multiply-adds at twice the side": "twice", "times as many": "doubled",
    "attention scores a layer and head": "law", "test accuracy": "test_accuracy", "test pictures": "n_test",
    "trained on": "data", "training pictures": "n_train", "epochs": "epochs", "teacher": "teacher",
}  # fmt: skip


def architectures_csv(rows: Sequence[Mapping[str, Any]], measured: Mapping[str, Any] | None) -> str:
    """The table as CSV: a line a network; times in seconds, empty where they were not measured."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    times = (measured or {}).get("models", {})
    said = [measured[key] for key in ("machine", "threads", "torch", "date")] if measured else [""] * 4
    writer.writerow(
        [*COLUMNS, "latency, s", "pictures a second", "batch", "measured on", "threads", "torch", "measured at"]
    )
    for row in rows:
        own = times.get(row["name"], {})
        latency, batch = own.get("latency", {}), own.get("throughput", {})
        cells = [row[key] for key in COLUMNS.values()]
        cells += [latency.get("median"), batch.get("per_second"), batch.get("batch")]
        writer.writerow(["" if cell is None else cell for cell in [*cells, *(said if own else [""] * 4)]])
    return text.getvalue()


def draw_architectures(rows: Sequence[Mapping[str, Any]], measured: Mapping[str, Any] | None, data: str) -> Figure:
    """The networks that were tested on the pictures of ``data``, the best one first.

    Args:
        rows, measured: as for :func:`architectures_csv`.
    Raises:
        ValueError: if there is none.
    """
    tested = [row for row in rows if row["data"] == data and row["test_accuracy"] is not None]
    times = (measured or {}).get("models", {})
    twice = len({row["short"] for row in tested}) < len(tested)
    drawn = [
        DrawnModel(
            row["architecture"],
            row["name"] if twice else row["short"],
            row["parameters"],
            row["multiply_adds"],
            row["doubled"],
            row["law"] or "",
            times.get(row["name"], {}).get("latency", {}).get("median"),
            times.get(row["name"], {}).get("throughput", {}).get("per_second"),
            row["test_accuracy"],
        )
        for row in tested
    ]
    return architectures_figure(drawn, TITLE, _caption(tested, measured, data))


def _caption(tested: Sequence[Mapping[str, Any]], measured: Mapping[str, Any] | None, data: str) -> str:
    counts = sorted({row["n_test"] for row in tested if row["n_test"]})
    sides = sorted({row["side"] for row in tested})
    pictures = f"{counts[0]:,} test pictures" if len(counts) == 1 else "Test pictures"
    said = (
        f"{pictures} of {data}, {' and '.join(map(str, sides))} px. Weights and multiply-adds are counted, the latter "
        "also for pictures of twice the side; N: tokens of the first layer."
    )
    if measured is None:
        return f"{said} Times were not measured."
    batch = next((own["throughput"]["batch"] for own in measured["models"].values() if "throughput" in own), None)
    batches = f", pictures a second in batches of {batch}" if batch else ""
    return (
        f"{said} Times: plain forward passes of all networks in turns, warmed up, medians{batches}; "
        f"{measured['machine']}, torch {measured['torch']}, {measured['date'][:10]}."
    )
