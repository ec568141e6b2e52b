"""The line about a network: its accuracy in print."""

from __future__ import annotations

import pytest

from vit_explorer.figures.architectures import DrawnModel, _cells
from vit_explorer.models.summary import accuracy_percent


@pytest.mark.parametrize(
    ("accuracy", "printed"),
    [(0.8515, "85.2 %"), (0.8775, "87.8 %"), (0.8825, "88.3 %"), (0.893, "89.3 %"), (1.0, "100.0 %"), (0.0, "0.0 %")],
)
def test_an_accuracy_has_one_digit_and_halves_go_up_in_figures_too(accuracy, printed):
    """As format.percent of the page prints them, see tests/js/format.test.js."""
    assert accuracy_percent(accuracy) == printed
    assert _cells(DrawnModel("vit", "ViT", 1, 1, None, "", None, None, accuracy))[-1] == printed
