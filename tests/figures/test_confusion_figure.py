"""The figure of a confusion matrix: shares of rows in colour, counts as they are."""

import numpy as np

from vit_explorer.figures.confusion import NUMBERED, confusion_figure
from vit_explorer.figures.frame import figure_bytes


def test_colours_are_shares_of_the_row_and_numbers_are_counts():
    matrix = np.array([[8, 2, 0], [1, 9, 0], [0, 0, 0]])
    figure = confusion_figure(matrix, ["cat $", "dog", "x" * 40], "A title", "A caption.")
    axes = figure.axes[0]
    shares = axes.images[0].get_array()
    np.testing.assert_allclose(shares, [[0.8, 0.2, 0], [0.1, 0.9, 0], [0, 0, 0]])
    assert axes.images[0].get_clim() == (0, 1)
    assert {text.get_position(): text.get_text() for text in axes.texts} == {
        (0, 0): "8", (1, 0): "2", (0, 1): "1", (1, 1): "9"
    }  # fmt: skip
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat $", "dog", "x" * 17 + "…"]
    assert figure_bytes(figure, "svg").startswith(b"<?xml")


def test_of_many_classes_no_counts_are_written():
    figure = confusion_figure(np.eye(NUMBERED + 1, dtype=int), [str(i) for i in range(NUMBERED + 1)], "T", "C.")
    assert not figure.axes[0].texts
