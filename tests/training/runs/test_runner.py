"""Several contenders in turns are what each is alone, however often the race is left and taken up again."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.training.racing import first_difference, written
from tests.training.small import kinds, plain
from tests.training.two import RECIPES, alone
from vit_explorer.data.dataset import Dataset
from vit_explorer.training import Recipe
from vit_explorer.training.loop.events import Epoch, Step
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import Runner
from vit_explorer.training.runs.status import RaceStatus


def test_side_by_side_is_as_alone(race, run, tiny):
    with run(race) as runner:
        told = list(runner.events())
        assert runner.over
    for label, recipe in RECIPES.items():
        expected = plain(alone(recipe, tiny))
        assert plain(event for one, event in told if one == label) == expected
        found = plain(race.runs[label].events())
        assert [name for name, _ in found] == [name for name, _ in expected]
        exact = [pair for pair in expected if pair[0] != "Snapshot"]  # whose tensors are written as float16
        assert [pair for pair in found if pair[0] != "Snapshot"] == exact
    assert race.status() == RaceStatus("finished")


def test_next_is_who_has_done_the_smallest_share(race, run):
    shares = dict.fromkeys(RECIPES, 0.0)
    order = list(RECIPES)
    for label, event in run(race).events():
        if isinstance(event, Step):
            assert label == min(order, key=lambda one: shares[one])
            shares[label] = event.step / event.total_steps
    assert shares == {"ViT": 1.0, "CNN": 1.0}


def test_the_second_contender_is_not_made_before_the_first_has_stepped(race, tiny):
    asked = []

    def datasets(recipe: Recipe) -> Dataset:
        asked.append(recipe.model)
        return tiny

    for _, event in Runner(race, datasets).events():
        if isinstance(event, Step):
            break
    assert asked == ["vit"]


@pytest.mark.parametrize("save_every", [0.0, 1e9])
@pytest.mark.parametrize("count", [1, 4, 17, 30])
def test_left_and_taken_up_it_is_the_same_race(tmp_path, run, count, save_every):
    whole, cut = (Race.create(tmp_path, RECIPES, title="Two", name=name) for name in ("whole", "cut"))
    list(run(whole).events())
    with run(cut, save_every=save_every) as runner:
        list(islice(runner.events(), count))
    list(run(cut, save_every=save_every).events())
    assert first_difference(cut, written(whole)) is None
    weights = [race.runs["ViT"].load_state()["model"] for race in (whole, cut)]
    assert all((weights[0][name] == weights[1][name]).all() for name in weights[0])


def test_paused_in_memory_it_is_the_same_race(tmp_path, run):
    whole, halting = (Race.create(tmp_path, RECIPES, title="Two", name=name) for name in ("whole", "halting"))
    list(run(whole).events())
    with run(halting) as runner:
        while not runner.over:
            list(islice(runner.events(), 3))
            runner.save()
    assert first_difference(halting, written(whole)) is None


@pytest.mark.parametrize("saved", [True, False])
def test_closed_and_opened_again_it_goes_on_with_the_trainers_it_has(tmp_path, tiny, saved):
    """Nothing is read again if all was saved; else it goes on from the last state."""
    whole, again = (Race.create(tmp_path, RECIPES, title="Two", name=name) for name in ("whole", "again"))
    list(Runner(whole, lambda recipe: tiny).events())
    asked = []

    def datasets(recipe: Recipe) -> Dataset:
        asked.append(recipe.model)
        return tiny

    runner = Runner(again, datasets)
    for _ in range(3):
        with runner:
            list(islice(runner.events(), 12))
            if saved:
                runner.save()
        assert not again.busy()
    with runner:
        list(runner.events())
    assert first_difference(again, written(whole)) is None
    assert len(asked) == 2 if saved else len(asked) > 2


def test_who_has_finished_is_left_alone(race, run):
    with run(race) as runner:
        list(runner.events())
    before = {label: (one.path / "events.jsonl").read_bytes() for label, one in race.runs.items()}
    with run(race) as runner:
        assert list(runner.events()) == []
        assert runner.over
    assert {label: (one.path / "events.jsonl").read_bytes() for label, one in race.runs.items()} == before


def test_step_by_step(race, run):
    with run(race) as runner:
        for number in (1, 2, 3, 4):
            steps = [(label, event.step) for label, event in runner.events("batch") if isinstance(event, Step)]
            assert sorted(steps) == [("CNN", number), ("ViT", number)]
        told = list(runner.events("epoch"))
        ends = sorted((label, event.step) for label, event in told if isinstance(event, Epoch))
        assert ends == [("CNN", 8), ("ViT", 6)]  # the CNN's first epoch was over, and told, with its fourth batch
        assert {label: event.step for label, event in told} == dict(ends)


def test_an_epoch_that_was_left_half_done_is_ended_first(race, run):
    with run(race) as runner:
        for label, event in runner.events():
            if label == "CNN" and isinstance(event, Step) and event.step == 4:
                break  # its epoch is done and not yet measured
        told = [(label, event) for label, event in runner.events("epoch") if label == "CNN"]
        assert (kinds(event for _, event in told)[-1], told[-1][1].step) == ("Epoch", 4)


def test_steps_go_on_to_the_end_and_no_further(race, run):
    with run(race) as runner:
        for _ in range(6):
            list(runner.events("epoch"))
        assert runner.over
        assert list(runner.events("batch")) == []
    assert race.status() == RaceStatus("finished")
