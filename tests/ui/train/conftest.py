"""A race that is over, and a page with it on its shelf, for all tests of this room."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.files import save_npz
from tests.ui.train.visits import MINE, PLAIN, QuietService, Visit
from vit_explorer.data.sources import Dataset, open_dataset
from vit_explorer.training.runs.race import Race, owner_of
from vit_explorer.training.runs.runner import Runner
from vit_explorer.ui.core.session import Session


@pytest.fixture(scope="package")
def recorded(tiny: Dataset, tmp_path_factory) -> Race:
    """A finished race of two models on own data, which lie beside it as tiny.npz."""
    root = tmp_path_factory.mktemp("recorded")
    data = save_npz(tiny, root / "tiny.npz")
    recipes = {
        "ViT": replace(PLAIN, data=str(data)),
        "CNN": replace(PLAIN, model="cnn", overrides={"widths": (4, 8)}, data=str(data)),
    }
    race = Race.create(root, recipes, title="Two on tiny", owner=owner_of(MINE))
    with Runner(race, lambda recipe: open_dataset(recipe.data)) as runner:
        list(runner.events())
    return race


@pytest.fixture
def visit(tmp_path: Path, recorded: Race) -> Visit:
    """A page with those data, and on its shelf a copy of that race."""
    runs = tmp_path / "runs"
    session = Session(tmp_path, [tmp_path / "weights", runs / "exported"], [recorded.path.parent / "tiny.npz"])
    race = Race.at(shutil.copytree(recorded.path, runs / recorded.name))
    return Visit(session, QuietService(runs), race)
