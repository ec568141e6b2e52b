"""The figure of the position similarities: every number at its place, one scale, and files that are what they say."""

import io

import numpy as np
import pytest
from PIL import Image

from vit_explorer.figures.frame import figure_bytes
from vit_explorer.figures.positions import colour_limit, positions_figure, tile_maps, with_gap


def numbered(n: int) -> np.ndarray:
    """A matrix whose entry (i, j) is i + j / 1000."""
    return np.arange(n)[:, None] + np.arange(n)[None, :] / 1000


def test_gap_sets_the_prefix_apart_and_keeps_every_number():
    apart = with_gap(numbered(5), 1)
    assert np.isnan(apart[1]).all() and np.isnan(apart[:, 1]).all()
    np.testing.assert_array_equal(np.delete(np.delete(apart, 1, axis=0), 1, axis=1), numbered(5))
    np.testing.assert_array_equal(with_gap(numbered(4), 0), numbered(4))


@pytest.mark.parametrize("n_prefix", [0, 1])
def test_each_map_lies_at_its_patch_and_each_number_at_its_place_in_it(n_prefix):
    rows, cols = 2, 3
    tiled = tile_maps(numbered(n_prefix + 6), (rows, cols), n_prefix)
    assert tiled.shape == (5, 11)
    for patch in range(6):
        for other in range(6):
            row = patch // cols * (rows + 1) + other // cols
            col = patch % cols * (cols + 1) + other % cols
            assert tiled[row, col] == pytest.approx(n_prefix + patch + (n_prefix + other) / 1000)
    assert np.isnan(tiled[2]).all() and np.isnan(tiled[:, 3]).all() and np.isnan(tiled[:, 7]).all()


def test_scale_comes_from_the_strongest_snapshot_without_self_and_prefix():
    faint, strong = np.full((5, 5), 0.1), np.full((5, 5), -0.42)
    for matrix in (faint, strong):
        matrix[0] = matrix[:, 0] = 0.99  # CLS
        np.fill_diagonal(matrix, 1.0)
    assert colour_limit(np.stack([faint, strong]), 1) == pytest.approx(0.45)
    assert colour_limit(np.stack([faint]), 1) == pytest.approx(0.1)  # already a multiple of the step
    assert colour_limit(np.ones((1, 4, 4)), 0) == 1.0
    assert colour_limit(np.eye(4)[None], 0) == pytest.approx(0.05)
    assert colour_limit(np.ones((1, 2, 2)), 1) == 1.0  # one patch has no other


@pytest.mark.parametrize("n_prefix", [0, 1])
def test_figure_draws_both_views_on_the_stated_scale(n_prefix):
    n = n_prefix + 16
    similarity = np.linspace(-1, 1, n * n).reshape(n, n)
    figure = positions_figure(similarity, (4, 4), n_prefix, 0.6, "A title", "A caption")
    matrix, maps = figure.axes[0].images[0], figure.axes[1].images[0]
    assert matrix.get_clim() == maps.get_clim() == (-0.6, 0.6)
    np.testing.assert_allclose(np.ma.filled(matrix.get_array(), np.nan), with_gap(similarity, n_prefix))
    np.testing.assert_allclose(np.ma.filled(maps.get_array(), np.nan), tile_maps(similarity, (4, 4), n_prefix))
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == (["CLS"] if n_prefix else []) + ["0", "4", "8", "12"]
    ticks = figure.axes[0].get_yticks().tolist()
    assert ticks == ([0, 2, 6, 10, 14] if n_prefix else [0, 4, 8, 12])
    assert "A caption" in [text.get_text() for text in figure.texts]


def test_files_are_what_they_say_and_the_same_each_time():
    def drawn(format: str) -> bytes:
        return figure_bytes(positions_figure(np.eye(17), (4, 4), 1, 0.5, "t", "c"), format)

    assert Image.open(io.BytesIO(drawn("png"))).size == (2400, 1320)
    assert b"<svg" in drawn("svg")
    assert drawn("pdf").startswith(b"%PDF")
    assert drawn("png") == drawn("png")
    assert drawn("pdf") == drawn("pdf")
