"""Counts for the exercise on windows: those of the paper's first stage."""

import pytest

from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.exercises.costs import count_costs

SIZES = {"side": 56, "d_model": 96, "n_heads": 3, "window": 7}


def test_windows_of_7_on_56_x_56_tokens():
    counted = bind(count_costs)(SIZES)
    n = 56 * 56
    assert (counted["entries_global"], counted["entries_windowed"]) == (n * n, n * 49)
    assert counted["module_global"] == 4 * n * 96**2 + 2 * n * n * 96
    assert counted["module_windowed"] == 4 * n * 96**2 + 2 * n * 49 * 96
    assert round(counted["module_global"] / counted["module_windowed"], 1) == 13.8


@pytest.mark.parametrize(("field", "value"), [("n_heads", 5), ("window", 0), ("side", 500)])
def test_sizes_that_cannot_be_are_refused(field, value):
    with pytest.raises(UserError):
        bind(count_costs)(SIZES | {field: value})
