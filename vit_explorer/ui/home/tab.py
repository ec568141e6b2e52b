"""The Home tab: drawn from the model and the trace that the frame holds, without a request of its own."""

from __future__ import annotations

from vit_explorer.ui.core.widget import widget


def place_home() -> None:
    """Place the tab's one view."""
    widget(__file__, "home", elem_id="home")
