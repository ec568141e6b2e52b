"""Figure of accuracy curves: training thin, test thick, names at the line ends.

matplotlib is imported when a figure is asked for, and used without pyplot: no state is shared between requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vit_explorer.figures.frame import GREY, LINE_HEIGHT, entitled, shortened, unframed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Axis = Literal["epochs", "images", "seconds"]

AXES: dict[Axis, str] = {
    "epochs": "epochs: passes over the training pictures",
    "images": "training pictures seen",
    "seconds": "seconds of training (looking at the test split not counted)",
}
COLOURS = ("#6d28d9", "#087f5b", "#8d6b00", "#b5179e")  # by place in the race, as on the page (--vx-run-0 to -3)
DASHES: tuple[Any, ...] = ("solid", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 2, 1, 2)))  # by race
CAPTION_LINES = 12  # at most; more would take the curves' room
LABEL_WIDTH = 21  # characters
RACES_WIDTH = 110  # characters that the names of all races share
RIGHT = 0.75  # where the axes end and the names begin
LABEL_GAP = 0.05  # between two labels, in heights of the axes
FLOOR = 0.1  # the scale of accuracies ends at least here


@dataclass(frozen=True)
class Curve:
    """Accuracy curve of one contender.

    Attributes:
        train, test: (n, 2) points, the place on the axis and the accuracy in 0..1.
        final: accuracy on the whole test split at the end, None for a run that is not over.
    """

    label: str
    train: np.ndarray
    test: np.ndarray
    final: float | None = None

    @property
    def end(self) -> tuple[float, float]:
        """Last point of the thick line, or of the thin one without a thick one."""
        x, y = (self.test if len(self.test) else self.train)[-1]
        return float(x), float(y)


def curves_figure(races: Sequence[tuple[str, Sequence[Curve]]], axis: Axis, title: str, caption: str) -> Figure:
    """Figure of all races on one pair of axes: the first solid, the second dashed.

    Args:
        races: (title, contenders); a contender without a point yet is left out.
        caption: the settings under which the curves came about.
    """
    figure, n_lines = entitled(title, caption, caption_lines=CAPTION_LINES)
    axes = figure.subplots()
    figure.subplots_adjust(
        left=0.06, right=RIGHT, bottom=0.11 + LINE_HEIGHT * n_lines, top=0.87 if len(races) == 1 else 0.825
    )
    drawn = [
        (curve, COLOURS[place % len(COLOURS)], DASHES[number % len(DASHES)])
        for number, (_, contenders) in enumerate(races)
        for place, curve in enumerate(contenders)
        if len(curve.train) or len(curve.test)
    ]
    for curve, colour, dashes in drawn:
        axes.plot(*curve.train.reshape(-1, 2).T, color=colour, linestyle=dashes, linewidth=0.9, alpha=0.75)
        axes.plot(*curve.test.reshape(-1, 2).T, color=colour, linestyle=dashes, linewidth=2.4)
        if curve.final is not None:
            axes.plot(curve.end[0], curve.final, "o", color=colour, markeredgecolor="white", zorder=5, clip_on=False)
    _scale(axes, [curve for curve, _, _ in drawn], axis)
    _name_lines(axes, drawn)
    _explain(figure, [name for name, _ in races], any(curve.final is not None for curve, _, _ in drawn))
    return figure


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Spread positions to at least ``gap`` apart, in order and near the wanted ones.

    All lie between ``low`` and ``high``; where that is too narrow for the gap they share it evenly.
    """
    if len(wanted) < 2:
        return [min(max(place, low), high) for place in wanted]
    gap = min(gap, (high - low) / (len(wanted) - 1))
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    # Without its index times the gap, each place may be equal to its neighbour's: least squares under that order is
    # the mean over each run of neighbours that would cross (pool adjacent violators).
    pools: list[list[float]] = []
    for rank, index in enumerate(order):
        pools.append([wanted[index] - rank * gap])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    free = [float(np.mean(pool)) for pool in pools for _ in pool]
    highest = high - gap * (len(wanted) - 1)
    placed = [0.0] * len(wanted)
    for rank, index in enumerate(order):
        placed[index] = min(max(free[rank], low), highest) + rank * gap
    return placed


def _scale(axes: Axes, curves: Sequence[Curve], axis: Axis) -> None:
    """Percentage axis from 0 to just above the highest point."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    highest = max(_accuracies(curves), default=FLOOR)
    end = max(
        (float(points[-1, 0]) for curve in curves for points in (curve.train, curve.test) if len(points)), default=0
    )
    axes.set_ylim(0, min(1.0, max(FLOOR, 1.05 * highest)))
    axes.set_xlim(0, end or 1)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    axes.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.set_xlabel(AXES[axis], fontsize=11)
    axes.set_title("Accuracy", fontsize=11, loc="left")
    unframed(axes)


def _accuracies(curves: Sequence[Curve]) -> Iterator[float]:
    for curve in curves:
        yield from (float(share) for points in (curve.train, curve.test) for _, share in points)
        if curve.final is not None:
            yield curve.final


def _name_lines(axes: Axes, drawn: Sequence[tuple[Curve, str, object]]) -> None:
    """Name at the end of each line, with a thin leader."""
    end, top = axes.get_xlim()[1], axes.get_ylim()[1]
    heights = spread([curve.end[1] / top for curve, _, _ in drawn], LABEL_GAP, 0.02, 0.98)
    for (curve, colour, dashes), height in zip(drawn, heights, strict=True):
        share = curve.end[1] if curve.final is None else curve.final
        axes.annotate(
            f"{shortened(curve.label, LABEL_WIDTH)}  {100 * share:.1f} %",
            xy=(curve.end[0] / end, curve.end[1] / top),
            xytext=(1.035, height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            fontsize=10,
            color=colour,
            weight="bold",
            parse_math=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linestyle": dashes, "linewidth": 0.9, "relpos": (0, 0.5)},
            annotation_clip=False,
        )


def _explain(figure: Figure, titles: Sequence[str], finished: bool) -> None:
    """Legend of thick, thin and dot, and for several races of solid and dashed."""
    from matplotlib.lines import Line2D

    dot: dict[str, Any] = {"marker": "o", "linestyle": "none", "markeredgecolor": "white"}
    kinds = [
        Line2D([], [], color=GREY, linewidth=2.4, label="test"),
        Line2D([], [], color=GREY, linewidth=0.9, label="training, as seen on the way"),
        *([Line2D([], [], color=GREY, label="whole test split, at the end", **dot)] if finished else []),
    ]
    races = [
        Line2D([], [], color=GREY, linestyle=DASHES[number % len(DASHES)], label=shortened(title, width))
        for width in [RACES_WIDTH // max(1, len(titles))]
        for number, title in enumerate(titles)
    ]
    legends: list[tuple[list[Line2D], Literal["upper right", "upper left"], tuple[float, float]]] = [
        (kinds, "upper right", (RIGHT, 0.935)),
        (races, "upper left", (0.05, 0.895)),
    ]
    for keys, corner, place in legends:
        if keys is kinds or len(races) > 1:
            row = figure.legend(
                handles=keys, loc=corner, bbox_to_anchor=place, ncols=len(keys), frameon=False, fontsize=9
            )
            for text in row.get_texts():
                text.set_parse_math(False)
