"""The Recipe tab: what a modern recipe does to pictures, labels and the network while it trains."""

from __future__ import annotations

from typing import Any

import gradio as gr

from vit_explorer.ui.answers import answered
from vit_explorer.ui.recipe_answers import apply_ingredient
from vit_explorer.ui.session import Session
from vit_explorer.ui.widgets import widget


def place_recipe(session: Session) -> None:
    """Place the tab and its views, one at a time."""
    with gr.Tabs(elem_id="recipe-tabs"), gr.Tab("Ingredients", id="ingredients"):
        place_ingredients(session)


def place_ingredients(session: Session) -> None:
    """Place each ingredient of the recipe, applied to the picture at hand; every change asks the server."""

    @answered
    def ingredient(request: dict[str, Any]) -> dict[str, Any]:
        return apply_ingredient(session, request)

    widget("recipe-ingredients", [ingredient], elem_id="recipe-ingredients")
