"""The Features tab: hidden states as colours, similarities of a patch, norms, two networks, and nearest pictures."""

from __future__ import annotations

import gradio as gr

from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.watch import Watch
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.features.colours import GalleryBases, feature_colour_maps
from vit_explorer.ui.features.export import export_features
from vit_explorer.ui.features.nearest import (
    Indexes,
    find_nearest,
    index_progress,
    leave_index,
    make_index,
    plan_index,
)
from vit_explorer.ui.features.networks import export_networks, two_networks
from vit_explorer.ui.features.similarity import feature_similarities


def place_features(session: Session) -> None:
    """Place the tab: maps of one network, whose second view follows the block chosen in the first; then the others."""
    with gr.Tabs(elem_id="features-tabs", elem_classes="vx-subtabs"):
        with gr.Tab("Maps", id="maps"):
            gallery = GalleryBases()
            widget(__file__, "features-colours", serve(session, gallery, colours=feature_colour_maps))
            similarity = [
                *serve(session, similarity=feature_similarities),
                *serve(session, gallery, export=export_features),
            ]
            widget(__file__, "features-similarity", similarity)
        with gr.Tab("Two networks", id="networks"):
            networks = serve(session, two_networks=two_networks, export=export_networks)
            widget(__file__, "features-networks", networks)
        with gr.Tab("Nearest pictures", id="nearest"):
            indexes, watch = Indexes(), Watch()
            nearest = [
                *serve(session, indexes, plan_index=plan_index, nearest=find_nearest),
                *serve(session, indexes, watch, make_index=make_index),
                *serve(watch, index_progress=index_progress, leave_index=leave_index),
            ]
            widget(__file__, "features-nearest", nearest)
