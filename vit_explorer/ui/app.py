"""The page: a frame that holds picture and model, and one tab beside another. It composes and holds no logic."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import gradio as gr

from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui.api import place_api
from vit_explorer.ui.attention.tab import place_attention
from vit_explorer.ui.classify.tab import place_classify
from vit_explorer.ui.compare.tab import place_compare
from vit_explorer.ui.core.assets import ICON, Assets
from vit_explorer.ui.core.gateway import Gateway
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.exercises.tab import place_exercises
from vit_explorer.ui.features.tab import place_features
from vit_explorer.ui.frame.frame import Payloads
from vit_explorer.ui.frame.tab import place_frame, place_header, place_strip
from vit_explorer.ui.guess.tab import place_guess
from vit_explorer.ui.home.tab import place_home
from vit_explorer.ui.patches.tab import place_patches
from vit_explorer.ui.payloads import model_payload, trace_payload
from vit_explorer.ui.positions.tab import place_positions
from vit_explorer.ui.recipe.tab import place_recipe
from vit_explorer.ui.text.tab import place_text
from vit_explorer.ui.tour.tab import place_tour
from vit_explorer.ui.tour.tour import Step, read_tour
from vit_explorer.ui.train.tab import place_train
from vit_explorer.ui.windows.tab import place_windows

TITLE = "ViT Explorer"
SYSTEM_FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif"]


def build_app(
    session: Session,
    service: TrainingService,
    gateway: Gateway | None = None,
    tour: tuple[Step, ...] = (),
) -> gr.Blocks:
    """Compose the page. Launch it with :func:`launch_options` and the same gateway.

    Args:
        tour: the steps of the tour; those that ship if there are none.
    """
    ledger = (gateway or Gateway()).ledger
    machine = threading.Lock()  # held while a view measures: two at once would spoil both
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        place_api(session, ledger)
        place_header(session)
        place_tour(tour or read_tour())
        with gr.Row(elem_id="body"):
            with gr.Column(elem_id="rail", scale=0, min_width=272):
                place_frame(session, Payloads(model_payload, partial(trace_payload, session.traces)))
            with gr.Column(elem_id="stage", min_width=300) as stage, gr.Row(elem_id="lead"):
                place_strip()
                place_guess()
            with stage, gr.Tabs(elem_id="tabs"):
                with gr.Tab("Home", id="home"):
                    place_home()
                with gr.Tab("Patches", id="patches"):
                    place_patches(session)
                with gr.Tab("Positions", id="positions"):
                    place_positions(session)
                with gr.Tab("Attention", id="attention"):
                    place_attention(session)
                with gr.Tab("Features", id="features"):
                    place_features(session)
                with gr.Tab("Windows", id="windows"):
                    place_windows(session, service.runs_folder, machine)
                with gr.Tab("Train", id="train"):
                    place_train(session, service)
                with gr.Tab("Recipe", id="recipe"):
                    place_recipe(session)
                with gr.Tab("Classify", id="classify"):
                    place_classify(session)
                with gr.Tab("Compare", id="compare"):
                    place_compare(session, service.runs_folder, machine)
                with gr.Tab("Roots", id="roots"):
                    place_text(machine)
                with gr.Tab("Exercises", id="exercises"):
                    place_exercises()
    return page


def launch_options(gateway: Gateway | None = None) -> dict[str, Any]:
    """What ``Blocks.launch`` must be given for the page to look and work as built; nothing in it leaves the machine.

    Args:
        gateway: answers the page's questions; one with the usual limits if None.
    """
    assets, gateway = Assets(), gateway or Gateway()
    return {
        "head": assets.head,
        "favicon_path": str(ICON),
        "app_kwargs": {"routes": [assets.route, *gateway.routes], "middleware": gateway.middleware},
        "max_file_size": gateway.ledger.limits.request_bytes,
        "theme": gr.themes.Base(font=SYSTEM_FONTS, font_mono=["ui-monospace", "DejaVu Sans Mono", "monospace"]),
        "footer_links": [],
        "ssr_mode": False,
    }
