"""Several contenders in turns are what each is alone, however often the race is left and taken up again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from tests.training.racing import first_difference, written
from tests.training.small import RECIPE, kinds, plain
from tests.training.written import refused
from vit_explorer.data.dataset import Dataset, DatasetError
from vit_explorer.training import Recipe, Trainer, train
from vit_explorer.training.loop.events import Epoch, Event, Failed, Finished, Started, Step
from vit_explorer.training.runs.errors import RunError
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import Runner, change_lr_at_rest
from vit_explorer.training.runs.status import INTERRUPTED, RaceStatus

RECIPES = {
    "ViT": RECIPE,  # 9 steps
    "CNN": Recipe(model="cnn", overrides={"widths": (4, 8)}, batch_size=6, epochs=5, snapshots=4, seed=4),  # 20 steps
}


@pytest.fixture
def race(tmp_path) -> Race:
    return Race.create(tmp_path, RECIPES, title="Two")


@pytest.fixture
def run(tiny) -> Callable[..., Runner]:
    """A runner for a race, on the tiny data."""
    return lambda race, **values: Runner(race, lambda recipe: tiny, **values)


def alone(recipe: Recipe, dataset: Dataset) -> list[Event]:
    return list(train(recipe, dataset))


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


def test_one_that_cannot_run_does_not_stop_the_other(tmp_path, run):
    recipes = {"bad": replace(RECIPE, probe=1_000), "good": RECIPES["CNN"]}
    race = Race.create(tmp_path, recipes, title="Two")
    told = list(run(race).events())
    failed = [event for label, event in told if label == "bad"]
    assert kinds(failed) == ["Failed"]
    assert failed[0].reason.startswith("Probe must lie between 0 and") and failed[0].reason.endswith(".")
    assert isinstance(told[-1][1], Finished)
    assert race.runs["bad"].events() == failed
    assert race.status() == RaceStatus("finished", f"bad: {failed[0].reason}")


def test_data_that_are_not_there(race):
    def datasets(recipe: Recipe) -> Dataset:
        raise DatasetError("There is no file of that name.")

    assert kinds(event for _, event in Runner(race, datasets).events()) == ["Failed", "Failed"]
    assert race.status() == RaceStatus("failed", "There is no file of that name.")


def test_what_failed_is_taken_up_when_it_can_be(race, run, tiny):
    def datasets(recipe: Recipe) -> Dataset:
        raise DatasetError("Not yet.")

    with run(race, save_every=0.0) as runner:
        list(islice(runner.events(), 12))
    with Runner(race, datasets) as runner:
        list(runner.events())
    list(run(race).events())
    for label, recipe in RECIPES.items():
        assert kinds(race.runs[label].events()) == kinds(alone(recipe, tiny))


def test_a_model_that_computes_no_numbers_any_more(tmp_path, run, monkeypatch):
    step = Trainer._train_step

    def spoiled(trainer: Trainer) -> Event:
        if trainer.step == 5 and trainer.recipe.model == "vit":
            trainer.model.head.weight.data[0, 0] = float("nan")
        return step(trainer)

    race = Race.create(tmp_path, RECIPES, title="Two")
    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_train_step", spoiled)
        with run(race, save_every=0.0) as runner:
            told = list(runner.events())
    assert [(label, event.step) for label, event in told if isinstance(event, Failed)] == [("ViT", 5)]
    assert race.status().reason.startswith("ViT: The loss became nan")
    assert race.runs["ViT"].load_state()["step"] == 5  # the state before it
    told = list(run(race).events())  # taken up again
    assert {label for label, _ in told} == {"ViT"}
    assert race.status() == RaceStatus("finished")


def test_a_damaged_state_ends_its_contender_alone(race, run):
    with run(race, save_every=0.0) as runner:
        list(islice(runner.events(), 12))
    (race.runs["ViT"].path / "last.pt").write_bytes(b"no state")
    list(run(race).events())
    standing = race.status()
    assert standing.state == "finished"
    assert standing.reason.startswith("ViT: ") and "last.pt is damaged" in standing.reason


def test_one_process_at_a_time(race, run):
    with run(race) as first:
        list(islice(first.events(), 3))
        refused("is being trained by another process", run(race).open)
        refused("is being trained by another process", lambda: next(run(race).events()))
    with run(race) as second:
        assert len(list(islice(second.events(), 3))) == 3
    assert not race.busy()


def test_it_is_no_longer_at_rest_while_it_trains(race, run):
    race.save_status(RaceStatus("paused"))
    with run(race) as runner:
        list(islice(runner.events(), 3))
    assert race.status().reason == INTERRUPTED


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("name", ["events.jsonl", "last.pt.new"])
def test_a_full_disk_is_a_sentence_and_the_race_stands_at_its_last_state(race, run, tiny, name):
    with run(race, save_every=0.0) as runner:
        list(islice(runner.events(), 12))
    path = race.runs["ViT"].path / name
    rest = path.read_bytes() if path.exists() else None
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/full")
    if name == "last.pt.new":
        with run(race, save_every=0.0) as runner, pytest.raises(RunError) as caught:
            list(runner.events())
    else:  # it is no file that could be cut back: the contender cannot be taken up
        with pytest.raises(RunError) as caught:
            race.runs["ViT"].append(Started(0, 9, 3, 18, 6, 9, 6, 1))
    assert "No space left on device" in str(caught.value) and "\n" not in str(caught.value)
    path.unlink(missing_ok=True)
    if rest is not None:
        path.write_bytes(rest)
    list(run(race).events())
    for label, recipe in RECIPES.items():
        assert kinds(race.runs[label].events()) == kinds(alone(recipe, tiny))


# --- the learning rate, turned by hand ---


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


# --- what is on the disk when it is ended from outside ---


def test_before_every_look_the_steps_until_it_are_safe(race, run, monkeypatch):
    """Who stops it during a long evaluation loses nothing."""
    monkeypatch.setattr("vit_explorer.training.runs.runner.SAVE_BEFORE_LOOK", 0.0)
    done = dict.fromkeys(RECIPES, 0)
    looked = []

    def tell(label: str, activity: str) -> None:
        if activity.startswith("measuring") and done[label]:
            state = race.runs[label].peek_state()
            assert state is not None and state["step"] == done[label]
            looked.append(label)

    for label, event in run(race, save_every=1e9, tell=tell).events():
        done[label] = event.step
    for label, events in ((label, one.events()) for label, one in race.runs.items()):
        looks = [event for event in events if event.step and not isinstance(event, Step)]
        assert looked.count(label) == len(looks) > 5


def test_states_are_saved_on_the_way(race, run):
    with run(race, save_every=0.05) as runner:
        for label, event in runner.events():
            if label == "ViT" and isinstance(event, Step) and event.step < 9:
                time.sleep(0.06)
                before = event.step
            state = race.runs["ViT"].peek_state()
            if label == "ViT" and isinstance(event, Step) and event.step > 1:
                assert state is not None and state["step"] >= before - 1
    assert os.path.getsize(race.runs["ViT"].path / "last.pt") > 0
