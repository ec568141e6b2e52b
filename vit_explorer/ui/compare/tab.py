"""The Compare tab: one picture in all models, the table of architectures, and which one for a problem."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import gradio as gr

from vit_explorer.cost.architectures import architecture_rows, time_architectures
from vit_explorer.figures.architectures import draw_architectures
from vit_explorer.figures.frame import MIME, figure_bytes
from vit_explorer.ui.compare.evidence import Evidence
from vit_explorer.ui.compare.guide import guide_answer, guide_payload
from vit_explorer.ui.compare.pictures import compare_picture, compare_times
from vit_explorer.ui.compare.table import architectures_csv, mixing_example, published_rows
from vit_explorer.ui.compare.timing import Measuring
from vit_explorer.ui.core.downloads import file_answer
from vit_explorer.ui.core.errors import Refused, answered, refusing
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import ServerFunction, widget


def place_compare(session: Session, runs_folder: Path, machine: threading.Lock) -> None:
    """Place the tab and its views, one at a time.

    Args:
        runs_folder: where the newest measurement is kept; ``machine`` is held while one is taken.
    """
    with gr.Tabs(elem_id="compare-tabs"):
        with gr.Tab("One picture", id="one-picture"):
            widget(__file__, "compare-picture", picture_functions(session), elem_id="compare-picture")
        with gr.Tab("Architectures", id="architectures"):
            widget(__file__, "compare-table", table_functions(session, runs_folder, machine), elem_id="compare-table")
            widget(__file__, "compare-published", [published], elem_id="compare-published")
        with gr.Tab("Which one?", id="guide"):
            widget(__file__, "compare-guide", guide_functions(session), elem_id="compare-guide")


def picture_functions(session: Session) -> list[ServerFunction]:
    """What the first view may call."""

    @answered
    def compare(request: dict[str, Any]) -> dict[str, Any]:
        return compare_picture(session, request)

    @answered
    def time_all(request: dict[str, Any]) -> dict[str, Any]:
        return compare_times(session, request)

    return [compare, time_all]


def table_functions(session: Session, runs_folder: Path, machine: threading.Lock) -> list[ServerFunction]:
    """What the table may call; one measurement at a time for all visitors."""
    path = runs_folder / "measurements" / "architectures.json"
    measuring = Measuring(path, lambda: time_architectures(session.checkpoints()[0]), machine)

    @answered
    def architectures(request: dict[str, Any]) -> dict[str, Any]:
        """{grown} -> the rows; first without what is counted for twice the side, so that they are there at once."""
        return {"rows": architecture_rows(session.checkpoints()[0], bool(request["grown"]))}

    @answered
    def measure_models(_: dict[str, Any]) -> dict[str, Any]:
        return measuring.start()

    @answered
    def models_measured(request: dict[str, Any]) -> dict[str, Any]:
        return measuring.status(request.get("id"))

    @answered
    def stop_models(request: dict[str, Any]) -> dict[str, Any]:
        return measuring.stop(request.get("id"))

    @answered
    def export(request: dict[str, Any]) -> dict[str, Any]:
        """{format, data} -> a file: "csv" of all, or a figure of the networks tested on the pictures of ``data``."""
        format, rows, measured = request["format"], architecture_rows(session.checkpoints()[0]), measuring.result()[0]
        if format == "csv":
            return file_answer("architectures", format, architectures_csv(rows, measured).encode())
        if format not in MIME:
            raise Refused(f"The table can be kept as csv, {', '.join(MIME)}, not {str(format)[:20]}.")
        with refusing():
            figure = draw_architectures(rows, measured, request["data"])
        return file_answer("architectures", format, figure_bytes(figure, format))

    return [architectures, measure_models, models_measured, stop_models, export]


@answered
def published(_: dict[str, Any]) -> dict[str, Any]:
    """The published ImageNet figures, and what it does to mix them."""
    return {"rows": published_rows(), "mixing": mixing_example()}


def guide_functions(session: Session) -> list[ServerFunction]:
    """What the guide may call."""

    @answered
    def questions(_: dict[str, Any]) -> dict[str, Any]:
        return guide_payload()

    @answered
    def count(_: dict[str, Any]) -> dict[str, Any]:
        """What the answer will need, counted while the questions are read."""
        architecture_rows(session.checkpoints()[0])
        return {}

    @answered
    def advice(request: dict[str, Any]) -> dict[str, Any]:
        evidence = Evidence(
            architecture_rows(session.checkpoints()[0]), session.sweep("hunger"), session.sweep("ladder")
        )
        return guide_answer(request, evidence)

    return [questions, count, advice]
