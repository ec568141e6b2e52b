"""Components that a person points at: an HTML, a CSS and a JavaScript file each, in the folder of their tab, on top of
gr.HTML.

vx.js and core.css are what they share. All scripts and styles are sent once, in the page's head: nothing is fetched
from anywhere else. The HTML files go through Gradio's template engine, so they hold no ``${`` and no ``{{``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

CORE = Path(__file__).parent
PAGE = CORE.parent
ServerFunction = Callable[[dict[str, Any]], dict[str, Any]]


def widget(beside: str, name: str, server_functions: list[ServerFunction] | None = None, **options: Any) -> gr.HTML:
    """Place the widget of this name here.

    Args:
        beside: the ``__file__`` of a module in the folder of its tab.
        name: the stem of its files, with the tab's own name before it or not: "windows-bar" of the Windows tab lies in
            windows/bar.html. Its script must call ``vx.widget("windows-bar", ...)``.
        server_functions: what its script may call as ``server.FUNCTION(request)``; each takes and returns a dict.
        options: of gr.HTML, such as ``elem_id``.
    """
    inside = template(beside, name).read_text(encoding="utf-8")
    return gr.HTML(
        html_template=f'<div class="vx-widget vx-{name}">{inside}</div>',
        js_on_load=f"vx.mount({name!r}, element, typeof server === 'undefined' ? null : server);",
        server_functions=server_functions,
        apply_default_css=False,
        **options,
    )


def template(beside: str, name: str) -> Path:
    """The HTML file of a widget; see :func:`widget`."""
    folder = Path(beside).parent
    return folder / f"{name.removeprefix(f'{folder.name}-')}.html"


def scripts() -> str:
    """All scripts, those that the others use first, as one element for the page's head."""
    shared = [CORE / "vx.js", CORE / "draw.js", CORE / "camera.js"]
    shared += sorted(path for path in CORE.glob("*.js") if path not in shared)
    files = [*shared, *sorted(path for path in PAGE.glob("*/*.js") if path.parent != CORE)]
    texts = [path.read_text(encoding="utf-8") for path in files]
    plain = [text for text in texts if "\nexport " not in text]  # modules cannot be part of one script
    return "<script>\n" + "\n".join(plain) + "\n</script>"


def styles() -> str:
    """All styles, core.css first."""
    files = [CORE / "core.css", *sorted(path for path in PAGE.glob("*/*.css") if path.parent != CORE)]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)
