"""The figure of data scaling: every point at its place, bars of the spread, rings, names, and its files."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from vit_explorer.figures.data_scaling import INKS, SHAPES, ScalingCurve, scaling_figure
from vit_explorer.figures.frame import figure_bytes

NONE = np.empty((0, 2))


def curve(kind: str, *points: tuple[float, float, float], own: np.ndarray = NONE) -> ScalingCurve:
    return ScalingCurve(kind, f"Name of {kind}", np.array(points).reshape(-1, 3), own)


CNN = curve("cnn", (500, 0.31, 0.02), (5_000, 0.52, 0.0), (50_000, 0.64, 0.01))
VIT = curve("vit", (500, 0.25, 0.0), (50_000, 0.63, 0.0), own=np.array([(1_250, 0.08)]))


def lines(figure, shape: str) -> list:
    return [line for line in figure.axes[0].lines if line.get_marker() == shape]


def test_every_mean_is_at_its_place_in_colour_and_shape_of_its_kind():
    figure = scaling_figure([CNN, VIT], "A title", "A caption")
    for one in (CNN, VIT):
        (line, *_) = lines(figure, SHAPES[one.kind])
        if one is VIT:
            (line,) = (found for found in lines(figure, "o") if len(found.get_xdata()) == 2)
        np.testing.assert_array_equal(line.get_xydata(), one.points[:, :2])
        assert to_hex(line.get_color()) == INKS[one.kind]
    axes = figure.axes[0]
    assert axes.get_xscale() == "log" and axes.get_xlabel() == "training pictures"
    figure.draw_without_rendering()
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["500", "5,000", "50,000"]
    assert {"A title", "A caption"} <= {text.get_text() for text in [figure._suptitle, *figure.texts]}


def test_a_bar_reaches_a_standard_deviation_either_way_and_one_seed_has_none():
    figure = scaling_figure([CNN], "t", "c")
    (bars,) = figure.axes[0].containers
    segments = [segment for segment in bars.lines[2][0].get_segments() if len(segment) and np.isfinite(segment).all()]
    np.testing.assert_allclose(segments, [[(500, 0.29), (500, 0.33)], [(50_000, 0.63), (50_000, 0.65)]])


def test_a_single_run_is_a_ring_inside_the_axes():
    figure = scaling_figure([CNN, VIT], "t", "c")
    (ring,) = (line for line in lines(figure, "o") if line.get_markersize() > 10)
    assert ring.get_xydata().tolist() == [[1_250, 0.08]]
    assert ring.get_markerfacecolor() == "none" and to_hex(ring.get_markeredgecolor()) == INKS["vit"]
    low, high = figure.axes[0].get_ylim()
    assert low == 0 and high == pytest.approx(0.7)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["mean over seeds", "standard deviation over seeds", "a run of one's own"]
    plain = scaling_figure([curve("deit", (500, 0.2, 0.0))], "t", "c")
    assert [text.get_text() for text in plain.legends[0].get_texts()] == ["a run of the sweep"]


def test_names_stand_beside_their_lines_without_touching():
    close = [curve(kind, (500, 0.2, 0), (50_000, 0.60 + 0.001 * i, 0)) for i, kind in enumerate(INKS)]
    texts = scaling_figure(close, "t", "c").axes[0].texts
    assert [text.get_text() for text in texts] == [
        f"Name of {one.kind}  {100 * one.points[-1, 1]:.1f} %" for one in close
    ]
    heights = sorted(text.get_position()[1] for text in texts)
    assert np.diff(heights).min() > 0.055 and heights[0] > 0 and heights[-1] < 1


def test_rings_alone_are_drawn_and_nothing_is_refused():
    alone = scaling_figure([curve("cnn", own=np.array([(500, 0.3)]))], "t", "c")
    assert len(lines(alone, "o")) == 1 and len(alone.axes[0].texts) == 0
    with pytest.raises(ValueError, match="no run to draw"):
        scaling_figure([curve("cnn")], "t", "c")


@pytest.mark.parametrize(("format", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_its_files_are_what_they_say(format, magic):
    assert figure_bytes(scaling_figure([CNN, VIT], "t", "c"), format).startswith(magic)
