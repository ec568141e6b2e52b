"""Figure of accuracy over the number of training images, a curve per network.

matplotlib is imported when a figure is asked for, and used without pyplot: no state is shared between requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vit_explorer.figures.curves import spread
from vit_explorer.figures.frame import GREY, INKS, LINE_HEIGHT, SHAPES, accuracy_axes, entitled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RIGHT = 0.8  # where the axes end and the names begin
LABEL_GAP = 0.06  # between two names, in heights of the axes
STEP, ROOM = 0.1, 0.015  # of accuracy: the axis ends at a multiple of the one, the other away from any point


@dataclass(frozen=True)
class ScalingCurve:
    """Data scaling curve of one kind of network.

    Attributes:
        kind: a key of INKS; ``label`` is what people read.
        points: (n, 3) images, mean accuracy in 0..1, standard deviation over seeds (0 for one seed).
        own: (m, 2) images and accuracy of single runs beside the curve.
    """

    kind: str
    label: str
    points: np.ndarray
    own: np.ndarray


def scaling_figure(curves: Sequence[ScalingCurve], title: str, caption: str) -> Figure:
    """Figure of all curves over a logarithmic number of images; runs as rings.

    Raises:
        ValueError: if there is no point to draw.
    """
    drawn = [curve for curve in curves if len(curve.points) or len(curve.own)]
    if not drawn:
        raise ValueError("there is no run to draw yet")
    figure, n_lines = entitled(title, caption)
    axes = figure.subplots()
    figure.subplots_adjust(left=0.06, right=RIGHT, bottom=0.13 + LINE_HEIGHT * n_lines, top=0.87)
    for curve in drawn:
        _draw(axes, curve)
    _scale(axes, drawn)
    _name(axes, drawn)
    _explain(figure, drawn)
    return figure


def _draw(axes: Axes, curve: ScalingCurve) -> None:
    ink, shape = INKS[curve.kind], SHAPES[curve.kind]
    if len(curve.points):
        sizes, means, spreads = curve.points.T
        axes.errorbar(
            sizes, means, yerr=np.where(spreads > 0, spreads, np.nan), color=ink, marker=shape, markersize=6,
            linewidth=2.2, elinewidth=1.4, capsize=4,
        )  # fmt: skip
    for size, accuracy in curve.own:
        ring: dict[str, Any] = {
            "markersize": 13,
            "markerfacecolor": "none",
            "markeredgecolor": ink,
            "markeredgewidth": 2.2,
        }
        axes.plot(size, accuracy, marker="o", linestyle="none", clip_on=False, **ring)
        axes.plot(size, accuracy, marker=shape, linestyle="none", markersize=5, color=ink, clip_on=False)


def _scale(axes: Axes, drawn: Sequence[ScalingCurve]) -> None:
    """Percentage axis in tens around all points, and ticks at the measured numbers."""
    from matplotlib.ticker import FuncFormatter

    sizes = np.unique(np.concatenate([curve.points[:, 0] for curve in drawn]))
    own = np.concatenate([curve.own[:, 0] for curve in drawn])
    low = np.concatenate([np.append(curve.points[:, 1] - curve.points[:, 2], curve.own[:, 1]) for curve in drawn])
    high = np.concatenate([np.append(curve.points[:, 1] + curve.points[:, 2], curve.own[:, 1]) for curve in drawn])
    bottom, top = np.floor((low.min() - ROOM) / STEP) * STEP, np.ceil((high.max() + ROOM) / STEP) * STEP
    everywhere = np.append(sizes, own)
    axes.set_xscale("log")
    axes.set_xlim(everywhere.min() / 1.15, everywhere.max() * 1.15)
    axes.set_xticks(sizes if len(sizes) else np.unique(own))
    axes.set_ylim(max(0.0, bottom), min(1.0, top))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    accuracy_axes(axes, "training pictures")


def _name(axes: Axes, drawn: Sequence[ScalingCurve]) -> None:
    """Name at the end of each line, with a thin leader."""
    named = [curve for curve in drawn if len(curve.points)]
    low, high = axes.get_ylim()
    ends = [(curve.points[-1, 1] - low) / (high - low) for curve in named]
    for curve, end, height in zip(named, ends, spread(ends, LABEL_GAP, 0.02, 0.98), strict=True):
        place = axes.transAxes.inverted().transform(axes.transData.transform(curve.points[-1, :2]))
        axes.annotate(
            f"{curve.label}  {100 * curve.points[-1, 1]:.1f} %",
            xy=(float(place[0]), end),
            xytext=(1.035, height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            fontsize=10,
            color=INKS[curve.kind],
            weight="bold",
            parse_math=False,
            arrowprops={"arrowstyle": "-", "color": INKS[curve.kind], "linewidth": 0.9, "relpos": (0, 0.5)},
            annotation_clip=False,
        )


def _explain(figure: Figure, drawn: Sequence[ScalingCurve]) -> None:
    """Legend of point, bar and ring; only of the drawn ones."""
    from matplotlib.lines import Line2D

    several = any((curve.points[:, 2] > 0).any() for curve in drawn)
    name = "mean over seeds" if several else "a run of the sweep"
    keys = [Line2D([], [], color=GREY, marker="s", linewidth=2.2, label=name)]
    if several:
        bar: dict[str, Any] = {"marker": "|", "markersize": 14, "linestyle": "none"}
        keys.append(Line2D([], [], color=GREY, label="standard deviation over seeds", **bar))
    if any(len(curve.own) for curve in drawn):
        ring: dict[str, Any] = {
            "marker": "o",
            "markersize": 11,
            "linestyle": "none",
            "fillstyle": "none",
            "markeredgewidth": 2,
        }
        keys.append(Line2D([], [], color=GREY, label="a run of one's own", **ring))
    figure.legend(
        handles=keys, loc="upper right", bbox_to_anchor=(RIGHT, 0.935), ncols=len(keys), frameon=False, fontsize=9
    )
