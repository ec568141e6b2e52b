"""The figure of the curves: every point at its place, names that can be read, and files that are what they say."""

import io
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from vit_explorer.figures.curves import AXES, COLOURS, LABEL_GAP, Curve, curves_figure, spread
from vit_explorer.figures.frame import figure_bytes


def curve(label: str, final: float | None = None, points: int = 5, height: float = 0.6, end: float = 20.0) -> Curve:
    x = np.linspace(0, end, points)
    train = np.stack([x, np.linspace(0.1, height, points)], axis=1)
    return Curve(label, train, train * [1, 0.8], final)


def drawn_lines(figure) -> list:
    """The curves, without the dots at their ends."""
    return [line for line in figure.axes[0].lines if line.get_marker() == "None"]


def labels(figure) -> list:
    return list(figure.axes[0].texts)


def test_every_point_is_drawn_train_thin_and_test_thick():
    curves = [curve("ViT"), curve("CNN", height=0.7)]
    figure = curves_figure([("A race", curves)], "epochs", "A title", "A caption")
    lines = drawn_lines(figure)
    for number, one in enumerate(curves):
        train, test = lines[2 * number : 2 * number + 2]
        np.testing.assert_array_equal(train.get_xydata(), one.train)
        np.testing.assert_array_equal(test.get_xydata(), one.test)
        assert test.get_linewidth() > 2 * train.get_linewidth()
        assert train.get_color() == test.get_color() == COLOURS[number]
        assert train.get_linestyle() == test.get_linestyle() == "-"
    assert figure.axes[0].get_xlim() == (0, 20)
    assert figure.axes[0].get_ylim()[0] == 0 and figure.axes[0].get_ylim()[1] >= 0.7
    assert {"A title", "A caption"} <= {text.get_text() for text in [figure._suptitle, *figure.texts]}


@pytest.mark.parametrize("axis", AXES)
def test_the_axis_says_what_it_counts(axis):
    figure = curves_figure([("", [curve("ViT", end=1_234_567)])], axis, "t", "c")
    axes = figure.axes[0]
    assert axes.get_xlabel() == AXES[axis]
    figure.draw_without_rendering()
    assert "1,000,000" in [tick.get_text() for tick in axes.get_xticklabels()]
    assert "20 %" in [tick.get_text() for tick in axes.get_yticklabels()]


def test_the_second_race_is_dashed_and_both_are_named():
    races = [("First", [curve("ViT"), curve("CNN")]), ("Second", [curve("ViT", end=10)])]
    figure = curves_figure(races, "epochs", "t", "c")
    styles = [line.get_linestyle() for line in drawn_lines(figure)]
    assert styles == ["-"] * 4 + ["--"] * 2
    assert drawn_lines(figure)[0].get_color() == drawn_lines(figure)[-1].get_color()
    assert [text.get_text() for text in figure.legends[1].get_texts()] == ["First", "Second"]
    assert [handle.get_linestyle() for handle in figure.legends[1].legend_handles] == ["-", "--"]
    assert len(curves_figure(races[:1], "epochs", "t", "c").legends) == 1


def test_names_stand_apart_beside_their_lines_and_hold_the_number():
    curves = [curve("ViT", 0.483), curve("CNN"), curve("third", height=0.601), curve("low", height=0.2)]
    figure = curves_figure([("", curves)], "epochs", "t", "c")
    texts = labels(figure)
    assert [text.get_text() for text in texts] == ["ViT  48.3 %", "CNN  48.0 %", "third  48.1 %", "low  16.0 %"]
    assert [text.get_color() for text in texts] == list(COLOURS)
    heights = sorted(text.get_position()[1] for text in texts)
    assert all(above - below >= LABEL_GAP - 1e-9 for below, above in pairwise(heights))
    figure.draw_without_rendering()
    boxes = [Text.get_window_extent(text) for text in texts]  # without the leader
    assert all(box.x0 > figure.axes[0].bbox.x1 and box.x1 < figure.bbox.x1 for box in boxes)
    assert not any(one.overlaps(other) for one, other in pairwise(sorted(boxes, key=lambda box: box.y0)))


def test_a_finished_run_has_a_dot_where_the_whole_test_split_says():
    figure = curves_figure([("", [curve("ViT", 0.55), curve("CNN")])], "epochs", "t", "c")
    (dot,) = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert dot.get_xydata().tolist() == [[20, 0.55]]
    assert "whole test split, at the end" in [text.get_text() for text in figure.legends[0].get_texts()]
    figure = curves_figure([("", [curve("CNN")])], "epochs", "t", "c")
    assert "whole test split, at the end" not in [text.get_text() for text in figure.legends[0].get_texts()]


def test_what_has_no_points_yet_is_left_out():
    nothing = np.empty((0, 2))
    untested = Curve("untested", curve("").train, nothing)
    figure = curves_figure([("", [Curve("new", nothing, nothing), untested])], "epochs", "t", "c")
    assert [text.get_text() for text in labels(figure)] == ["untested  60.0 %"]
    assert labels(figure)[0].get_color() == COLOURS[1]  # its place in the race, not on the page
    assert figure_bytes(curves_figure([("", [Curve("new", nothing, nothing)])], "images", "t", ""), "png")


def test_words_of_strangers_are_drawn_as_they_stand():
    strange = "$\\frac{x} ^ %s {0} <b>"
    races = [(strange, [curve(strange, 0.5)]), *(("long " * 50, [curve("x" * 60)]) for _ in range(3))]
    figure = curves_figure(races, "epochs", strange * 20, strange)
    assert b"frac" in figure_bytes(figure, "svg")
    figure.draw_without_rendering()
    words = [*labels(figure), figure._suptitle, *(text for row in figure.legends for text in row.get_texts())]
    boxes = [Text.get_window_extent(text) for text in words]
    assert all(box.x1 <= figure.bbox.x1 and box.x0 >= 0 for box in boxes)


@pytest.mark.parametrize("length", [20, 150, 10_000])
def test_a_long_caption_takes_room_from_the_curves_and_leaves_them_some(length):
    figure = curves_figure([("", [curve("ViT")])], "epochs", "t", "many words " * length)
    words = next(text for text in figure.texts if text.get_text().startswith("many"))
    figure.draw_without_rendering()  # which puts the axis's label in its place
    axes = figure.axes[0]
    assert words.get_window_extent().y0 > 0
    assert words.get_window_extent().y1 < axes.xaxis.label.get_window_extent().y0
    assert axes.bbox.height > 0.3 * figure.bbox.height
    assert words.get_text().endswith("…") == (length == 10_000)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([], []),
        ([0.5], [0.5]),
        ([0.1, 0.5, 0.9], [0.1, 0.5, 0.9]),
        ([0.5, 0.5], [0.45, 0.55]),
        ([0.52, 0.5, 0.1], [0.56, 0.46, 0.1]),
        ([0.0, 0.0, 0.0], [0.0, 0.1, 0.2]),
        ([1.0, 1.0, 0.97], [0.9, 1.0, 0.8]),
        ([-1.0, 2.0], [0.0, 1.0]),
    ],
)
def test_spread_moves_as_little_as_it_must(wanted, expected):
    assert spread(wanted, 0.1, 0.0, 1.0) == pytest.approx(expected)


def test_spread_keeps_order_gap_and_bounds():
    random = np.random.default_rng(0)
    for _ in range(200):
        wanted = random.uniform(-0.2, 1.2, size=random.integers(2, 25)).tolist()
        placed = spread(wanted, 0.05, 0.02, 0.98)
        assert np.argsort(placed).tolist() == np.argsort(wanted).tolist()
        assert min(np.diff(sorted(placed))) >= min(0.05, 0.96 / (len(wanted) - 1)) - 1e-9
        assert min(placed) >= 0.02 - 1e-9 and max(placed) <= 0.98 + 1e-9


def test_files_are_what_they_say_and_the_same_each_time():
    def drawn(format: str) -> bytes:
        return figure_bytes(curves_figure([("", [curve("ViT", 0.5)])], "seconds", "t", "c"), format)

    assert Image.open(io.BytesIO(drawn("png"))).size == (2400, 1320)
    assert b"<svg" in drawn("svg")
    assert drawn("pdf").startswith(b"%PDF")
    assert drawn("png") == drawn("png")
    assert drawn("pdf") == drawn("pdf")
