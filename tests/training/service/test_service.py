"""The desk with real workers: who may do what, who waits, and what is left when a process is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.racing import (
    ENDLESS,
    MEDIUM,
    MINE,
    SHORT,
    Told,
    alive,
    desk_at,
    first_difference,
    make,
    reach,
    steps,
    until,
    written,
)
from tests.training.written import refused
from vit_explorer.training.loop.events import Epoch, Step
from vit_explorer.training.runs.race import Race, owner_of
from vit_explorer.training.service.service import NOT_YOURS, Desk
from vit_explorer.training.service.worker_loop import OTHER_TRAINS


@pytest.fixture(scope="module", autouse=True)
def _slots_of_our_own(tmp_path_factory) -> Iterator[None]:
    """Other trainings on this machine are not waited for."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TMPDIR", str(tmp_path_factory.mktemp("slots")))
        yield


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def desk(root) -> Iterator[Desk]:
    """One desk with one worker for most tests; each leaves it without a race."""
    with desk_at(root) as opened:
        yield opened


@pytest.fixture(scope="module")
def undisturbed(desk, root, tiny, tmp_path_factory) -> Told:
    """What two contenders write down when nobody interferes."""
    race = make(root, npz(tiny, tmp_path_factory.mktemp("data") / "tiny.npz"), one=MEDIUM, two=MEDIUM)
    desk.submit(race)
    assert reach(desk, race, "finished", "failed")["reason"] is None
    return written(race)


def npz(dataset, path: Path, copies_of_test: int = 1) -> Path:
    np.savez(
        path,
        x_train=dataset.train.x.permute(0, 2, 3, 1).numpy(),
        y_train=dataset.train.y.numpy(),
        x_test=dataset.test.x.permute(0, 2, 3, 1).numpy().repeat(copies_of_test, axis=0),
        y_test=dataset.test.y.numpy().repeat(copies_of_test, axis=0),
        class_names=np.array(dataset.names),
    )
    return path


def stop(desk: Desk, *races: Race) -> None:
    for race in races:
        desk.command(race.name, MINE, "stop")
    for race in races:
        reach(desk, race, "stopped", "finished", "failed")


def play_to_the_end(desk: Desk, race: Race) -> None:
    desk.command(race.name, MINE, "play")
    assert reach(desk, race, "finished", "failed", "interrupted")["state"] == "finished"


# --- one race ---


def test_from_play_to_the_end(desk, root, tiny_npz):
    race = make(root, tiny_npz, one=SHORT, two=SHORT)
    assert desk.status(race.name)["state"] == "interrupted"  # nobody has handed it in
    desk.submit(race)
    status = reach(desk, race, "finished", "failed")
    assert {label: step["step"] for label, step in status.pop("now").items()} == {"one": 9, "two": 9}
    assert status == {"state": "finished", "place": None, "reason": None, "doing": None}
    assert desk.status(race.name)["state"] == Race.open(root, race.name).standing().state == "finished"
    refused("has come to its end", lambda: desk.submit(race))
    desk.command(race.name, MINE, "stop")  # does no harm
    assert desk.status(race.name)["state"] == "finished"


def test_what_a_race_understands(desk, root, tiny_npz):
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
            desk.command(race.name, MINE, do, **values)
    with pytest.raises(ValueError, match="year"):
        desk.submit(race, "year")
    refused("There is no race", lambda: desk.status("none"))
    refused("There is no race", lambda: desk.command("../none", MINE, "stop"))
    assert race.recipes()["one"].lr_changes == ()


def test_paused_stepped_slowed_and_stopped(desk, root, tiny_npz):
    race = make(root, tiny_npz, one=ENDLESS, two=replace(ENDLESS, batch_size=18))  # 3 steps and 1 step an epoch
    desk.submit(race, "batch")
    reach(desk, race, "paused")
    assert steps(desk, race) == {"one": 1, "two": 1}
    desk.command(race.name, MINE, "step", what="epoch")
    until(lambda: steps(desk, race) == {"one": 3, "two": 2})
    reach(desk, race, "paused")
    desk.command(race.name, MINE, "lr", factor=0.5, label="two")
    desk.command(race.name, MINE, "play")
    until(lambda: steps(desk, race)["one"] > 20)
    desk.command(race.name, MINE, "pause")
    reach(desk, race, "paused")
    before = steps(desk, race)
    assert race.recipes()["two"].lr_changes == ((2, 0.5),) and race.recipes()["one"].lr_changes == ()
    told = [event for event in race.runs["two"].events() if isinstance(event, Step)]
    assert [told[number].lr / told[0].lr for number in (1, 2)] == pytest.approx([2, 0.5 * 3])  # while it warms up
    desk.command(race.name, MINE, "stop")
    assert reach(desk, race, "stopped")["reason"] is None
    assert {label: run.peek_state()["step"] for label, run in race.runs.items()} == before


def test_a_rate_can_be_changed_while_a_race_rests(desk, root, tiny_npz):
    race = make(root, tiny_npz, one=ENDLESS)
    desk.command(race.name, MINE, "lr", factor=0.5)
    desk.command(race.name, MINE, "step", what="epoch")
    until(lambda: steps(desk, race) == {"one": 3})
    stop(desk, race)
    desk.command(race.name, MINE, "lr", factor=2.0)
    assert race.recipes()["one"].lr_changes == ((0, 0.5), (3, 2.0))


def test_a_stopped_race_is_played_on(desk, root, tiny_npz, undisturbed):
    race = make(root, tiny_npz, one=MEDIUM, two=MEDIUM)
    desk.submit(race)
    until(lambda: steps(desk, race).get("two", 0) > 10)
    desk.command(race.name, MINE, "stop")
    reach(desk, race, "stopped")
    assert Race.open(root, race.name).standing().state == "stopped"
    play_to_the_end(desk, race)
    assert first_difference(race, undisturbed) is None


# --- several visitors ---


def test_only_who_started_it_commands(desk, root, tiny_npz):
    race = make(root, tiny_npz, one=ENDLESS)
    desk.submit(race)
    until(lambda: steps(desk, race))
    for secret in ("another", "", None, owner_of(MINE)):
        for do, values in (
            ("pause", {}),
            ("stop", {}),
            ("play", {}),
            ("step", {"what": "batch"}),
            ("lr", {"factor": 2}),
        ):
            with pytest.raises(PermissionError) as caught:
                desk.command(race.name, secret, do, **values)
            assert str(caught.value) == NOT_YOURS
        for act in (lambda s=secret: desk.remove(race.name, s), lambda s=secret: desk.rename(race.name, s, "Mine")):
            with pytest.raises(PermissionError):
                act()
    assert desk.status(race.name)["state"] == "training"  # and anybody may ask
    stop(desk, race)
    no_ones = Race.create(root, race.recipes(), title="From a terminal")
    with pytest.raises(PermissionError, match="terminal"):
        desk.command(no_ones.name, MINE, "play")


def test_a_queue_with_places(desk, root, tiny_npz):
    first, second, third = (make(root, tiny_npz, one=ENDLESS) for _ in range(3))
    for race in (first, second, third):
        desk.submit(race)
    until(lambda: steps(desk, first))
    assert [desk.status(race.name)["place"] for race in (first, second, third)] == [None, 1, 2]
    assert [desk.status(race.name)["state"] for race in (second, third)] == ["waiting", "waiting"]
    desk.command(second.name, MINE, "stop")  # while it waits
    assert desk.status(second.name)["state"] == "stopped"
    assert desk.status(third.name)["place"] == 1
    desk.command(first.name, MINE, "pause")  # makes room
    until(lambda: steps(desk, third))
    paused = desk.status(first.name)
    assert (paused["state"], paused["now"]["one"]["step"]) == ("paused", steps(desk, first)["one"])
    assert Race.open(root, first.name).standing().state == "paused"
    desk.command(first.name, MINE, "play")  # and waits now
    assert (desk.status(first.name)["state"], desk.status(first.name)["place"]) == ("waiting", 1)
    desk.command(first.name, MINE, "pause")
    assert desk.status(first.name)["state"] == "paused"
    desk.command(first.name, MINE, "step", what="epoch")
    stop(desk, third)
    reached = until(lambda: desk.status(first.name)["state"] == "paused" and steps(desk, first)["one"])
    assert reached % 3 == 0 and reached >= paused["now"]["one"]["step"]
    stop(desk, first)


def test_one_is_stopped_while_another_waits_for_its_worker(desk, root, tiny_npz):
    for _ in range(4):
        resting, next_one = make(root, tiny_npz, one=ENDLESS), make(root, tiny_npz, one=SHORT)
        desk.submit(resting, "batch")
        reach(desk, resting, "paused")
        desk.command(resting.name, MINE, "stop")
        desk.submit(next_one)
        reach(desk, resting, "stopped")
        assert reach(desk, next_one, "finished", "failed")["state"] == "finished"


def test_one_that_rests_in_memory_goes_on_where_it_was(desk, root, tiny_npz, undisturbed):
    """Stepped, put aside for another race, and played to its end: the same curves."""
    race, other = make(root, tiny_npz, one=MEDIUM, two=MEDIUM), make(root, tiny_npz, one=SHORT)
    desk.submit(race, "epoch")
    reach(desk, race, "paused")
    desk.command(race.name, MINE, "step", what="batch")
    reach(desk, race, "paused")
    desk.submit(other)
    reach(desk, other, "finished")
    assert desk.status(race.name)["state"] == "paused"
    play_to_the_end(desk, race)
    assert first_difference(race, undisturbed) is None


def test_a_race_is_removed_when_it_rests(desk, root, tiny_npz):
    race, waiting = make(root, tiny_npz, one=ENDLESS), make(root, tiny_npz, one=ENDLESS)
    desk.submit(race)
    desk.submit(waiting)
    until(lambda: steps(desk, race))
    for one in (race, waiting):
        refused("stop it first", lambda name=one.name: desk.remove(name, MINE))
    stop(desk, waiting)
    desk.command(race.name, MINE, "pause")
    reach(desk, race, "paused")
    assert desk.rename(race.name, MINE, "Mine").title == "Mine"
    desk.remove(race.name, MINE)  # though a worker has it in memory
    desk.remove(waiting.name, MINE)
    for one in (race, waiting):
        assert not one.path.exists()
        refused("There is no race", lambda name=one.name: desk.status(name))


def test_a_race_that_is_trained_elsewhere_is_followed(desk, root, tiny_npz):
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
        assert desk.status(race.name)["state"] == "elsewhere"
        for do in ("play", "pause", "stop"):
            refused("is being trained by another program", lambda do=do: desk.command(race.name, MINE, do))
        process.kill()
    assert desk.status(race.name)["state"] == "interrupted"
    desk.command(race.name, MINE, "stop")
    assert desk.status(race.name)["state"] == "stopped"


# --- what goes wrong ---


def test_a_worker_that_is_killed(desk, root, tiny_npz, undisturbed):
    race, next_one = make(root, tiny_npz, one=MEDIUM, two=MEDIUM), make(root, tiny_npz, one=SHORT)
    desk.submit(race, "epoch")
    reach(desk, race, "paused")  # and so there is a state to go on from
    desk.command(race.name, MINE, "play")
    desk.submit(next_one)
    until(lambda: steps(desk, race)["one"] > 6)
    (pid,) = desk.pids
    os.kill(pid, signal.SIGKILL)
    status = reach(desk, race, "interrupted")
    assert "was ended from outside (signal 9" in status["reason"] and "can be played on" in status["reason"]
    assert reach(desk, next_one, "finished", "failed")["state"] == "finished"  # by another worker
    assert pid not in desk.pids and len(desk.pids) == 1
    assert Race.open(root, race.name).standing().reason == status["reason"]  # for another desk, too
    play_to_the_end(desk, race)
    assert first_difference(race, undisturbed) is None


def test_stopped_in_the_middle_of_a_long_evaluation(root, tiny, tmp_path):
    """Its last epoch is done and 72,000 test pictures are looked at, for minutes: the worker has to be killed."""
    large = {"patch_size": 1, "d_model": 192, "d_ff": 1024, "n_heads": 2, "n_layers": 6}
    race = make(root, npz(tiny, tmp_path / "long.npz", 8_000), one=replace(SHORT, overrides=large, test_subset=6))
    with desk_at(root) as desk:
        desk.submit(race)
        until(lambda: any(isinstance(event, Epoch) and event.epoch == 3 for event in race.runs["one"].events()))
        time.sleep(1)  # from the last curve point, which few pictures are behind, into the long evaluation
        assert "measuring" in desk.status(race.name)["doing"] and steps(desk, race) == {"one": 9}
        (pid,) = desk.pids
        desk.command(race.name, MINE, "stop")
        assert desk.status(race.name)["doing"] == "stopping"
        refused("is being stopped", lambda: desk.command(race.name, MINE, "play"))
        assert reach(desk, race, "stopped", "finished")["state"] == "stopped"
        until(lambda: not alive(pid))
        until(lambda: race.standing().state == "stopped")  # the last of its threads has gone
        assert race.runs["one"].peek_state()["step"] == 9  # no step is lost


def test_data_that_are_not_there(desk, root, tiny_npz, tmp_path):
    race = make(root, tmp_path / "nowhere.npz", one=SHORT, two=SHORT)
    desk.submit(race)
    assert reach(desk, race, "failed", "finished")["reason"] == f"There is no file {tmp_path / 'nowhere.npz'}."
    tiny_npz.rename(tmp_path / "nowhere.npz")
    play_to_the_end(desk, race)


def test_damaged_folders(desk, root, tiny_npz):
    race, good = make(root, tiny_npz, one=ENDLESS), make(root, tiny_npz, one=SHORT)
    desk.submit(race)
    until(lambda: steps(desk, race))
    stop(desk, race)
    (race.runs["one"].path / "last.pt").write_bytes(b"damaged")
    desk.command(race.name, MINE, "play")
    assert "last.pt is damaged" in reach(desk, race, "failed", "finished")["reason"]
    desk.submit(good)
    (race.path / "race.json").write_text("{")
    refused("race.json cannot be read", lambda: desk.status(race.name))
    refused("race.json cannot be read", lambda: desk.command(race.name, MINE, "play"))
    assert reach(desk, good, "finished", "failed")["state"] == "finished"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk(desk, root, tiny_npz):
    race, other = make(root, tiny_npz, one=SHORT), make(root, tiny_npz, one=SHORT)
    desk.submit(race, "epoch")
    reach(desk, race, "paused")
    events, aside = race.runs["one"].path / "events.jsonl", race.path / "aside"
    events.rename(aside)
    events.symlink_to("/dev/full")
    desk.command(race.name, MINE, "play")
    reason = reach(desk, race, "failed", "finished")["reason"]
    assert "cannot be written (No space left on device): the run stands at the last state" in reason
    desk.submit(other)  # the worker lives on
    assert reach(desk, other, "finished", "failed")["state"] == "finished"
    aside.replace(events)
    play_to_the_end(desk, race)
    assert first_difference(race, written(other)) is None


def test_a_machine_on_which_no_worker_lives(root, tiny_npz, tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text(
        f"open({str(tmp_path / 'starts')!r}, 'a').write('x')\nraise ImportError('libnothing.so is missing')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    race = make(root, tiny_npz, one=SHORT)
    with desk_at(root) as desk:
        desk.submit(race)
        reason = reach(desk, race, "failed")["reason"]
        assert reason.startswith("Training cannot be started here") and "libnothing.so is missing" in reason
        assert (tmp_path / "starts").read_text() == "xxx" and desk.pids == []
        desk.command(race.name, MINE, "play")  # one more try, for it may be mended
        until(lambda: (tmp_path / "starts").read_text() == "xxxx")
        reach(desk, race, "failed")
        (tmp_path / "torch.py").unlink()
        play_to_the_end(desk, race)


def test_nothing_is_left_when_the_app_is_killed(root, tiny_npz):
    race = make(root, tiny_npz, one=ENDLESS)
    program = """
import sys, time
from vit_explorer.training.service.service import Desk
from vit_explorer.training.runs.race import Race
desk = Desk(sys.argv[1])
desk.submit(Race.open(sys.argv[1], sys.argv[2]))
while not desk.status(sys.argv[2])["now"]:
    time.sleep(0.01)
print(*desk.pids, flush=True)
time.sleep(3600)
"""
    command = [sys.executable, "-c", program, str(root), race.name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        (pid,) = map(int, process.stdout.readline().split())
        assert alive(pid)
        process.kill()
    until(lambda: not alive(pid), "the worker lives on")
    until(lambda: Race.open(root, race.name).standing().state == "interrupted")  # the last of its threads has gone


# --- several at once ---


def test_two_desks_share_the_machine_and_one_desk_trains_two(desk, root, tiny_npz):
    first, second, third, fourth = (make(root, tiny_npz, one=ENDLESS) for _ in range(4))
    desk.submit(first)
    until(lambda: steps(desk, first))
    with desk_at(root, at_once=1) as other:
        other.submit(second)
        other.submit(third)
        waiting = until(lambda: other.status(second.name)["state"] == "waiting" and other.status(second.name))
        assert (waiting["place"], waiting["reason"]) == (1, OTHER_TRAINS)
        assert other.status(third.name)["place"] == 2
        assert other.status(first.name)["state"] == "elsewhere"
        desk.command(first.name, MINE, "pause")
        until(lambda: steps(other, second))
        desk.command(first.name, MINE, "play")
        assert reach(desk, first, "waiting")["place"] == 1
    until(lambda: steps(desk, first))  # the other desk has closed
    stop(desk, first)

    with desk_at(root, at_once=2) as wide:
        for race in (second, third, fourth):
            wide.submit(race)
        until(lambda: steps(wide, second) and steps(wide, third))
        assert len(wide.pids) == 2
        assert (wide.status(fourth.name)["state"], wide.status(fourth.name)["place"]) == ("waiting", 1)
        wide.command(second.name, MINE, "pause")
        until(lambda: steps(wide, fourth))
        assert {wide.status(race.name)["state"] for race in (third, fourth)} == {"training"}
        assert wide.status(second.name)["state"] == "paused"


def test_no_room_for_none(root):
    with pytest.raises(ValueError, match="at_once must be 1 or more"):
        Desk(root, at_once=0)
