"""Figure of position similarities: the matrix, and the grid of maps.

matplotlib is imported when a figure is asked for, and used without pyplot: no state is shared between requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vit_explorer.figures.frame import entitled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

COLOURS = "PuOr_r"  # the page's map of signed values
PERCENTILE = 98.0  # of |similarity|, in the snapshot where it is largest: the end of the colour scale
STEP = 0.05  # to which the scale is rounded up


def colour_limit(similarity: np.ndarray, n_prefix: int) -> float:
    """Symmetric colour limit for all snapshots of a model; larger values are clipped.

    The 98th percentile of the absolute similarity of two different patches, in the snapshot where it is largest,
    rounded up to 0.05. An end at 1, the similarity with oneself, would leave everything else pale.

    Args:
        similarity: (S, n_prefix + N, n_prefix + N)
    """
    patches = np.abs(similarity[:, n_prefix:, n_prefix:])
    different = patches[:, ~np.eye(patches.shape[1], dtype=bool)]  # (S, N * (N - 1))
    if different.shape[1] == 0:
        return 1.0
    highest = float(np.percentile(different, PERCENTILE, axis=1).max())
    return min(1.0, max(STEP, round(np.ceil(highest / STEP - 1e-6) * STEP, 2)))


def with_gap(similarity: np.ndarray, n_prefix: int) -> np.ndarray:
    """Matrix with a row and a column of NaN between prefix and patches."""
    if n_prefix == 0:
        return similarity
    return np.insert(np.insert(similarity, n_prefix, np.nan, axis=0), n_prefix, np.nan, axis=1)


def tile_maps(similarity: np.ndarray, grid: tuple[int, int], n_prefix: int) -> np.ndarray:
    """Similarities of each patch as a map at its place, NaN between neighbours.

    Returns:
        (rows * (rows + 1) - 1, cols * (cols + 1) - 1)
    """
    rows, cols = grid
    maps = similarity[n_prefix:, n_prefix:].reshape(rows, cols, rows, cols)
    framed = np.pad(maps, ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=np.nan)
    return framed.transpose(0, 2, 1, 3).reshape(rows * (rows + 1), cols * (cols + 1))[:-1, :-1]


def positions_figure(
    similarity: np.ndarray, grid: tuple[int, int], n_prefix: int, limit: float, title: str, caption: str
) -> Figure:
    """Matrix and maps side by side on one printed scale.

    Args:
        similarity: (n_prefix + N, n_prefix + N) cosines.
        limit: the ends of the colour scale are -limit and limit.
    """
    figure, _ = entitled(title, caption)
    left, right = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.055, right=0.9, bottom=0.145, top=0.85, wspace=0.12)
    image = _draw(left, with_gap(similarity, n_prefix), limit)
    _draw(right, tile_maps(similarity, grid, n_prefix), limit)
    _label_matrix(left, grid, n_prefix)
    _label_maps(right, grid)
    bar = figure.colorbar(image, cax=figure.add_axes((0.92, 0.145, 0.014, 0.705)), extend="both")
    bar.set_label("cosine similarity")
    return figure


def _draw(axes: Axes, values: np.ndarray, limit: float) -> AxesImage:
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelsize=9)
    return axes.imshow(values, cmap=COLOURS, vmin=-limit, vmax=limit, interpolation="nearest")


def _label_matrix(axes: Axes, grid: tuple[int, int], n_prefix: int) -> None:
    rows, cols = grid
    n_tokens = n_prefix + rows * cols
    first = n_prefix + (n_prefix > 0)  # the row of patch 0, past the gap
    ticks = [*range(n_prefix), *(first + row * cols for row in range(rows))]
    names = [*["CLS", "DIST"][:n_prefix], *(str(row * cols) for row in range(rows))]
    axes.set_yticks(ticks, names)
    axes.set_xticks(ticks, [name if n_prefix == 0 or name not in ("0", "DIST") else "" for name in names])  # no room
    cls = ["", ", CLS apart", ", CLS and distillation apart"][n_prefix]
    axes.set_title(f"All {n_tokens} × {n_tokens} similarities{cls}; patches row by row", fontsize=11, loc="left")


def _label_maps(axes: Axes, grid: tuple[int, int]) -> None:
    rows, cols = grid
    axes.set_xticks([col * (cols + 1) + (cols - 1) / 2 for col in range(cols)], [str(col) for col in range(cols)])
    axes.set_yticks([row * (rows + 1) + (rows - 1) / 2 for row in range(rows)], [str(row) for row in range(rows)])
    axes.set_title("Each patch's similarity to all patches, at its row and column", fontsize=11, loc="left")
