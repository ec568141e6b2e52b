"""Figure of a ladder of recipes: test accuracy from rung to rung.

matplotlib is imported when a figure is asked for, and used without pyplot: no state is shared between requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vit_explorer.figures.frame import LINE_HEIGHT, entitled, shortened, unframed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = "PuOr_r"  # of signed values, as on the page: what is lost violet, what is gained orange
CAPTION_LINES = 8  # at most; more would take the ladder's room
LABEL_WIDTH = 32  # characters
LEFT, RIGHT = 0.24, 0.78  # where the axes begin and end, in widths of the figure
MARGIN = 0.012  # beside the outermost points, in accuracy
SMALLEST = 0.01  # of the colours' half range: a point; less would make chance look like much
REACH = 1.3  # of the colours, times the largest step: their darkest ends are left out, dots lie on them


@dataclass(frozen=True)
class DrawnRung:
    """One rung of the figure.

    Attributes:
        tests, trains: (seeds,) accuracies in 0..1.
        gain: over the rung below, in 0..1; None where there is none.
    """

    label: str
    tests: np.ndarray
    trains: np.ndarray
    gain: float | None = None


def ladder_figure(rungs: Sequence[DrawnRung], teacher: np.ndarray | None, title: str, caption: str) -> Figure:
    """Figure of the rungs from below; dots are seeds, the bar is the mean's step.

    Args:
        teacher: (seeds,) accuracies of the teacher, a line of its own; None for none.
        caption: the settings under which the numbers came about.
    """
    figure, n_lines = entitled(title, caption, caption_lines=CAPTION_LINES)
    axes = figure.subplots()
    figure.subplots_adjust(left=LEFT, right=RIGHT, bottom=0.12 + LINE_HEIGHT * n_lines, top=0.86)
    _scale(axes, rungs, teacher)
    _steps(axes, rungs)
    for place, rung in enumerate(rungs):
        if len(rung.tests) > 1:
            heights = np.full(len(rung.tests), place)
            axes.plot(rung.tests, heights, "o", color="#14181d", markeredgecolor="white", markersize=5, zorder=5)
        axes.plot([rung.tests.mean()] * 2, [place - 0.34, place + 0.34], color="#14181d", linewidth=2.6, zorder=4)
        _say(axes, rung, place)
    if teacher is not None:
        mean = float(teacher.mean())
        axes.axvline(mean, color="#0b5cad", linestyle=(0, (5, 3)), linewidth=1.6)
        side = "right" if mean > sum(axes.get_xlim()) / 2 else "left"  # away from the heads of the columns
        axes.annotate(
            f"teacher {100 * mean:.1f} %", (mean, 1.0), (0, 4), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha=side, fontsize=10, color="#0b5cad", weight="bold",
        )  # fmt: skip
    return figure


def colour_limit(gains: Sequence[float | None]) -> float:
    """Half the range of the colours for steps in accuracy; white is none."""
    return REACH * max([SMALLEST, *(abs(gain) for gain in gains if gain is not None)])


def _steps(axes: Axes, rungs: Sequence[DrawnRung]) -> None:
    """Bar from the rung below to this one in the colour of the gain, and a rail."""
    from matplotlib import colormaps
    from matplotlib.colors import Normalize

    limit = colour_limit([rung.gain for rung in rungs])
    colour, shade = colormaps[COLOURS], Normalize(-limit, limit)
    for place, rung in enumerate(rungs):
        if rung.gain is None:
            continue
        end = float(rung.tests.mean())
        axes.barh(
            place, rung.gain, left=end - rung.gain, height=0.5, color=colour(shade(rung.gain)), edgecolor="#55606d"
        )
        axes.plot([end - rung.gain] * 2, [place - 0.66, place - 0.25], color="#55606d", linewidth=0.9)


def _say(axes: Axes, rung: DrawnRung, place: int) -> None:
    """Texts beside the ladder: step in points, mean with spread, training accuracy."""
    spread = f" ± {100 * rung.tests.std(ddof=1):.1f}" if len(rung.tests) > 1 else ""
    texts = (
        (1.02, "" if rung.gain is None else signed(rung.gain), "bold"),
        (1.11, f"{100 * rung.tests.mean():.1f}{spread}", "normal"),
        (1.23, f"{100 * rung.trains.mean():.1f}", "normal"),
    )
    for x, text, weight in texts:
        axes.annotate(text, (x, place), xycoords=("axes fraction", "data"), va="center", fontsize=9.5, weight=weight)


def _scale(axes: Axes, rungs: Sequence[DrawnRung], teacher: np.ndarray | None) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    shares = np.concatenate([*(rung.tests for rung in rungs), teacher if teacher is not None else []])
    axes.set_xlim(max(0.0, float(shares.min()) - MARGIN), min(1.0, float(shares.max()) + MARGIN))
    axes.set_ylim(-0.7, len(rungs) - 0.3)
    axes.set_yticks(range(len(rungs)), [shortened(rung.label, LABEL_WIDTH) for rung in rungs])
    for text in axes.get_yticklabels():
        text.set_parse_math(False)
    axes.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g} %"))
    several = any(len(rung.tests) > 1 for rung in rungs)
    what = " (dots: seeds, thick: their mean)" if several else ""
    axes.set_xlabel(f"accuracy on the test split{what}", fontsize=11)
    unframed(axes)
    axes.grid(visible=False, axis="y")
    axes.tick_params(labelsize=10)
    for x, heading in ((1.02, "step"), (1.11, "test %"), (1.23, "train %")):
        axes.annotate(heading, (x, 1.0), (0, 4), xycoords="axes fraction", textcoords="offset points", color="#555")


def signed(gain: float) -> str:
    """Difference in points with a sign, without one if rounded to zero."""
    text = f"{abs(100 * gain):.1f}"
    return text if float(text) == 0 else ("−" if gain < 0 else "+") + text
