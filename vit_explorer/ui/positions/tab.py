"""The Positions tab: what the position embeddings know of the 2D layout, and how the prediction depends on them."""

from __future__ import annotations

from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.watch import Watch
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.positions.experiment import (
    leave_shuffles,
    run_experiment,
    several_shuffles,
    shuffles_progress,
)
from vit_explorer.ui.positions.export import export_positions


def place_positions(session: Session) -> None:
    """Place the tab's views. Their maps are drawn from the model's payload."""
    widget(__file__, "positions", serve(session, export=export_positions), elem_id="positions")
    widget(__file__, "positions-detail", elem_id="positions-detail")
    watch = Watch()
    experiment = [
        *serve(session, experiment=run_experiment),
        *serve(session, watch, shuffles=several_shuffles),
        *serve(watch, shuffles_progress=shuffles_progress, leave_shuffles=leave_shuffles),
    ]
    widget(__file__, "positions-experiment", experiment, elem_id="positions-experiment")
