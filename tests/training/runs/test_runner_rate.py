"""The learning rate, turned by hand."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.training.racing import first_difference, written
from tests.training.two import RECIPES
from tests.training.written import refused
from vit_explorer.training.loop.events import Step
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import change_lr_at_rest


def rates(race: Race, label: str) -> list[float]:
    return [event.lr for event in race.runs[label].events() if isinstance(event, Step)]


def test_a_changed_rate_is_part_of_the_recipe_and_repeats_the_run(tmp_path, run):
    first = Race.create(tmp_path, RECIPES, title="By hand")
    with run(first) as runner:
        list(islice(runner.events("epoch"), 100))
        runner.change_lr(0.25)
        runner.change_lr(4.0, "ViT")
        list(runner.events())
    assert first.recipes()["CNN"].lr_changes == ((4, 0.25),)
    assert (3, 4.0) in first.recipes()["ViT"].lr_changes
    assert rates(first, "CNN") == pytest.approx([1e-3] * 4 + [2.5e-4] * 16)
    again = Race.create(tmp_path, first.recipes(), title="As written")
    list(run(again).events())
    assert first_difference(again, written(first)) is None


def test_a_rate_changed_before_the_first_step_or_while_it_rests(race, run):
    change_lr_at_rest(race, 0.5)
    with run(race, save_every=0.0) as runner:
        list(runner.events("epoch"))
        runner.save()
        refused("is being trained", lambda: change_lr_at_rest(race, 2.0, "CNN"))
    change_lr_at_rest(race, 2.0, "CNN")
    list(run(race).events())
    assert rates(race, "CNN") == pytest.approx([5e-4] * 4 + [2e-3] * 16)


def test_a_rate_that_cannot_be(race, run):
    with run(race) as runner:
        list(runner.events("batch"))
        for factor in (0.0, 101.0, float("nan")):
            with pytest.raises(ValueError, match=r"0\.01"):
                runner.change_lr(factor)
        with pytest.raises(ValueError, match="nobody is not under way"):
            runner.change_lr(0.5, "nobody")
        list(runner.events())
        with pytest.raises(ValueError, match="not under way"):
            runner.change_lr(0.5)
    assert race.recipes() == RECIPES
