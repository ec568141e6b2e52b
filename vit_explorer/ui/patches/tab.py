"""The Patches tab: picture -> grid -> sequence, one patch in numbers, the check, the learned filters.

Everything here is drawn from the trace and the model that the frame holds, so there is nothing to ask the server for.
"""

from __future__ import annotations

from vit_explorer.ui.core.widget import widget


def place_patches() -> None:
    """Place the tab's views; a model has either one matrix or convolutions between pixels and tokens."""
    widget(__file__, "patches")
    widget(__file__, "patch")
    widget(__file__, "stem")
    widget(__file__, "check")
    widget(__file__, "filters")
