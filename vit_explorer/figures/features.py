"""Hidden states of two images as a figure to keep: colours of every block, similarities of a patch, norms.

matplotlib is used without pyplot, as in frame.py: no state is shared between requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vit_explorer.figures.frame import bare, entitled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = "viridis"  # the page's map of magnitudes
QUERY = "#e8590c"  # the page's ink of the marked patch
CAPTION_WIDTH = 160  # characters
WIDTH, LOWER, MARGIN = 12.0, 3.8, 0.85  # inches: of the figure, of its lower row, above the maps
LARGEST = 1.8  # inches, of a map in the upper rows
LABELLED = 8  # maps in a row that have room for their names


@dataclass(frozen=True)
class FeatureMaps:
    """One block: ``colours`` (2, rows, cols, 3) in [0, 1] of both images, ``shown`` (2, rows, cols) bool."""

    name: str
    colours: np.ndarray
    shown: np.ndarray


def features_figure(
    pictures: Sequence[np.ndarray],
    maps: Sequence[FeatureMaps],
    similar: Sequence[np.ndarray],
    norms: np.ndarray,
    query: int | None,
    title: str,
    caption: str,
) -> Figure:
    """Both images with the colours of every block, and below them the similarities and norms of one block.

    Args:
        pictures: two of (H, W, 3) uint8.
        similar: cosines with the patches of either image, (rows, cols) each; one scale for both.
        norms: (rows, cols) of the first image.
        query: the patch on the grid of ``similar`` that is compared; None for a token without a place.
    """
    side = min(0.93 * WIDTH / (1 + len(maps)), LARGEST)
    above = MARGIN + 2.15 * side
    figure, _ = entitled(title, caption, (WIDTH, above + LOWER), CAPTION_WIDTH)
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=(above, LOWER))[:, 0]
    grid = upper.subplots(2, 1 + len(maps), squeeze=False)
    right = min(0.97, 0.04 + 1.06 * (1 + len(maps)) * side / WIDTH)
    upper.subplots_adjust(left=0.04, right=right, bottom=0.02, top=1 - MARGIN / above, wspace=0.06, hspace=0.06)
    for row, picture in enumerate(pictures):
        _picture(grid[row, 0], picture)
        for axes, one in zip(grid[row, 1:], maps, strict=True):
            alpha = one.shown[row][..., None].astype(float)
            axes.imshow(np.concatenate([one.colours[row], alpha], axis=-1), interpolation="nearest")
            bare(axes)
    for axes, one in zip(grid[0, 1:], maps, strict=True):
        axes.set_title(
            one.name if len(maps) <= LABELLED else one.name.replace("layer ", "").replace("embedding", "embed."),
            fontsize=9,
        )
    cells = lower.subplots(1, 4)
    lower.subplots_adjust(left=0.04, right=0.95, bottom=0.24, top=0.9, wspace=0.22)
    _picture(cells[0], pictures[0])
    low = min(float(one.min()) for one in similar)
    for axes, cosines, name in zip(cells[1:3], similar, ("similarity here", "similarity in the second"), strict=True):
        _scaled(axes, cosines, low, 1.0, name)
    _scaled(cells[3], norms, 0.0, float(norms.max()), "norms")
    if query is not None:
        for axes in cells[:2]:
            _mark(axes, query, similar[0].shape, pictures[0].shape[0] if axes is cells[0] else similar[0].shape[0])
    return figure


@dataclass(frozen=True)
class NetworkMaps:
    """One network: the image (H, W, 3) uint8, colours (rows, cols, 3) in [0, 1], cosines (rows, cols), and the patch
    that is compared, None for a token without a place."""

    name: str
    picture: np.ndarray
    colours: np.ndarray
    cosines: np.ndarray
    query: int | None


def networks_figure(networks: Sequence[NetworkMaps], title: str, caption: str) -> Figure:
    """A row of each network: the image as it sees it, its patches as colours, and the similarities of one patch."""
    figure, lines = entitled(title, caption, (9.6, 7.6), 125)
    grid = figure.subplots(len(networks), 3, squeeze=False)
    figure.subplots_adjust(left=0.04, right=0.92, bottom=0.05 + 0.024 * lines, top=0.88, wspace=0.1, hspace=0.16)
    low = min(float(one.cosines.min()) for one in networks)
    for row, one in zip(grid, networks, strict=True):
        _picture(row[0], one.picture)
        row[0].set_title(one.name, fontsize=10, loc="left")
        row[1].imshow(one.colours, interpolation="nearest")
        bare(row[1])
        row[1].set_title("three components", fontsize=10, loc="left")
        _scaled(row[2], one.cosines, low, 1.0, "similarity")
        if one.query is not None:
            for axes, side in zip(row, (one.picture.shape[0], *2 * one.cosines.shape[:1]), strict=True):
                _mark(axes, one.query, one.cosines.shape, side)
    return figure


def _picture(axes: Axes, picture: np.ndarray) -> None:
    axes.imshow(picture)
    bare(axes)


def _scaled(axes: Axes, values: np.ndarray, low: float, high: float, name: str) -> None:
    image = axes.imshow(values, cmap=COLOURS, vmin=low, vmax=high, interpolation="nearest")
    bare(axes)
    axes.set_title(name, fontsize=10, loc="left")
    axes.figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03).ax.tick_params(labelsize=8)


def _mark(axes: Axes, query: int, grid: tuple[int, ...], side: int) -> None:
    """Outline the patch on an image that is ``side`` pixels high."""
    from matplotlib.patches import Rectangle

    height, width = side / grid[0], side / grid[1]
    corner = (query % grid[1]) * width - 0.5, (query // grid[1]) * height - 0.5
    axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=QUERY, linewidth=2))
