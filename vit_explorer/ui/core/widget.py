"""Components that a person points at: an HTML, a CSS and a JavaScript file each, in the folder of their tab, on top of
gr.HTML.

The JavaScript file is a module that the page loads when Gradio has placed the view, see ``widget.js``. The HTML files
go through Gradio's template engine, so they hold no ``${`` and no ``{{``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from vit_explorer.ui.core.example import example_markup
from vit_explorer.ui.core.serve import ServerFunction
from vit_explorer.ui.core.terms import mark_terms


def widget(beside: str, name: str, server_functions: list[ServerFunction] | None = None, **options: Any) -> gr.HTML:
    """Place the widget of this name here.

    Args:
        beside: the ``__file__`` of a module in the folder of its tab.
        name: the stem of its files, with the tab's own name before it or not: "windows-bar" of the Windows tab lies in
            windows/bar.html and windows/bar.js.
        server_functions: of :func:`serve`, which its script asks by their names, see ``server.js``.
        options: of gr.HTML, such as ``elem_id``.
    """
    place = template(beside, name)
    module = f"{place.parent.name}/{place.stem}"
    markup = mark_terms(place.read_text(encoding="utf-8"), place.parent.name) + example_markup(place)
    placed = gr.HTML(
        html_template=f'<div class="vx-widget vx-{name}">{markup}</div>',
        server_functions=server_functions,
        apply_default_css=False,
        **options,
    )
    placed.js_on_load = f"vx.mount({module!r}, element, {placed._id});"  # by this number its functions are asked
    return placed


def template(beside: str, name: str) -> Path:
    """The HTML file of a widget; see :func:`widget`."""
    folder = Path(beside).parent
    return folder / f"{name.removeprefix(f'{folder.name}-')}.html"
