"""The Recipe tab: what a modern recipe does to pictures, labels and the network while it trains."""

from __future__ import annotations

from typing import Any

import gradio as gr

from vit_explorer.ui.core.errors import answered
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.recipe.apply import apply_ingredient
from vit_explorer.ui.recipe.disagreement import Disagreements
from vit_explorer.ui.recipe.distillation import two_heads
from vit_explorer.ui.recipe.ladder import export_ladder, ladder_view


def place_recipe(session: Session) -> None:
    """Place the tab and its views, one at a time."""
    with gr.Tabs(elem_id="recipe-tabs"):
        with gr.Tab("Ingredients", id="ingredients"):
            place_ingredients(session)
        with gr.Tab("Distillation", id="distillation"):
            place_distillation(session)
        with gr.Tab("Ladder", id="ladder"):
            place_ladder(session)


def place_ingredients(session: Session) -> None:
    """Place each ingredient of the recipe, applied to the picture at hand; every change asks the server."""

    @answered
    def ingredient(request: dict[str, Any]) -> dict[str, Any]:
        return apply_ingredient(session, request)

    widget(__file__, "recipe-ingredients", [ingredient], elem_id="recipe-ingredients")


def place_distillation(session: Session) -> None:
    """Place the two tokens of a DeiT on the picture at hand, and below how often its heads and its teacher disagree."""
    disagreements = Disagreements()

    @answered
    def tokens(request: dict[str, Any]) -> dict[str, Any]:
        return two_heads(session, request)

    @answered
    def disagree(request: dict[str, Any]) -> dict[str, Any]:
        return disagreements.ask(session, request)

    @answered
    def examples(request: dict[str, Any]) -> dict[str, Any]:
        return disagreements.examples(session, request)

    widget(__file__, "distillation", [tokens], elem_id="distillation")
    widget(__file__, "disagreement", [disagree, examples], elem_id="disagreement")


def place_ladder(session: Session) -> None:
    """Place what each ingredient brought in trainings made before; it is asked for once, when the view is opened."""

    @answered
    def ladder(request: dict[str, Any]) -> dict[str, Any]:
        return ladder_view(session)

    @answered
    def export(request: dict[str, Any]) -> dict[str, Any]:
        return export_ladder(session, request)

    widget(__file__, "ladder", [ladder, export], elem_id="ladder")
