"""Where the tour is placed: above everything, out of sight until it is started."""

from __future__ import annotations

from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.tour.tour import Step, tour_payload


def place_tour(steps: tuple[Step, ...]) -> None:
    """Place the tour's card. ``go("tour=1")`` of core/link.js starts it."""
    widget(__file__, "tour", serve(steps, tour=tour_payload), elem_id="tour")
