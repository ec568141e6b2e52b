"""The figure of the Features tab: every map with the pixels it was given, one scale for both similarities."""

import numpy as np
import pytest

from vit_explorer.figures.features import FeatureMaps, NetworkMaps, features_figure, networks_figure


def test_maps_pixels_and_scales_are_those_given():
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (8, 8, 3), dtype=np.uint8) for _ in range(2)]
    maps = [FeatureMaps(f"layer {k}", rng.random((2, 4, 4, 3)), rng.random((2, 4, 4)) > 0.5) for k in range(3)]
    similar = [rng.uniform(-0.5, 1, (4, 4)), rng.uniform(-0.2, 1, (4, 4))]
    norms = rng.random((4, 4)) * 7
    figure = features_figure(pictures, maps, similar, norms, 6, "Features", "A caption.")
    upper, lower = figure.subfigs
    for row in range(2):
        for one, axes in zip(maps, upper.axes[row * 4 + 1 : row * 4 + 4], strict=True):
            rgba = axes.images[0].get_array()
            np.testing.assert_array_equal(rgba[..., :3], one.colours[row])
            np.testing.assert_array_equal(rgba[..., 3], one.shown[row])
    here, there, lengths = (axes.images[0] for axes in lower.axes[1:4])
    assert here.get_clim() == there.get_clim() == (min(similar[0].min(), similar[1].min()), 1)
    assert lengths.get_clim() == pytest.approx((0, norms.max()))
    for axes, side in ((lower.axes[0], 2), (lower.axes[1], 1)):  # patch 6 of 4 x 4: row 1, column 2
        (mark,) = axes.patches
        assert (*mark.get_xy(), mark.get_width()) == (2 * side - 0.5, side - 0.5, side)


def test_two_networks_share_the_scale_of_their_similarities():
    rng = np.random.default_rng(1)
    networks = [
        NetworkMaps(name, rng.integers(0, 255, (8, 8, 3), dtype=np.uint8), rng.random((side, side, 3)),
                    rng.uniform(-0.5, 1, (side, side)), query)
        for name, side, query in (("one", 4, 6), ("other", 2, None))
    ]  # fmt: skip
    figure = networks_figure(networks, "Two networks", "A caption.")
    low = min(one.cosines.min() for one in networks)
    for one, row in zip(networks, (figure.axes[:3], figure.axes[3:6]), strict=True):
        for axes, pixels in zip(row, (one.picture, one.colours, one.cosines), strict=True):
            np.testing.assert_array_equal(axes.images[0].get_array(), pixels)
            assert len(axes.patches) == (one.query is not None)
        assert row[2].images[0].get_clim() == (low, 1)
        assert one.name in row[0].get_title(loc="left")
