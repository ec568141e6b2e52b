"""Figure of a confusion matrix, with counts and the share of each row in colour.

matplotlib is imported when a figure is asked for, and used without pyplot: no state is shared between requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vit_explorer.figures.frame import entitled, shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = "Blues"
NUMBERED = 25  # classes, of more the counts would not be read
NAMED = 60  # classes, of more the names would not be read
NAME_WIDTH = 18  # characters


def confusion_figure(matrix: np.ndarray, names: Sequence[str], title: str, caption: str) -> Figure:
    """Draw a confusion matrix (C, C) of counts: rows are true classes, columns answers.

    Colours are the share of the row, 0 to 1, the same scale for every model.
    """
    figure, _ = entitled(title, caption, size=(9.0, 9.2), caption_width=120)
    axes = figure.add_axes((0.17, 0.12, 0.68, 0.68))
    totals = matrix.sum(axis=1, keepdims=True)
    shares = np.divide(matrix, totals, out=np.zeros(matrix.shape), where=totals > 0)
    image = axes.imshow(shares, cmap=COLOURS, vmin=0, vmax=1)
    figure.colorbar(image, cax=figure.add_axes((0.88, 0.12, 0.02, 0.68)), label="share of the row")
    labels = [shortened(name, NAME_WIDTH) for name in names] if len(names) <= NAMED else []
    places = range(len(labels))
    axes.set_xticks(places, labels, rotation=90, fontsize=8, parse_math=False)
    axes.set_yticks(places, labels, fontsize=8, parse_math=False)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_xlabel("answer")
    axes.set_ylabel("true class")
    if len(names) <= NUMBERED:
        for (row, column), count in np.ndenumerate(matrix):
            if count:
                ink = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, str(count), ha="center", va="center", fontsize=8, color=ink)
    return figure
