"""The training service with a real worker: who may do what, who waits, and how a race goes on."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.training.racing import (
    ENDLESS,
    MEDIUM,
    MINE,
    SHORT,
    first_difference,
    make,
    play_to_the_end,
    reach,
    steps,
    stop,
    until,
)
from tests.training.written import refused
from vit_explorer.training.loop.events import Step
from vit_explorer.training.runs.race import Race, owner_of
from vit_explorer.training.runs.status import INTERRUPTED, RaceStatus
from vit_explorer.training.service.service import NOT_YOURS

# --- one race ---


def test_from_play_to_the_end(service, root, tiny_npz):
    race = make(root, tiny_npz, one=SHORT, two=SHORT)
    assert service.status(race.name)["state"] == "paused"  # not submitted yet
    service.submit(race)
    status = reach(service, race, "finished", "failed")
    assert {label: step["step"] for label, step in status.pop("now").items()} == {"one": 9, "two": 9}
    assert status == {
        "state": "finished",
        "place": None,
        "reason": None,
        "activity": None,
        "seconds_before": None,
    }
    assert service.status(race.name)["state"] == Race.open(root, race.name).status().state == "finished"
    refused("has come to its end", lambda: service.submit(race))
    service.command(race.name, MINE, "stop")  # does no harm
    assert service.status(race.name)["state"] == "finished"


def test_what_a_race_understands(service, root, tiny_npz):
    race = make(root, tiny_npz, one=SHORT)
    for do, values in (
        ("fly", {}),
        ("step", {}),
        ("step", {"what": "year"}),
        ("lr", {}),
        ("lr", {"factor": "2"}),
        ("lr", {"factor": float("nan")}),
        ("lr", {"factor": 1_000}),
        ("lr", {"factor": 2.0, "label": "three"}),
    ):
        with pytest.raises(ValueError, match=r"race|step|factor"):
            service.command(race.name, MINE, do, **values)
    with pytest.raises(ValueError, match="year"):
        service.submit(race, "year")
    refused("There is no race", lambda: service.status("none"))
    refused("There is no race", lambda: service.command("../none", MINE, "stop"))
    assert race.recipes()["one"].lr_changes == ()


def test_paused_stepped_slowed_and_stopped(service, root, tiny_npz):
    race = make(root, tiny_npz, one=ENDLESS, two=replace(ENDLESS, batch_size=18))  # 3 steps and 1 step an epoch
    service.submit(race, "batch")
    reach(service, race, "paused")
    assert steps(service, race) == {"one": 1, "two": 1}
    service.command(race.name, MINE, "step", what="epoch")
    until(lambda: steps(service, race) == {"one": 3, "two": 2})
    reach(service, race, "paused")
    service.command(race.name, MINE, "lr", factor=0.5, label="two")
    service.command(race.name, MINE, "play")
    until(lambda: steps(service, race)["one"] > 20)
    service.command(race.name, MINE, "pause")
    reach(service, race, "paused")
    before = steps(service, race)
    assert race.recipes()["two"].lr_changes == ((2, 0.5),) and race.recipes()["one"].lr_changes == ()
    told = [event for event in race.runs["two"].events() if isinstance(event, Step)]
    assert [told[number].lr / told[0].lr for number in (1, 2)] == pytest.approx([2, 0.5 * 3])  # while it warms up
    service.command(race.name, MINE, "stop")
    assert reach(service, race, "paused")["reason"] is None
    assert {label: run.peek_state()["step"] for label, run in race.runs.items()} == before


def test_a_rate_can_be_changed_while_a_race_rests(service, root, tiny_npz):
    race = make(root, tiny_npz, one=ENDLESS)
    service.command(race.name, MINE, "lr", factor=0.5)
    service.command(race.name, MINE, "step", what="epoch")
    until(lambda: steps(service, race) == {"one": 3})
    stop(service, race)
    service.command(race.name, MINE, "lr", factor=2.0)
    assert race.recipes()["one"].lr_changes == ((0, 0.5), (3, 2.0))


def test_a_stopped_race_is_played_on(service, root, tiny_npz, undisturbed):
    race = make(root, tiny_npz, one=MEDIUM, two=MEDIUM)
    service.submit(race)
    until(lambda: steps(service, race).get("two", 0) > 10)
    stop(service, race)
    assert Race.open(root, race.name).status() == RaceStatus("paused")
    play_to_the_end(service, race)
    assert first_difference(race, undisturbed) is None


def test_a_race_that_waits_is_told_how_long_the_one_before_it_takes(service, root, tiny_npz):
    first, second = (make(root, tiny_npz, one=ENDLESS, two=ENDLESS) for _ in range(2))
    service.submit(first)
    service.submit(second)
    before = until(lambda: service.status(second.name)["seconds_before"])
    left = sum(step["seconds_left"] for step in service.status(first.name)["now"].values())
    assert before == pytest.approx(left, rel=0.9)  # of moments one after the other
    assert service.status(first.name)["seconds_before"] is None
    stop(service, second, first)
    assert service.status(second.name)["seconds_before"] is None


# --- several visitors ---


def test_only_who_started_it_commands(service, root, tiny_npz):
    race = make(root, tiny_npz, one=ENDLESS)
    service.submit(race)
    until(lambda: steps(service, race))
    for secret in ("another", "", None, owner_of(MINE)):
        for do, values in (
            ("pause", {}),
            ("stop", {}),
            ("play", {}),
            ("step", {"what": "batch"}),
            ("lr", {"factor": 2}),
        ):
            with pytest.raises(PermissionError) as caught:
                service.command(race.name, secret, do, **values)
            assert str(caught.value) == NOT_YOURS
        for act in (
            lambda s=secret: service.remove(race.name, s),
            lambda s=secret: service.rename(race.name, s, "Mine"),
        ):
            with pytest.raises(PermissionError):
                act()
    assert service.status(race.name)["state"] == "training"  # and anybody may ask
    stop(service, race)
    no_ones = Race.create(root, race.recipes(), title="From a terminal")
    with pytest.raises(PermissionError, match="terminal"):
        service.command(no_ones.name, MINE, "play")


def test_a_queue_with_places(service, root, tiny_npz):
    first, second, third = (make(root, tiny_npz, one=ENDLESS) for _ in range(3))
    for race in (first, second, third):
        service.submit(race)
    until(lambda: steps(service, first))
    assert [service.status(race.name)["place"] for race in (first, second, third)] == [None, 1, 2]
    assert [service.status(race.name)["state"] for race in (second, third)] == ["waiting", "waiting"]
    service.command(second.name, MINE, "stop")  # while it waits
    assert service.status(second.name)["state"] == "paused"
    assert service.status(third.name)["place"] == 1
    service.command(first.name, MINE, "pause")  # makes room
    until(lambda: steps(service, third))
    paused = service.status(first.name)
    assert (paused["state"], paused["now"]["one"]["step"]) == ("paused", steps(service, first)["one"])
    assert Race.open(root, first.name).status() == RaceStatus("paused")
    assert not first.busy()
    service.command(first.name, MINE, "play")  # and waits now
    assert (service.status(first.name)["state"], service.status(first.name)["place"]) == ("waiting", 1)
    service.command(first.name, MINE, "pause")
    assert service.status(first.name)["state"] == "paused"
    service.command(first.name, MINE, "step", what="epoch")
    stop(service, third)
    reached = until(lambda: service.status(first.name)["state"] == "paused" and steps(service, first)["one"])
    assert reached % 3 == 0 and reached >= paused["now"]["one"]["step"]
    stop(service, first)


def test_one_is_stopped_while_another_takes_its_worker(service, root, tiny_npz):
    for _ in range(4):
        resting, next_one = make(root, tiny_npz, one=ENDLESS), make(root, tiny_npz, one=SHORT)
        service.submit(resting)
        until(lambda race=resting: steps(service, race))
        service.command(resting.name, MINE, "stop")
        service.submit(next_one)
        reach(service, resting, "paused")
        assert reach(service, next_one, "finished", "failed")["state"] == "finished"


def test_a_race_that_trains_is_stepped_and_played_on(service, root, tiny_npz):
    """What is asked of it while it trains is its next turn."""
    race = make(root, tiny_npz, one=ENDLESS)
    service.submit(race)
    until(lambda: steps(service, race))
    service.command(race.name, MINE, "step", what="epoch")
    assert reach(service, race, "paused")["now"]["one"]["step"] % 3 == 0
    service.command(race.name, MINE, "step", what="batch")
    service.command(race.name, MINE, "play")
    before = steps(service, race)["one"]
    until(lambda: steps(service, race)["one"] > before + 10)
    service.command(race.name, MINE, "step", what="epoch")
    service.command(race.name, MINE, "pause")  # before or after its turn: the step is not taken
    status = reach(service, race, "paused")
    assert (status["place"], status["activity"]) == (None, None)
    assert race.runs["one"].peek_state()["step"] == status["now"]["one"]["step"]


@pytest.mark.slow
def test_one_that_rests_in_memory_goes_on_where_it_was(service, root, tiny_npz, undisturbed):
    """Stepped, put aside for another race, and played to its end: the same curves."""
    race, other = make(root, tiny_npz, one=MEDIUM, two=MEDIUM), make(root, tiny_npz, one=SHORT)
    service.submit(race, "epoch")
    reach(service, race, "paused")
    service.command(race.name, MINE, "step", what="batch")
    reach(service, race, "paused")
    service.submit(other)
    reach(service, other, "finished")
    assert service.status(race.name)["state"] == "paused"
    play_to_the_end(service, race)
    assert first_difference(race, undisturbed) is None


def test_a_race_is_removed_when_it_rests(service, root, tiny_npz):
    race, waiting = make(root, tiny_npz, one=ENDLESS), make(root, tiny_npz, one=ENDLESS)
    service.submit(race)
    service.submit(waiting)
    until(lambda: steps(service, race))
    for one in (race, waiting):
        refused("stop it first", lambda name=one.name: service.remove(name, MINE))
    stop(service, waiting)
    service.command(race.name, MINE, "pause")
    reach(service, race, "paused")
    assert service.rename(race.name, MINE, "Mine").title == "Mine"
    service.remove(race.name, MINE)  # though a worker has it in memory
    service.remove(waiting.name, MINE)
    for one in (race, waiting):
        assert not one.path.exists()
        refused("There is no race", lambda name=one.name: service.status(name))


@pytest.mark.slow
def test_a_race_that_is_trained_elsewhere_is_followed(service, root, tiny_npz):
    race = make(root, tiny_npz, one=ENDLESS)
    program = """
import sys
from vit_explorer.data import open_dataset
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import Runner
for label, event in Runner(Race.at(sys.argv[1]), lambda recipe: open_dataset(recipe.data)).events():
    print(label, event.step, flush=True)
"""
    command = [sys.executable, "-c", program, str(race.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline()
        assert service.status(race.name)["state"] == "elsewhere"
        for do in ("play", "pause", "stop"):
            refused("is being trained by another program", lambda do=do: service.command(race.name, MINE, do))
        process.kill()
    assert service.status(race.name)["reason"] == INTERRUPTED
    service.command(race.name, MINE, "stop")  # does no harm
    assert service.status(race.name)["state"] == "paused"
