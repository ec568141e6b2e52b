"""The figures that people keep of an explanation, a tested prediction and the layers."""

import numpy as np
import pytest
from matplotlib.image import AxesImage

from vit_explorer.figures.explanations import Explained, ablation_figure, explanations_figure, layers_figure
from vit_explorer.figures.frame import figure_bytes

RANDOM = np.random.default_rng(0)
PICTURE = RANDOM.integers(0, 256, (32, 32, 3), dtype=np.uint8)
STEPS = np.linspace(0, 1, 65)
CLASSES = [f"class {index}" for index in range(10)]
SIGNATURES = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def explained(title: str, scale: float) -> Explained:
    return Explained(title, scale * RANDOM.random((8, 8)), {"deletion": (0.25, 1 - STEPS), "insertion": (0.75, STEPS)})


def explanations():
    random = {"deletion": (0.5, 1 - STEPS), "insertion": (0.5, STEPS)}
    return explanations_figure(
        PICTURE, [explained("One", 0.1), explained("Other", 7)], random, STEPS, "Why a cat?", "the caption " * 40
    )


def shares(n: int) -> np.ndarray:
    values = RANDOM.random((n, 10))
    return values / values.sum(axis=1, keepdims=True)


def ablation():
    before, after = shares(2)
    maps = {"Rollout": (RANDOM.random((8, 8)), 3 * RANDOM.random((8, 8)))}
    return ablation_figure(PICTURE, PICTURE[::-1], maps, CLASSES, before, after, "the caption"), before, after, maps


def layers():
    lens, distance = shares(5), 16 * RANDOM.random((4, 3))
    return layers_figure(lens, CLASSES, distance, 16.55, "the caption"), lens, distance


def shown(figure, title: str) -> AxesImage:
    """The topmost picture under a title that begins so."""
    return next(axes.images[-1] for axes in figure.axes if axes.get_title(loc="left").startswith(title))


def test_each_map_has_its_own_printed_scale_and_its_scores():
    figure = explanations()
    one, other = shown(figure, "One"), shown(figure, "Other")
    assert one.norm.vmax == pytest.approx(one.get_array().max()) != other.norm.vmax
    for axes in (one.axes, other.axes):
        assert axes.get_title(loc="left").endswith(f"0 to {axes.images[-1].norm.vmax:.3g}")
        assert axes.get_xlabel() == "deletion 0.250\ninsertion 0.750"
    left, right = (axes for axes in figure.axes if axes.lines)
    assert [line.get_label() for line in left.lines] == ["Random 0.500", "One 0.250", "Other 0.250"]
    np.testing.assert_array_equal(left.lines[1].get_ydata(), 1 - STEPS)
    np.testing.assert_array_equal(right.lines[2].get_ydata(), STEPS)
    assert figure.get_suptitle() == "Why a cat?"


def test_before_and_after_share_a_scale():
    figure, before, after, maps = ablation()
    of_map = [axes.images[-1] for axes in figure.axes if axes.get_title(loc="left").startswith("Rollout")]
    assert [image.norm.vmax for image in of_map] == [maps["Rollout"][1].max()] * 2
    for image, values in zip(of_map, maps["Rollout"], strict=True):
        np.testing.assert_array_equal(image.get_array(), values)
    (bars,) = (axes for axes in figure.axes if axes.patches)
    order = np.argsort(-np.maximum(before, after), kind="stable")[:6]
    widths = [bar.get_width() for bar in bars.patches]
    assert widths == pytest.approx([*before[order], *after[order]])
    assert [label.get_text() for label in bars.get_yticklabels()] == [CLASSES[index] for index in order]
    top = int(before.argmax())
    assert figure.get_suptitle() == f"class {top}: {100 * before[top]:.1f} % before, {100 * after[top]:.1f} % after"


def test_the_lens_and_every_head_are_drawn():
    figure, lens, distance = layers()
    heat, dots = figure.axes
    order = np.argsort(-lens.max(axis=0), kind="stable")[:6]
    np.testing.assert_allclose(heat.images[0].get_array(), lens[:, order].T)
    assert (heat.images[0].norm.vmin, heat.images[0].norm.vmax) == (0, 1)
    drawn = np.concatenate([collection.get_offsets() for collection in dots.collections])
    expected = [(layer + 1, pixels) for layer, heads in enumerate(distance) for pixels in heads]
    np.testing.assert_allclose(drawn, expected)
    assert dots.lines[0].get_ydata() == [16.55, 16.55]


@pytest.mark.parametrize("format", list(SIGNATURES))
@pytest.mark.parametrize("make", [explanations, lambda: ablation()[0], lambda: layers()[0]])
def test_they_can_be_kept(make, format):
    assert figure_bytes(make(), format).startswith(SIGNATURES[format])
