"""The figure of the ladder: every step at its place with its sign, the teacher's line, files that are what they say."""

import io

import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

from vit_explorer.figures.frame import figure_bytes
from vit_explorer.figures.ladder import COLOURS, REACH, SMALLEST, DrawnRung, colour_limit, ladder_figure, signed


def rung(label: str, tests: list[float], gain: float | None = None) -> DrawnRung:
    return DrawnRung(label, np.array(tests), np.array(tests) + 0.2, gain)


RUNGS = [rung("Plain", [0.40, 0.42]), rung("up", [0.46, 0.46], 0.05), rung("down", [0.43, 0.44], -0.025)]
TEACHER = np.array([0.5, 0.54])


def words(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_steps_begin_at_the_rung_below_and_end_at_their_own():
    figure = ladder_figure(RUNGS, TEACHER, "A title", "A caption")
    up, down = figure.axes[0].patches
    assert up.get_x() == pytest.approx(0.41) and up.get_x() + up.get_width() == pytest.approx(0.46)
    assert down.get_x() == pytest.approx(0.46) and down.get_x() + down.get_width() == pytest.approx(0.435)
    assert [bar.get_y() + bar.get_height() / 2 for bar in (up, down)] == pytest.approx([1, 2])
    colours = colormaps[COLOURS]
    assert up.get_facecolor() == colours(0.5 + 0.5 / REACH) and down.get_facecolor() == colours(0.5 - 0.25 / REACH)
    assert {"A title", "A caption"} <= {text.get_text() for text in [figure._suptitle, *figure.texts]}


def test_every_seed_and_mean_is_drawn_and_every_number_is_said():
    figure = ladder_figure(RUNGS, TEACHER, "t", "c")
    lines = figure.axes[0].lines
    dots = [line.get_xdata().tolist() for line in lines if line.get_marker() == "o"]
    assert dots == [[0.40, 0.42], [0.46, 0.46], [0.43, 0.44]]
    means = [line.get_xdata()[0] for line in lines if line.get_linewidth() == 2.6]
    assert means == pytest.approx([0.41, 0.46, 0.435])
    said = words(figure)
    assert "dots: seeds" in figure.axes[0].get_xlabel()
    assert said[:3] == ["step", "test %", "train %"] and said[-1] == "teacher 52.0 %"
    assert said[3:-1] == ["", "41.0 ± 1.4", "61.0", "+5.0", "46.0 ± 0.0", "66.0", "−2.5", "43.5 ± 0.7", "63.5"]
    (teacher,) = [line for line in lines if line.get_linestyle() == "--"]
    assert teacher.get_xdata()[0] == pytest.approx(0.52)
    assert figure.axes[0].get_xlim()[0] < 0.4 and figure.axes[0].get_xlim()[1] > 0.54


def test_one_seed_has_no_spread_and_without_teacher_there_is_no_line():
    figure = ladder_figure([rung("Plain", [0.4])], None, "t", "c")
    assert words(figure)[3:] == ["", "40.0", "60.0"] and not figure.axes[0].patches
    assert not [line for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    assert not [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert "seeds" not in figure.axes[0].get_xlabel()


def test_colours_of_tiny_steps_stay_pale():
    assert colour_limit([None, 0.001]) == REACH * SMALLEST
    assert colour_limit([None, 0.02, -0.05]) == pytest.approx(REACH * 0.05)
    assert [signed(gain) for gain in (0.0126, -0.003, 0.0004, -0.0004)] == ["+1.3", "−0.3", "0.0", "0.0"]


def test_all_words_stay_on_the_paper_and_strange_ones_are_drawn_as_they_stand():
    strange = "$\\frac{x} ^ %s " * 9
    figure = ladder_figure([*RUNGS, rung(strange, [0.9, 0.99], 0.4)], TEACHER, strange, "it is said here " * 500)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [text.get_window_extent() for text in [*axes.texts, *axes.get_yticklabels(), *figure.texts]]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0 for box in boxes)
    assert axes.bbox.height > 0.3 * figure.bbox.height
    caption = next(text for text in figure.texts if text.get_text().startswith("it is"))
    assert caption.get_window_extent().y1 < axes.xaxis.label.get_window_extent().y0


def test_files_are_what_they_say_and_the_same_each_time():
    def drawn(format: str) -> bytes:
        return figure_bytes(ladder_figure(RUNGS, TEACHER, "t", "c"), format)

    assert Image.open(io.BytesIO(drawn("png"))).size == (2400, 1320)
    assert b"<svg" in drawn("svg") and drawn("svg").count(b"<text") > 20 and b">teacher 52.0 %</text>" in drawn("svg")
    assert drawn("svg") == drawn("svg")
    assert drawn("pdf").startswith(b"%PDF")
    assert drawn("png") == drawn("png")


@pytest.mark.parametrize("accuracy", [0.2, 0.35, 0.64])
def test_the_teachers_name_keeps_off_the_heads_of_the_columns(accuracy):
    figure = ladder_figure(RUNGS, np.array([accuracy]), "A title", "A caption")
    figure.draw_without_rendering()
    texts = {text.get_text(): text.get_window_extent() for text in figure.axes[0].texts}
    (name,) = (box for text, box in texts.items() if text.startswith("teacher"))
    assert name.x1 < texts["step"].x0 and name.x0 > 0
