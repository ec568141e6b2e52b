"""The table of architectures: its rows, their times, and its files."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from vit_explorer.cost.architectures import architecture_rows, time_architectures
from vit_explorer.figures.architectures import draw_architectures
from vit_explorer.ui.compare.timing import ModelTimes
from vit_explorer.ui.core.downloads import FileAnswer, csv_bytes, export_file
from vit_explorer.ui.core.errors import Answer, user_errors
from vit_explorer.ui.core.jobs import Jobs
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session

COLUMNS = {
    "checkpoint": "name", "kind": "title", "parameters": "parameters", "picture side, px": "side",
    "multiply-adds a picture": "multiply_adds", "multiply-adds at twice the side": "twice", "times as many": "doubled",
    "attention scores a layer and head": "law", "test accuracy": "test_accuracy", "test pictures": "n_test",
    "trained on": "data", "training pictures": "n_train", "epochs": "epochs", "teacher": "teacher",
}  # fmt: skip


@dataclass(frozen=True)
class TableRequest:
    """``grown``: count the cost at twice the side too, which takes seconds the first time."""

    grown: bool


class TablePayload(TypedDict):
    """A row per network, see ``architecture_rows``."""

    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class TableExport:
    """The format of the file; a figure shows the networks that were tested on the images of ``data``."""

    format: str
    data: str | None = None


def list_architectures(session: Session, request: TableRequest) -> TablePayload:
    """List the networks of this app with their costs and accuracies."""
    return {"rows": architecture_rows(session.checkpoints()[0], request.grown)}


@terms(counted="measurements")
def start_models(session: Session, jobs: Jobs) -> Answer:
    """Start to time all networks. Raises UserError while another measurement runs."""
    return jobs.start(lambda: time_architectures(session.checkpoints()[0]))


@terms(long=True)
def export_table(session: Session, times: ModelTimes, request: TableExport) -> FileAnswer:
    """Write the table, or a figure of accuracy against cost, to a file."""
    rows, measured = architecture_rows(session.checkpoints()[0]), times.read()[0]
    with user_errors():
        return export_file(
            "architectures",
            request.format,
            lambda: draw_architectures(rows, measured, request.data),
            {"csv": lambda: csv_bytes(architectures_csv(rows, measured))},
        )


def architectures_csv(rows: Sequence[Mapping[str, Any]], measured: Mapping[str, Any] | None) -> str:
    """The table as CSV, one row per network; times in seconds, empty if not measured."""
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
