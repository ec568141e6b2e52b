"""Where questions are asked before a view shows the answer: a button above the tabs, a panel in the view."""

from __future__ import annotations

from vit_explorer.ui.core.widget import widget


def place_guess() -> None:
    """Place the button. The questions are those that the views on screen offer, see ``core/guess.js``."""
    widget(__file__, "guess", elem_id="guess")
