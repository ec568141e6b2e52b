"""The Exercises tab: a sheet to work through, and to print."""

from __future__ import annotations

from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.exercises.costs import count_costs


def place_exercises() -> None:
    """Place the sheet. Its answers are checked against what the other tabs show, and against counts."""
    widget(__file__, "exercises", serve(costs=count_costs), elem_id="exercises")
