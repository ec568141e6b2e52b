"""Figures of attention: every share at its place, one scale where one is stated."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from vit_explorer.figures.attention import (
    KEY,
    LIMIT_PERCENTILE,
    QUERY,
    SAMPLED,
    SMALLEST_SHARE,
    heads_figure,
    percent,
    rollout_figure,
    rollout_limit,
    shares_limit,
    token_name,
    with_strip,
)
from vit_explorer.models import create_model

GRID = (2, 3)
PICTURE = np.random.default_rng(0).integers(0, 256, (12, 18, 3), dtype=np.uint8)


def shares(*shape: int, seed: int = 1) -> np.ndarray:
    """Rows that sum to 1."""
    values = np.random.default_rng(seed).random(shape)
    return values / values.sum(axis=-1, keepdims=True)


def shown(axes) -> np.ndarray:
    return np.ma.filled(axes.images[-1].get_array(), np.nan)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.123456, "12.3 %"), (0.032, "3.20 %"), (0.000457, "0.0457 %"), (1.0, "100 %"), (0.14, "14.0 %")],
)
def test_shares_are_printed_with_three_digits(share, text):
    assert percent(share) == text


def test_the_strip_holds_cls_and_the_map_the_patches():
    values = np.arange(7.0)
    apart = with_strip(values, GRID, 1)
    assert (apart[:, 0] == 0).all() and np.isnan(apart[:, 1]).all()
    assert apart[:, 2:].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert with_strip(values[1:], GRID, 0).tolist() == [[1, 2, 3], [4, 5, 6]]


def test_the_scale_of_the_heads_leaves_out_cls_and_the_largest_share_in_a_hundred():
    weights = np.zeros((1, 1, 101, 101))
    weights[..., 0] = 0.9  # CLS
    weights[..., 1:] = np.arange(1, 101) / 1000
    assert shares_limit(weights, 1) == pytest.approx(0.0991, abs=1e-4)
    assert shares_limit(np.zeros((1, 1, 3, 3)), 1) > 0


def test_the_limit_of_many_weights_is_their_percentile_whatever_their_order():
    chance = np.random.default_rng(0)
    many = chance.dirichlet(np.full(150, 0.1), (12, 150)).astype(np.float32)
    misleading = np.zeros((2, 200, 200), np.float32)  # a sample of every so many-th number sees none of the large ones
    misleading.reshape(-1)[1::SAMPLED] = 1
    for weights in (many, misleading, np.sort(many, axis=None).reshape(many.shape), np.full_like(many, 0.25)):
        for n_prefix in (0, 1):
            expected = max(np.percentile(weights[..., n_prefix:], LIMIT_PERCENTILE), SMALLEST_SHARE)
            assert shares_limit(weights, n_prefix) == pytest.approx(expected, rel=1e-6)


def test_the_scale_of_the_rollout_leaves_out_the_query_itself():
    rows = np.full((2, 7), 0.01)
    rows[:, 0] = 0.4
    rows[:, 3] = 0.5
    assert rollout_limit(rows, 1, 3) == pytest.approx(0.01)
    assert rollout_limit(rows, 1, None) == pytest.approx(0.5)
    assert rollout_limit(np.ones((2, 2)), 1, 1) == 1.0  # one patch has no other


@pytest.mark.parametrize("n_prefix", [0, 1])
@pytest.mark.parametrize("limit", [0.2, None])
@pytest.mark.parametrize("chosen", [[(1, 2)], [(1, 2), (0, None)]])
def test_every_head_is_drawn_at_its_place(n_prefix, limit, chosen):
    maps = shares(2, 3, n_prefix + 6)
    figure = heads_figure(PICTURE, maps, GRID, ("CLS",)[:n_prefix], n_prefix + 4, chosen, limit, "A title", "A caption")
    left, right = figure.subfigs
    for layer in range(2):
        for column, values in enumerate([*maps[layer], maps[layer].mean(axis=0)]):
            axes = right.axes[4 * layer + column]
            np.testing.assert_allclose(shown(axes), with_strip(values, GRID, n_prefix))
            assert axes.images[0].get_clim() == pytest.approx((0, limit or values[n_prefix:].max()))
            assert any(spine.get_visible() for spine in axes.spines.values()) == (
                (layer, None if column == 3 else column) in chosen
            )
    scene, large, *others = left.axes
    assert len(others) == len(chosen) - 1
    for other in others:
        np.testing.assert_allclose(shown(other), maps[0, :, n_prefix:].mean(axis=0).reshape(GRID), rtol=1e-6)
    np.testing.assert_array_equal(scene.images[0].get_array(), PICTURE)
    np.testing.assert_allclose(shown(large), maps[1, 2, n_prefix:].reshape(GRID))
    marked = {to_hex(patch.get_edgecolor()): patch.get_xy() for patch in large.patches}
    best = int(maps[1, 2, n_prefix:].argmax())
    assert marked == {KEY: (best % 3, best // 3), QUERY: (1, 1)}
    assert (len(right.axes) == 9) == (limit is not None)  # with a shared scale there is a bar that prints it
    assert "A caption" in [text.get_text() for text in figure.texts]


def test_both_rows_of_the_rollout_are_drawn_on_their_scales():
    steps, alone = shares(3, 7), shares(3, 7, seed=2)
    figure = rollout_figure(PICTURE, steps, alone, GRID, 1, 0, [2, 3, 4], (0.2, 0.3), "A title", "A caption")
    for row, (values, limit) in enumerate([(steps, 0.2), (alone, 0.3)]):
        for step in range(3):
            axes = figure.axes[4 * row + 1 + step]
            np.testing.assert_allclose(shown(axes), with_strip(values[step], GRID, 1))
            assert axes.images[0].get_clim() == (0, limit)
            title = axes.get_title(loc="left")
            assert str(step + 2) in title and percent(values[step, 0]) in title


def test_own_scales_of_the_rollout_end_at_the_largest_share_of_another_patch():
    steps = np.array([[0.2, 0.6, 0.05, 0.05, 0.06, 0.02, 0.02]])
    figure = rollout_figure(PICTURE, steps, steps, GRID, 1, 1, [1], None, "A title", "A caption")
    assert figure.axes[1].images[0].get_clim() == pytest.approx((0, 0.06))
    assert len(figure.axes) == 4  # no bar: there is no scale to print


def test_tokens_are_named_by_the_network_registers_too():
    names = create_model("vit", n_registers=2).prefix_names()
    assert [token_name(index, names) for index in range(4)] == ["CLS", "register 1", "register 2", "patch 1"]
    assert token_name(3, ()) == "patch 4"
