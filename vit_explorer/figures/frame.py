"""Common parts of all figures: size, title, caption, axes, file formats.

matplotlib is imported when a figure is asked for, and used without pyplot: no state is shared between requests.
"""

from __future__ import annotations

import io
import textwrap
from pathlib import Path
from threading import Lock
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
# By kind of network, as on the page (--vx-run-1, -0, --vx-text, --vx-run-2, -3, --vx-accent). Shapes tell it as well.
INKS = {
    "cnn": "#087f5b", "vit": "#6d28d9", "vit-conv": "#14181d",
    "hybrid": "#8d6b00", "deit": "#b5179e", "swin": "#0b5cad",
}  # fmt: skip
SHAPES = {"cnn": "s", "vit": "o", "vit-conv": "^", "hybrid": "D", "deit": "v", "swin": "P"}

_settings = Lock()  # matplotlib's are those of the whole process


def entitled(
    title: str,
    caption: str,
    size: tuple[float, float] = SIZE,
    caption_width: int = CAPTION_WIDTH,
    caption_lines: int | None = None,
) -> tuple[Figure, int]:
    """Empty figure with a title above and a caption below.

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
    """Text on one line of at most ``width`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def unframed(axes: Axes) -> None:
    """Without a frame and ticks, on a light grid behind everything."""
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=9)
    for spine in axes.spines.values():
        spine.set_visible(False)


def accuracy_axes(axes: Axes, across: str) -> None:
    """Accuracy on the test split upwards, in percent, over a logarithmic axis with this label and no minor ticks."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.3g} %"))
    axes.set_xlabel(across, fontsize=11)
    axes.set_title("Accuracy on the test split", fontsize=11, loc="left")
    unframed(axes)


def bare(axes: Axes) -> None:
    """Draw an image without ticks and frame."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def write_figure(figure: Figure, path: Path) -> None:
    """Write a PNG, SVG or PDF file, by the file's extension.

    Raises:
        ValueError: for another kind of file, or one that cannot be written.
    """
    format = figure_format(path)
    try:
        path.write_bytes(figure_bytes(figure, format))
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror or error}") from error


def figure_format(path: Path) -> str:
    """Format of a file name: a key of MIME. Raises ValueError for others."""
    format = path.suffix[1:].lower()
    if format not in MIME:
        raise ValueError(f"a figure ends in {', '.join(f'.{kind}' for kind in MIME)}, not in {path.name!r}")
    return format


def figure_bytes(figure: Figure, format: str) -> bytes:
    """Figure as a "png", "svg" or "pdf" file, reproducible and without a date; an SVG's words are words."""
    from matplotlib import rc_context

    dates = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    buffer = io.BytesIO()
    with _settings, rc_context({"svg.fonttype": "none", "svg.hashsalt": "vit-explorer"}):  # the same ids each time
        figure.savefig(buffer, format=format, dpi=DPI, metadata=dates[format])
    return buffer.getvalue()
