"""The Recipe tab: what a modern training recipe does to images, labels and the network."""

from __future__ import annotations

import gradio as gr

from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.recipe.apply import apply_ingredient
from vit_explorer.ui.recipe.disagreement import Disagreements
from vit_explorer.ui.recipe.distillation import distillation_tokens
from vit_explorer.ui.recipe.ladder import describe_ladder, export_ladder


def place_recipe(session: Session) -> None:
    """Place the tab and its views, one at a time."""
    with gr.Tabs(elem_id="recipe-tabs", elem_classes="vx-subtabs"):
        with gr.Tab("Ingredients", id="ingredients"):
            ingredients = serve(session, ingredient=apply_ingredient)
            widget(__file__, "recipe-ingredients", ingredients, elem_id="recipe-ingredients")
        with gr.Tab("Distillation", id="distillation"):
            widget(__file__, "distillation", serve(session, tokens=distillation_tokens), elem_id="distillation")
            counts = Disagreements()
            disagreement = serve(session, disagree=counts.count, examples=counts.examples)
            widget(__file__, "disagreement", disagreement, elem_id="disagreement")
        with gr.Tab("Which helped most?", id="ladder"):
            ladder = serve(session, ladder=describe_ladder, export=export_ladder)
            widget(__file__, "ladder", ladder, elem_id="ladder")
