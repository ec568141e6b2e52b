"""Attention figures: maps of all heads, and the rollout from layer to layer.

matplotlib is imported when a figure is asked for, and used without pyplot: no state is shared between requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vit_explorer.figures.frame import bare, entitled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

COLOURS = "viridis"  # the page's map of magnitudes
QUERY, KEY = "#e8590c", "#1c7ed6"  # the page's inks of the query and of its strongest key
ROLLOUT_PERCENTILE = 98.0  # of the weights of the patches in all steps shown
LIMIT_PERCENTILE = 99.0  # of all attention weights that patches get in one trace: the end of the colour scale
MIX = 0.6  # of a map over its picture
CAPTION_WIDTH = 150  # characters
MANY = 100_000  # numbers, of which a percentile is found by a sample
SAMPLED = 97  # every so many-th, no divisor of usual lengths
SLACK = 1.0  # percent below the percentile, where the sample's bound lies
SMALLEST_SHARE = 1e-9  # a scale needs two ends that differ, also where all attention weights are 0


def shares_limit(weights: np.ndarray, n_prefix: int) -> float:
    """Upper end of the colour scale for attention maps: the 99th percentile.

    An end at the largest weight, which a single head can give to a single patch, would leave everything else dark.

    Args:
        weights: (..., N, N) shares; columns of the prefix tokens do not count.
    """
    return max(_high_percentile(np.ravel(weights[..., n_prefix:]), LIMIT_PERCENTILE), SMALLEST_SHARE)


def _high_percentile(values: np.ndarray, percent: float) -> float:
    """``np.percentile`` of (n,) numbers, found among the few that a sample shows to be large enough."""
    place = percent / 100 * (len(values) - 1)
    below = int(place)
    largest = values
    if len(values) > MANY:
        bound = np.percentile(values[::SAMPLED], percent - SLACK)
        largest = values[values >= bound]
        if len(largest) < len(values) - below:  # the sample was far from the whole
            largest = values
    rank = below - (len(values) - len(largest))  # among them
    low, high = np.partition(largest, [rank, min(rank + 1, len(largest) - 1)])[[rank, min(rank + 1, len(largest) - 1)]]
    return float(low + (place - below) * (high - low))


def rollout_limit(rows: np.ndarray, n_prefix: int, query: int | None) -> float:
    """Upper end of the colour scale for rollout steps: the 98th percentile.

    The query's own weight does not count: the skip connection keeps it far above all others.

    Args:
        rows: (S, N) attention weights of all tokens.
        query: its index in the sequence; None where the row is the answer's.
    """
    others = _others(rows, n_prefix, query)
    return max(float(np.percentile(others, ROLLOUT_PERCENTILE)), SMALLEST_SHARE) if others.size else 1.0


def _others(rows: np.ndarray, n_prefix: int, query: int | None) -> np.ndarray:
    """Attention weights of the patches other than the query, (S, N) -> (S, fewer)."""
    return np.delete(rows, [*range(n_prefix), *([] if query is None else [query])], axis=1)


def _own_limit(shares: np.ndarray, n_prefix: int, query: int | None) -> float:
    return max(float(_others(shares[None], n_prefix, query).max(initial=0)), SMALLEST_SHARE)


def percent(share: float) -> str:
    """Percentage to three significant digits: "12.3 %", "3.20 %", "0.0457 %"."""
    return f"{100 * share:#.3g}".rstrip(".") + " %"


def with_strip(shares: np.ndarray, grid: tuple[int, int], n_prefix: int) -> np.ndarray:
    """Map of all tokens with the prefix tokens as a column, behind a gap of NaN.

    CLS on top, and below it the distillation token of a DeiT.

    Args:
        shares: (n_prefix + rows * cols,)
    Returns:
        (rows, cols), or (rows, 2 + cols) where there is a prefix.
    """
    patches = shares[n_prefix:].reshape(grid)
    if not n_prefix:
        return patches
    strip = shares[np.arange(grid[0]) * n_prefix // grid[0]][:, None]
    return np.concatenate([strip, np.full((grid[0], 1), np.nan), patches], axis=1)


def heads_figure(
    picture: np.ndarray,
    maps: np.ndarray,
    grid: tuple[int, int],
    prefix_names: Sequence[str],
    query: int,
    chosen: Sequence[tuple[int, int | None]],
    limit: float | None,
    title: str,
    caption: str,
) -> Figure:
    """Image with the query, chosen heads enlarged, and the maps of all heads and of their mean.

    Args:
        picture: (H, W, 3) uint8.
        maps: (layers, heads, N), the attention weights of all tokens with the query.
        prefix_names: of the tokens in front of the patches.
        query: its index in the sequence.
        chosen: one or two; layer and head, from 0, None for the mean over the layer's heads.
        limit: the end of the shared scale, or None: each map has a scale of its own, which ends at its largest
            attention weight of a patch.
    """
    layers, heads = maps.shape[:2]
    n_prefix = len(prefix_names)
    figure, _ = entitled(title, caption, (12, 7.4), CAPTION_WIDTH)
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1, 2.1))[0]
    scene, *enlarged = left.subplots(1 + len(chosen), 1)
    left.subplots_adjust(left=0.13, right=0.93, bottom=0.15, top=0.87, hspace=0.2)
    _show_picture(scene, picture, grid, n_prefix, query)
    scene.set_title("query: " + token_name(query, prefix_names), fontsize=10, loc="left")
    means = maps.mean(axis=1, keepdims=True)
    for large, (layer, head) in zip(enlarged, chosen, strict=True):
        _show_over(large, picture, means[layer, 0] if head is None else maps[layer, head], grid, n_prefix, limit, query)
        which = "mean of its heads" if head is None else f"head {head + 1}"
        large.set_title(f"layer {layer + 1}, {which}, over the picture", fontsize=10, loc="left")
    names = [f"head {number + 1}" for number in range(heads)]
    if heads > 1:
        maps, names = np.concatenate((maps, means), axis=1), [*names, "mean"]
    axes = right.subplots(layers, len(names), squeeze=False)
    right.subplots_adjust(left=0.06, right=0.88, bottom=0.15, top=0.87, wspace=0.14, hspace=0.08)
    for row in range(layers):
        for col in range(len(names)):
            end = _own_limit(maps[row, col], n_prefix, None) if limit is None else limit
            image = _show_map(axes[row, col], with_strip(maps[row, col], grid, n_prefix), end)
        axes[row, 0].set_ylabel(f"layer {row + 1}", fontsize=9)
    for col, name in enumerate(names):
        axes[0, col].set_title(name, fontsize=9)
    for layer, head in chosen:
        _frame(axes[layer, heads if head is None else head])
    if limit is not None:
        _scale(right, image, (0.91, 0.15, 0.02, 0.72))
    return figure


def rollout_figure(
    picture: np.ndarray,
    steps: np.ndarray,
    alone: np.ndarray,
    grid: tuple[int, int],
    n_prefix: int,
    query: int | None,
    layers: Sequence[int],
    limits: tuple[float, float] | None,
    title: str,
    caption: str,
) -> Figure:
    """Image, the rollout up to each layer, and each layer's attention below.

    Args:
        steps, alone: (S, N) attention weights of all tokens: the rollout's, and the mean over the
            layer's heads.
        query: its index in the sequence; None where the row is the answer's.
        layers: the numbers of the layers, from 1.
        limits: the ends of the scales of the two rows, or None: each map has a scale of its own, which ends at its
            largest attention weight of a patch other than the query.
    """
    figure, _ = entitled(title, caption, (12, 6.2), CAPTION_WIDTH)
    axes = figure.subplots(2, 1 + len(layers), squeeze=False)
    figure.subplots_adjust(left=0.04, right=0.9, bottom=0.2, top=0.84, wspace=0.1, hspace=0.28)
    _show_picture(axes[0, 0], picture, grid, n_prefix, query)
    axes[0, 0].set_title("picture", fontsize=10, loc="left")
    last_limit = _own_limit(steps[-1], n_prefix, query) if limits is None else limits[0]
    _show_over(axes[1, 0], picture, steps[-1], grid, n_prefix, last_limit, query)
    axes[1, 0].set_title("rollout over it", fontsize=10, loc="left")
    for row, (shares, name) in enumerate([(steps, "up to layer"), (alone, "layer alone:")]):
        for col, layer in enumerate(layers):
            limit = _own_limit(shares[col], n_prefix, query) if limits is None else limits[row]
            image = _show_map(axes[row, 1 + col], with_strip(shares[col], grid, n_prefix), limit)
            cls = f"\nCLS {percent(float(shares[col, 0]))}" if n_prefix else ""
            axes[row, 1 + col].set_title(f"{name} {layer}{cls}", fontsize=9, loc="left")
        if limits is not None:
            _scale(figure, image, (0.92, 0.55 if row == 0 else 0.2, 0.012, 0.27))
    return figure


def token_name(index: int, prefix_names: Sequence[str]) -> str:
    """Name of a token, by its index in the sequence: of ``prefix_names``, or "patch 13", counted from 1."""
    n_prefix = len(prefix_names)
    return prefix_names[index] if index < n_prefix else f"patch {index - n_prefix + 1}"


def _show_map(axes: Axes, values: np.ndarray, limit: float) -> AxesImage:
    bare(axes)
    return axes.imshow(values, cmap=COLOURS, vmin=0, vmax=limit, interpolation="nearest")


def _frame(axes: Axes) -> None:
    """Frame around a whole map: the chosen one."""
    for spine in axes.spines.values():
        spine.set(visible=True, linewidth=2.2)


def _show_picture(axes: Axes, picture: np.ndarray, grid: tuple[int, int], n_prefix: int, query: int | None) -> None:
    bare(axes)
    axes.imshow(picture, extent=(0, grid[1], grid[0], 0), interpolation="nearest")
    if query is not None:
        _outline(axes, query, grid, n_prefix, QUERY)


def _show_over(
    axes: Axes,
    picture: np.ndarray,
    shares: np.ndarray,
    grid: tuple[int, int],
    n_prefix: int,
    limit: float | None,
    query: int | None,
) -> None:
    _show_picture(axes, picture, grid, n_prefix, None)
    patches = shares[n_prefix:].reshape(grid)
    end = _own_limit(shares, n_prefix, None) if limit is None else limit
    place = (0, grid[1], grid[0], 0)
    axes.imshow(patches, cmap=COLOURS, vmin=0, vmax=end, alpha=MIX, extent=place, interpolation="nearest")
    _outline(axes, n_prefix + int(patches.argmax()), grid, n_prefix, KEY)
    if query is not None:
        _outline(axes, query, grid, n_prefix, QUERY)


def _outline(axes: Axes, index: int, grid: tuple[int, int], n_prefix: int, ink: str) -> None:
    """Frame around a patch, or around the whole image for another token."""
    from matplotlib.patches import Rectangle

    row, col = divmod(index - n_prefix, grid[1])
    cls = index < n_prefix
    place, size = ((0, 0), grid[::-1]) if cls else ((col, row), (1, 1))
    axes.add_patch(Rectangle(place, *size, fill=False, edgecolor=ink, linewidth=2.2, clip_on=False))


def _scale(figure: Figure, image: AxesImage, place: tuple[float, float, float, float]) -> None:
    from matplotlib.ticker import PercentFormatter

    bar = figure.colorbar(image, cax=figure.add_axes(place), extend="max")
    bar.ax.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    bar.ax.tick_params(labelsize=8)
