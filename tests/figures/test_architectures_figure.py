"""The figure of the architectures: every number of the table, every network at its place."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex

from vit_explorer.figures.architectures import DrawnModel, architectures_figure, short_number
from vit_explorer.figures.frame import INKS, SHAPES, figure_bytes

VIT = DrawnModel("vit", "ViT", 809_354, 55_838_976, 4.859, "N²", 0.00123, 2_133.4, 0.8259)
CNN = DrawnModel("cnn", "A $CNN$ of whom one tells a long story", 1_113_818, 131_090_944, None, "", None, None, 0.9254)


def test_the_table_holds_every_number_and_the_best_comes_first():
    figure = architectures_figure([VIT, CNN], "A title", "A caption")
    table = figure.axes[1]
    rows = {}
    for text in table.texts:
        if text.get_verticalalignment() == "center":
            rows.setdefault(text.get_position()[1], []).append(text.get_text())
    assert list(rows) == [0.5, 1.5]
    assert rows[1.5] == ["ViT", "809 k", "55.8 M", "× 4.86", "N²", "1.23 ms", "2,133", "82.6 %"]
    name, *cells = rows[0.5]
    assert len(name) == 18 and name.endswith("…")
    assert cells == ["1.11 M", "131 M", "–", "–", "–", "–", "92.5 %"]
    assert {"A title", "A caption"} <= {text.get_text() for text in [figure._suptitle, *figure.texts]}


def test_each_network_is_at_its_cost_and_accuracy_inside_the_axes():
    axes = architectures_figure([VIT, CNN], "t", "c").axes[0]
    for one, line in zip((CNN, VIT), axes.lines, strict=True):
        np.testing.assert_array_equal(line.get_xydata(), [(one.multiply_adds, one.accuracy)])
        assert (line.get_marker(), to_hex(line.get_color())) == (SHAPES[one.kind], INKS[one.kind])
        assert axes.get_xlim()[0] < one.multiply_adds < axes.get_xlim()[1]
        assert axes.get_ylim()[0] < one.accuracy < axes.get_ylim()[1]
    ticks = axes.get_xticks()
    assert len(ticks) and all(axes.get_xlim()[0] <= tick <= axes.get_xlim()[1] for tick in ticks)


def test_nothing_of_the_table_overlaps():
    figure = architectures_figure([VIT, CNN], "t", "c")
    figure.draw_without_rendering()
    for row in (0.5, 1.5):
        cells = [text for text in figure.axes[1].texts if text.get_position()[1] == row]
        boxes = sorted((text.get_window_extent().x0, text.get_window_extent().x1) for text in cells)
        assert all(left[1] < right[0] for left, right in pairwise(boxes))


@pytest.mark.parametrize(
    ("value", "said"),
    [(999, "999"), (999_600, "1.00 M"), (9_994, "9.99 k"), (9_996, "10.0 k"), (809_354, "809 k"), (2.5e9, "2.50 G")],
)
def test_numbers_are_shortened_to_three_digits(value, said):
    assert short_number(value) == said


def test_without_a_model_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match="no model to draw"):
        architectures_figure([], "t", "c")
    assert figure_bytes(architectures_figure([VIT], "t", "c"), "svg").startswith(b"<?xml")
