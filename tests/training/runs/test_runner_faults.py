"""What ends a contender leaves the others and the race's folder whole, as does an end from outside."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from tests.training.small import RECIPE, kinds
from tests.training.two import RECIPES, alone
from tests.training.written import refused
from vit_explorer.data.dataset import Dataset, DatasetError
from vit_explorer.training import Recipe, Trainer
from vit_explorer.training.loop.events import Event, Failed, Finished, Started, Step
from vit_explorer.training.runs.errors import RunError
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import Runner
from vit_explorer.training.runs.status import INTERRUPTED, RaceStatus


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


def test_before_every_look_the_steps_until_it_are_safe(race, run, monkeypatch):
    """Who stops it during a long evaluation loses nothing."""
    monkeypatch.setattr("vit_explorer.training.runs.runner.SAVE_BEFORE_LOOK", 0.0)
    done = dict.fromkeys(RECIPES, 0)
    looked = []

    def tell(label: str, activity: str) -> None:
        if done[label] and activity not in ("opening the pictures", "making the model"):
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
