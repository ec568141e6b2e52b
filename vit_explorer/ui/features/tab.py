"""The Features tab: hidden states as colours from block to block, similarities of a patch, and norms."""

from __future__ import annotations

from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.features.colours import feature_colour_maps
from vit_explorer.ui.features.export import export_features
from vit_explorer.ui.features.similarity import feature_similarities


def place_features(session: Session) -> None:
    """Place the tab's two views; the second follows the block that is chosen in the first."""
    widget(__file__, "features-colours", serve(session, colours=feature_colour_maps))
    similarity = serve(session, similarity=feature_similarities, export=export_features)
    widget(__file__, "features-similarity", similarity)
