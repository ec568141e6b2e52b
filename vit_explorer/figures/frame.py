"""What all figures share: their size, title and caption, the look of their axes, and the files they become.

matplotlib is imported when a figure is asked for, and used without pyplot: no state is shared between requests.
"""

from __future__ import annotations

import io
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (12.0, 6.6)  # inches
DPI = 200
MIME = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
CAPTION_WIDTH = 175  # characters
TITLE_WIDTH = 80  # characters
LINE_HEIGHT = 0.025  # of a line of the caption, in heights of a figure of SIZE
GREY, GRID = "#444", "#e6e8eb"


def entitled(
    title: str,
    caption: str,
    size: tuple[float, float] = SIZE,
    caption_width: int = CAPTION_WIDTH,
    caption_lines: int | None = None,
) -> tuple[Figure, int]:
    """An empty figure with its title above and its caption below.

    Args:
        title: cut to one line.
        caption_width: characters of a line.
        caption_lines: at most; what does not fit ends in an ellipsis.
    Returns:
        The figure, and how many lines its caption takes.
    """
    from matplotlib.figure import Figure

    lines = textwrap.wrap(caption, caption_width, max_lines=caption_lines, placeholder=" …")
    figure = Figure(figsize=size)
    place = {"x": 0.04, "y": 0.975, "ha": "left"}
    figure.suptitle(shortened(title, TITLE_WIDTH), fontsize=15, weight="bold", parse_math=False, **place)
    figure.text(0.04, 0.02, "\n".join(lines), fontsize=9, va="bottom", color=GREY, parse_math=False)
    return figure, len(lines)


def shortened(text: str, width: int) -> str:
    """On one line, and no longer than ``width`` characters, also where it is one long word."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def unframed(axes: Axes) -> None:
    """Without a frame and ticks, on a light grid behind everything."""
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=9)
    for spine in axes.spines.values():
        spine.set_visible(False)


def bare(axes: Axes) -> None:
    """A picture alone: no ticks, no frame."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def figure_bytes(figure: Figure, format: str) -> bytes:
    """The figure as a "png", "svg" or "pdf" file; the same figure gives the same picture, no date is written."""
    dates = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    buffer = io.BytesIO()
    figure.savefig(buffer, format=format, dpi=DPI, metadata=dates[format])
    return buffer.getvalue()
