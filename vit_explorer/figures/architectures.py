"""Figure of architectures: accuracy over cost, beside a table of all numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from vit_explorer.figures.frame import GREY, INKS, LINE_HEIGHT, SHAPES, accuracy_axes, entitled, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE = "Accuracy and cost of the networks"
HEADS = (
    "weights",
    "multiply-adds",
    "twice\nthe side",
    "attention\nscores",
    "one\npicture",
    "pictures\na second",
    "test\naccuracy",
)
PLACES = (0.375, 0.51, 0.6, 0.7, 0.8, 0.895, 1.0)  # where the columns of the table end, in its widths
NONE = "–"
LABEL_WIDTH = 18  # characters
MARGIN, ROOM = 1.25, 0.02  # of the costs, a factor; of the accuracies, a share
SCATTER, TABLE = (0.06, 0.36), (0.4, 0.975)  # from where to where, in widths of the figure


@dataclass(frozen=True)
class DrawnModel:
    """One network of the figure.

    Attributes:
        kind: a key of INKS.
        doubled: how many times its multiply-adds at twice the side of the image.
        law: of the attention scores of a layer and head; empty without attention.
        latency: seconds of one image, and ``per_second`` images in a batch; None where they were not measured.
        accuracy: on the test split, in 0..1.
    """

    kind: str
    label: str
    parameters: int
    multiply_adds: int
    doubled: float | None
    law: str
    latency: float | None
    per_second: float | None
    accuracy: float


def draw_architectures(rows: Sequence[Mapping[str, Any]], measured: Mapping[str, Any] | None, data: str) -> Figure:
    """Figure of the networks tested on ``data``, the most accurate first.

    Args:
        rows: of ``explain.architectures``. measured: times by model with when and where they were taken, or None.
    Raises:
        ValueError: if there is none.
    """
    tested = [row for row in rows if row["data"] == data and row["test_accuracy"] is not None]
    times = (measured or {}).get("models", {})
    twice = len({row["short"] for row in tested}) < len(tested)
    drawn = [
        DrawnModel(
            row["architecture"],
            row["name"] if twice else row["short"],
            row["parameters"],
            row["multiply_adds"],
            row["doubled"],
            row["law"] or "",
            times.get(row["name"], {}).get("latency", {}).get("median"),
            times.get(row["name"], {}).get("throughput", {}).get("per_second"),
            row["test_accuracy"],
        )
        for row in tested
    ]
    return architectures_figure(drawn, TITLE, _caption(tested, measured, data))


def architectures_figure(models: Sequence[DrawnModel], title: str, caption: str) -> Figure:
    """Figure of networks, in the given order.

    Raises:
        ValueError: if there is no model to draw.
    """
    if not models:
        raise ValueError("there is no model to draw yet")
    models = sorted(models, key=lambda one: -one.accuracy)
    figure, n_lines = entitled(title, caption)
    scatter, table = figure.subplots(1, 2)
    bottom = 0.13 + LINE_HEIGHT * n_lines
    for axes, (left, right) in ((scatter, SCATTER), (table, TABLE)):
        axes.set_position((left, bottom, right - left, 0.84 - bottom))
    _plot(scatter, models)
    _list(table, models)
    return figure


def short_number(value: float) -> str:
    """Number to three digits with its unit: 810 k, 55.8 M."""
    for unit, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= 0.9995 * unit:
            digits = 2 if value < 9.995 * unit else 1 if value < 99.95 * unit else 0
            return f"{value / unit:.{digits}f}{name}"
    return f"{value:g}"


def _plot(axes: Axes, models: Sequence[DrawnModel]) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter

    for one in models:
        axes.plot(one.multiply_adds, one.accuracy, marker=SHAPES[one.kind], color=INKS[one.kind], markersize=10,
                  alpha=0.85, linestyle="none", clip_on=False)  # fmt: skip
    costs, accuracies = [one.multiply_adds for one in models], [one.accuracy for one in models]
    low, high = min(costs) / MARGIN, max(costs) * MARGIN
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(max(0.0, min(accuracies) - ROOM), min(1.0, max(accuracies) + ROOM))
    few, many = (
        [step * 10.0**power for power in range(-2, 15) for step in steps if low <= step * 10.0**power <= high]
        for steps in ((1, 2, 5), (1, 1.5, 2, 3, 5, 7))
    )
    axes.xaxis.set_major_locator(FixedLocator(few if len(few) >= 3 else many))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 1e6:g} M"))
    accuracy_axes(axes, "multiply-adds of one picture")


def _list(axes: Axes, models: Sequence[DrawnModel]) -> None:
    """Table with a line and a mark for each network; a row is one unit high."""
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(len(models), 0)
    for place, head in zip(PLACES, HEADS, strict=True):
        axes.annotate(head, (place, 0), (0, 3), textcoords="offset points", ha="right", fontsize=9, color=GREY)
    for row, one in enumerate(models):
        axes.axhline(row, color="#e6e8eb", linewidth=0.8)
        ink, middle = INKS[one.kind], row + 0.5
        axes.plot(0.012, middle, marker=SHAPES[one.kind], markersize=9, color=ink, linestyle="none", clip_on=False)
        name: dict[str, Any] = {"fontsize": 10.5, "weight": "bold", "color": ink, "va": "center", "parse_math": False}
        axes.text(0.035, middle, shortened(one.label, LABEL_WIDTH), **name)
        for place, cell in zip(PLACES, _cells(one), strict=True):
            axes.text(place, middle, cell, ha="right", va="center", fontsize=10, parse_math=False)


def _cells(one: DrawnModel) -> tuple[str, ...]:
    return (
        short_number(one.parameters),
        short_number(one.multiply_adds),
        NONE if one.doubled is None else f"× {one.doubled:.2f}",
        one.law or NONE,
        NONE if one.latency is None else f"{1000 * one.latency:.3g} ms",
        NONE if one.per_second is None else f"{one.per_second:,.0f}",
        f"{Decimal(100 * one.accuracy).quantize(Decimal('0.1'), ROUND_HALF_UP)} %",
    )


def _caption(tested: Sequence[Mapping[str, Any]], measured: Mapping[str, Any] | None, data: str) -> str:
    counts = sorted({row["n_test"] for row in tested if row["n_test"]})
    sides = sorted({row["side"] for row in tested})
    pictures = f"{counts[0]:,} test pictures" if len(counts) == 1 else "Test pictures"
    said = (
        f"{pictures} of {data}, {' and '.join(map(str, sides))} px. Weights and multiply-adds are counted, the latter "
        "also for pictures of twice the side; N: tokens of the first layer."
    )
    if measured is None:
        return f"{said} Times were not measured."
    batch = next((own["throughput"]["batch"] for own in measured["models"].values() if "throughput" in own), None)
    batches = f", pictures a second in batches of {batch}" if batch else ""
    return (
        f"{said} Times: plain forward passes of all networks in turns, warmed up, medians{batches}; "
        f"{measured['machine']}, torch {measured['torch']}, {measured['date'][:10]}."
    )
