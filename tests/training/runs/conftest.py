"""A race of two contenders, and what runs it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.training.two import RECIPES
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import Runner


@pytest.fixture
def race(tmp_path) -> Race:
    return Race.create(tmp_path, RECIPES, title="Two")


@pytest.fixture
def run(tiny) -> Callable[..., Runner]:
    """A runner for a race, on the tiny data."""
    return lambda race, **values: Runner(race, lambda recipe: tiny, **values)
