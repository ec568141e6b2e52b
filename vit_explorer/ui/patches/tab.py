"""The Patches tab: picture -> grid -> sequence, one patch in numbers, the check, the learned filters.

All is drawn from the trace and the model that the frame holds; the filters of large models alone are asked for.
"""

from __future__ import annotations

from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.patches.filters import model_filters


def place_patches(session: Session) -> None:
    """Place the tab's views; a model has either one matrix or convolutions between pixels and tokens."""
    widget(__file__, "patches")
    widget(__file__, "patch", serve(session, filters=model_filters))
    widget(__file__, "stem")
    widget(__file__, "check")
    widget(__file__, "filters", serve(session, filters=model_filters))
