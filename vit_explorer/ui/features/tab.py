"""The Features tab: hidden states as colours, similarities of a patch, norms, and nearest pictures."""

from __future__ import annotations

from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.watch import Watch
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.features.colours import feature_colour_maps
from vit_explorer.ui.features.export import export_features
from vit_explorer.ui.features.nearest import (
    Indexes,
    find_nearest,
    index_progress,
    leave_index,
    make_index,
    plan_index,
)
from vit_explorer.ui.features.similarity import feature_similarities


def place_features(session: Session) -> None:
    """Place the tab's three views; the second follows the block that is chosen in the first."""
    widget(__file__, "features-colours", serve(session, colours=feature_colour_maps))
    similarity = serve(session, similarity=feature_similarities, export=export_features)
    widget(__file__, "features-similarity", similarity)
    indexes, watch = Indexes(), Watch()
    nearest = [
        *serve(session, indexes, plan_index=plan_index, nearest=find_nearest),
        *serve(session, indexes, watch, make_index=make_index),
        *serve(watch, index_progress=index_progress, leave_index=leave_index),
    ]
    widget(__file__, "features-nearest", nearest)
