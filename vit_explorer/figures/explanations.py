"""Figures of explanations: scored maps, an ablated prediction, layer by layer.

matplotlib is used without pyplot, as in frame.py: no state is shared between requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vit_explorer.figures.frame import entitled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.gridspec import SubplotSpec

COLOURS = "viridis"  # the page's map of magnitudes
LINES = ("#6d28d9", "#087f5b", "#8d6b00", "#b5179e")  # the page's four contenders
RANDOM_LINE = "#6b7682"
MIXED = 0.62  # how much of a map covers the grey picture, as on the page
MEASURES = {"deletion": "Deletion: lower is better", "insertion": "Insertion: higher is better"}
CAPTION_WIDTH = 170  # characters
N_CLASSES = 6  # in a list


@dataclass(frozen=True)
class Explained:
    """Map (rows, cols), and per measure an area and a probability curve (K + 1,)."""

    title: str
    values: np.ndarray
    scores: dict[str, tuple[float, np.ndarray]]


def explanations_figure(
    picture: np.ndarray,
    explained: Sequence[Explained],
    random: dict[str, tuple[float, np.ndarray]],
    fractions: np.ndarray,
    title: str,
    caption: str,
) -> Figure:
    """Image, every map over the image with both areas, and all curves.

    Args:
        picture: (H, W, 3) uint8.
        random: per measure the mean area and the mean curve of random maps.
        fractions: (K + 1,), the fraction of patches exchanged.
    """
    figure, cells = _page(title, caption, (12, 8.2), 2, [1, 1.15])
    top = cells[0].subgridspec(1, max(len(explained) + 1, 5), wspace=0.12)
    _show_picture(figure.add_subplot(top[0]), picture, "The picture")
    for index, one in enumerate(explained):
        axes = figure.add_subplot(top[index + 1])
        _show_map(axes, picture, one.values, float(one.values.max()), f"{one.title}\n0 to {one.values.max():.3g}")
        scores = "\n".join(f"{measure} {area:.3f}" for measure, (area, _) in one.scores.items())
        axes.set_xlabel(scores, fontsize=10)
    bottom = cells[1].subgridspec(1, 2, wspace=0.16)
    for place, (measure, words) in enumerate(MEASURES.items()):
        axes = figure.add_subplot(bottom[place])
        area, curve = random[measure]
        axes.plot(fractions, curve, color=RANDOM_LINE, linestyle="--", label=f"Random {area:.3f}")
        for one, colour in zip(explained, LINES * len(explained), strict=False):
            area, curve = one.scores[measure]
            axes.plot(fractions, curve, color=colour, linewidth=2, label=f"{one.title} {area:.3f}")
        axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel=f"share of patches in {measure}", ylabel="probability")
        axes.set_title(words, fontsize=11, loc="left")
        axes.legend(fontsize=8, frameon=False)
        _plain(axes)
    return figure


def ablation_figure(
    picture: np.ndarray,
    changed: np.ndarray,
    maps: dict[str, tuple[np.ndarray, np.ndarray]],
    classes: Sequence[str],
    before: np.ndarray,
    after: np.ndarray,
    caption: str,
) -> Figure:
    """Image and maps before and after on one scale, and the changed probabilities.

    Args:
        picture, changed: (H, W, 3) uint8.
        maps: by title, before and after, (rows, cols).
        before, after: (classes,) probabilities.
    """
    top = int(before.argmax())
    title = f"{classes[top]}: {100 * before[top]:.1f} % before, {100 * after[top]:.1f} % after"
    figure, cells = _page(title, caption, (12, 6.4), 1, [1])
    grid = cells[0].subgridspec(2, 1 + len(maps) + 2, wspace=0.16, hspace=0.22)
    for row, (name, shown) in enumerate((("Before", picture), ("After", changed))):
        _show_picture(figure.add_subplot(grid[row, 0]), shown, name)
        for index, (words, both) in enumerate(maps.items()):
            high = float(max(both[0].max(), both[1].max()))
            axes = figure.add_subplot(grid[row, 1 + index])
            _show_map(axes, shown, both[row], high, f"{words}, 0 to {high:.3g}")
    axes = figure.add_subplot(grid[:, -2:])
    order = np.argsort(-np.maximum(before, after), kind="stable")[:N_CLASSES]
    places = np.arange(len(order))
    axes.barh(places - 0.2, before[order], 0.36, color=RANDOM_LINE, label="before")
    axes.barh(places + 0.2, after[order], 0.36, color="#1c7ed6", label="after")
    axes.set_yticks(places, [classes[index] for index in order])
    axes.invert_yaxis()
    axes.set(xlim=(0, 1), xlabel="probability")
    axes.legend(fontsize=9, frameon=False, loc="lower right")
    _plain(axes)
    return figure


def layers_figure(
    lens: np.ndarray, classes: Sequence[str], distance: np.ndarray, uniform: float, caption: str
) -> Figure:
    """Logit lens after each layer, and the attention distance of each head.

    Args:
        lens: (layers + 1, classes) probabilities, first from the embedding.
        distance: (layers, heads) in pixels.
        uniform: distance of attention to all patches alike, in pixels.
    """
    figure, cells = _page("Layer by layer", caption, (12, 5.6), 1, [1])
    halves = cells[0].subgridspec(1, 2, wspace=0.22)
    left, right = (figure.add_subplot(halves[0, column]) for column in (0, 1))
    order = np.argsort(-lens.max(axis=0), kind="stable")[:N_CLASSES]
    left.imshow(lens[:, order].T, cmap=COLOURS, vmin=0, vmax=1, aspect="auto")
    for row, index in enumerate(order):
        for column, share in enumerate(lens[:, index]):
            ink = "black" if share > 0.6 else "white"
            left.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=ink, fontsize=9)
    left.set_yticks(range(len(order)), [classes[index] for index in order])
    left.set_xticks(range(len(lens)), ["embedding", *(str(layer) for layer in range(1, len(lens)))])
    left.set_xlabel("after layer")
    left.set_title("Probability in percent, read after each layer", fontsize=11, loc="left")
    for layer, heads in enumerate(distance):
        right.scatter(np.full(len(heads), layer + 1), heads, color=LINES[0], s=36, zorder=2)
    right.axhline(uniform, color=RANDOM_LINE, linestyle="--", zorder=1)
    right.set(ylim=(0, 1.15 * max(uniform, float(distance.max()))), xlabel="layer", ylabel="pixels")
    right.set_xticks(range(1, len(distance) + 1))
    right.set_title("Mean attention distance of each head", fontsize=11, loc="left")
    _plain(right)
    return figure


def _page(
    title: str, caption: str, size: tuple[float, float], n_rows: int, ratios: Sequence[float]
) -> tuple[Figure, list[SubplotSpec]]:
    figure, n_lines = entitled(title, caption, size, CAPTION_WIDTH)
    bottom = (0.72 + 0.17 * (n_lines - 1)) / size[1]  # inches of the caption and of the axes' labels
    grid = figure.add_gridspec(
        n_rows, 1, left=0.07, right=0.97, top=1 - 0.75 / size[1], bottom=bottom + 0.03, height_ratios=ratios, hspace=0.3
    )
    return figure, [grid[row] for row in range(n_rows)]


def _show_picture(axes: Axes, picture: np.ndarray, title: str) -> None:
    axes.imshow(picture, interpolation="nearest")
    _bare(axes, title)


def _show_map(axes: Axes, picture: np.ndarray, values: np.ndarray, high: float, title: str) -> None:
    height, width = picture.shape[:2]
    grey = picture @ np.array([0.299, 0.587, 0.114])
    extent = (0, width, height, 0)
    axes.imshow(grey, cmap="gray", vmin=0, vmax=255, interpolation="nearest", extent=extent)
    axes.imshow(values, cmap=COLOURS, vmin=0, vmax=high or 1, alpha=MIXED, interpolation="nearest", extent=extent)
    _bare(axes, title)


def _bare(axes: Axes, title: str) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(title, fontsize=10, loc="left")


def _plain(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=9)
