"""Figure of one head for one query: from queries and keys through scores and softmax to the sum of values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vit_explorer.figures.attention import KEY, QUERY, percent, token_name
from vit_explorer.figures.frame import bare, entitled, unframed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIGNED = "PuOr_r"  # the page's map of signed values


def inside_figure(
    query: np.ndarray,
    key: np.ndarray,
    scores: np.ndarray,
    weights: np.ndarray,
    value: np.ndarray,
    mixed: np.ndarray,
    token: int,
    prefix_names: Sequence[str],
    title: str,
    caption: str,
) -> Figure:
    """Keys, scores, weights and values of all tokens, one column each, for the query of one token.

    Args:
        query, key, value, mixed: (N, d_head).
        scores, weights: (N, N), queries are rows.
        token: the query's index in the sequence.
        prefix_names: of the tokens in front of the patches.
    """
    name = token_name(token, prefix_names)
    figure, _ = entitled(title, caption, (12, 7.4))
    axes = figure.subplots(4, 2, width_ratios=(1, 24), height_ratios=(3, 2, 2, 3), squeeze=False)
    figure.subplots_adjust(left=0.08, right=0.97, bottom=0.11, top=0.88, hspace=0.42, wspace=0.04)
    limit = max(float(np.abs(np.concatenate([query[token], key.ravel()])).max()), 1e-9)
    _signed(axes[0, 0], query[token][:, None], limit, "q")
    _signed(axes[0, 1], key.T, limit, "k: the keys of all tokens, one column each")
    axes[1, 0].set_visible(False)
    axes[2, 0].set_visible(False)
    best = int(weights[token].argmax())
    for place, (heights, words) in enumerate(
        (
            (scores[token], f"q · k / √{query.shape[1]}: scores of the query {name}"),
            (100 * weights[token], f"softmax, %: largest {percent(float(weights[token].max()))} to "),
        ),
        start=1,
    ):
        bars = axes[place, 1]
        unframed(bars)
        colours = [KEY if index == best else "#8a94a0" for index in range(len(heights))]
        bars.bar(np.arange(len(heights)), heights, width=0.9, color=colours)
        bars.set_xlim(-0.5, len(heights) - 0.5)
        bars.set_xticks([])
        bars.set_title(words + (token_name(best, prefix_names) if place == 2 else ""), fontsize=10, loc="left")
    limit = max(float(np.abs(value).max()), 1e-9)
    _signed(axes[3, 0], mixed[token][:, None], limit, "Σ")
    _signed(axes[3, 1], value.T, limit, "v: the values; their sum with these weights is the column at the left")
    for strip in (axes[0, 0], axes[3, 0]):
        for spine in strip.spines.values():
            spine.set_visible(True)
            spine.set_edgecolor(QUERY)
    return figure


def _signed(axes: Axes, values: np.ndarray, limit: float, title: str) -> None:
    bare(axes)
    axes.imshow(values, cmap=SIGNED, vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
    axes.set_title(title, fontsize=10, loc="left")
