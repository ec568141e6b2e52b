"""Components that a person points at: NAME.html, NAME.css and NAME.js each, on top of gr.HTML.

core.js and core.css are what they share. All scripts and styles are sent once, in the page's head: nothing is fetched
from anywhere else. The HTML files go through Gradio's template engine, so they hold no ``${`` and no ``{{``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

FOLDER = Path(__file__).parent
ServerFunction = Callable[[dict[str, Any]], dict[str, Any]]


def widget(name: str, server_functions: list[ServerFunction] | None = None, **options: Any) -> gr.HTML:
    """Place the widget of this name here.

    Args:
        name: the stem of its files; NAME.js must call ``vx.widget("NAME", ...)``.
        server_functions: what its script may call as ``server.FUNCTION(request)``; each takes and returns a dict.
        options: of gr.HTML, such as ``elem_id``.
    """
    inside = (FOLDER / f"{name}.html").read_text(encoding="utf-8")
    return gr.HTML(
        html_template=f'<div class="vx-widget vx-{name}">{inside}</div>',
        js_on_load=f"vx.mount({name!r}, element, typeof server === 'undefined' ? null : server);",
        server_functions=server_functions,
        apply_default_css=False,
        **options,
    )


def scripts() -> str:
    """All scripts, those that the others use first, as one element for the page's head."""
    shared = [FOLDER / "core.js", FOLDER / "core-draw.js", FOLDER / "core-camera.js"]
    files = [*shared, *sorted(path for path in FOLDER.glob("*.js") if path not in shared)]
    return "<script>\n" + "\n".join(path.read_text(encoding="utf-8") for path in files) + "\n</script>"


def styles() -> str:
    """All styles, core.css first."""
    files = [FOLDER / "core.css", *sorted(path for path in FOLDER.glob("*.css") if path.name != "core.css")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)
