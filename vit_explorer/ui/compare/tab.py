"""The Compare tab: one picture in all models, confusions, the table of architectures, and which one for a problem."""

from __future__ import annotations

import threading
from pathlib import Path

import gradio as gr

from vit_explorer.ui.compare.confusion import count_confusions, export_confusions, list_cell
from vit_explorer.ui.compare.guide import count_costs, give_advice, list_questions
from vit_explorer.ui.compare.picture import compare_picture, compare_times
from vit_explorer.ui.compare.predictions import PredictionStore
from vit_explorer.ui.compare.published import published_figures
from vit_explorer.ui.compare.scores import leave_score, score_map, score_progress
from vit_explorer.ui.compare.table import export_table, list_architectures, start_models
from vit_explorer.ui.compare.timing import ModelTimes
from vit_explorer.ui.core.jobs import Jobs
from vit_explorer.ui.core.serve import ServerFunction, serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.watch import Watch
from vit_explorer.ui.core.widget import widget


def place_compare(session: Session, runs_folder: Path, machine: threading.Lock) -> None:
    """Place the tab and its views, one at a time.

    Args:
        runs_folder: the newest measurement is kept in its folder; ``machine`` is held while one is taken.
    """
    with gr.Tabs(elem_id="compare-tabs", elem_classes="vx-subtabs"):
        with gr.Tab("One picture", id="one-picture"):
            watch = Watch()
            picture = [
                *serve(session, compare=compare_picture, time_all=compare_times),
                *serve(session, watch, score=score_map),
                *serve(watch, score_progress=score_progress, leave_score=leave_score),
            ]
            widget(__file__, "compare-picture", picture, elem_id="compare-picture")
        with gr.Tab("Confusions", id="confusions"):
            counted = serve(
                session, PredictionStore(), confusion=count_confusions, cell=list_cell, export=export_confusions
            )
            widget(__file__, "compare-confusion", counted, elem_id="compare-confusion")
        with gr.Tab("Architectures", id="architectures"):
            widget(__file__, "compare-table", table_functions(session, runs_folder, machine), elem_id="compare-table")
            published = serve(published=published_figures)
            widget(__file__, "compare-published", published, elem_id="compare-published")
        with gr.Tab("Which one?", id="guide"):
            guide = [*serve(questions=list_questions), *serve(session, count=count_costs, advice=give_advice)]
            widget(__file__, "compare-guide", guide, elem_id="compare-guide")


def table_functions(session: Session, runs_folder: Path, machine: threading.Lock) -> list[ServerFunction]:
    """The functions that the table's script calls."""
    times = ModelTimes(runs_folder / "measurements" / "architectures.json")
    jobs = Jobs(machine, times)
    return [
        *serve(session, architectures=list_architectures),
        *serve(session, jobs, measure_models=start_models),
        *serve(models_measured=jobs.status, stop_models=jobs.stop),
        *serve(session, times, export=export_table),
    ]
