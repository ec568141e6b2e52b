"""The lines of Python behind a view, from the files beside it.

VIEW.script.txt is a whole script. VIEW.example.txt follows ``example.txt`` of the core, which opens a network and an
image and records one forward pass as ``seen``.
"""

from __future__ import annotations

import html
from pathlib import Path

START = Path(__file__).parent / "example.txt"
MODEL, IMAGE = "vit-cifar10", "cat.jpg"  # as the examples name them; the page puts its own model in place


def read_example(view: Path) -> str | None:
    """The script behind a view, named by its HTML file; None for a view without one."""
    whole, follows = view.with_suffix(".script.txt"), view.with_suffix(".example.txt")
    if whole.is_file():
        return whole.read_text(encoding="utf-8")
    if follows.is_file():
        return f"{START.read_text(encoding='utf-8')}\n{follows.read_text(encoding='utf-8')}"
    return None


def example_markup(view: Path) -> str:
    """The script behind a view, folded, with a button that copies it; "" for a view without one."""
    script = read_example(view)
    if script is None:
        return ""
    return (
        '<details class="vx-python"><summary>As Python</summary><div>'
        '<button type="button" class="vx-button copy">Copy</button>'
        f'<pre tabindex="0"><code>{html.escape(script, quote=False)}</code></pre></div></details>'
    )
