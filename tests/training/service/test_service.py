"""The training service with real workers: who may do what, who waits, and what is left when a process is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.files import save_npz
from tests.training.racing import (
    ENDLESS,
    MEDIUM,
    MINE,
    SHORT,
    Told,
    alive,
    first_difference,
    make,
    reach,
    service_at,
    steps,
    until,
    written,
)
from tests.training.written import refused
from vit_explorer.training.loop.events import Epoch, Step
from vit_explorer.training.runs.race import Race, owner_of
from vit_explorer.training.runs.status import INTERRUPTED, RaceStatus
from vit_explorer.training.service.scheduler import OTHER_TRAINS
from vit_explorer.training.service.service import NOT_YOURS, TrainingService


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
def service(root) -> Iterator[TrainingService]:
    """One service with one worker for most tests; each leaves it without a race."""
    with service_at(root) as opened:
        yield opened


@pytest.fixture(scope="module")
def undisturbed(service, root, tiny, tmp_path_factory) -> Told:
    """What two contenders write down when nobody interferes."""
    race = make(root, save_npz(tiny, tmp_path_factory.mktemp("data") / "tiny.npz"), one=MEDIUM, two=MEDIUM)
    service.submit(race)
    assert reach(service, race, "finished", "failed")["reason"] is None
    return written(race)


def stop(service: TrainingService, *races: Race) -> None:
    for race in races:
        service.command(race.name, MINE, "stop")
    for race in races:
        reach(service, race, "paused", "finished", "failed")


def play_to_the_end(service: TrainingService, race: Race) -> None:
    service.command(race.name, MINE, "play")
    assert reach(service, race, "finished", "failed", "paused")["state"] == "finished"


# --- one race ---


def test_from_play_to_the_end(service, root, tiny_npz):
    race = make(root, tiny_npz, one=SHORT, two=SHORT)
    assert service.status(race.name)["state"] == "paused"  # not submitted yet
    service.submit(race)
    status = reach(service, race, "finished", "failed")
    assert {label: step["step"] for label, step in status.pop("now").items()} == {"one": 9, "two": 9}
    assert status == {"state": "finished", "place": None, "reason": None, "activity": None}
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


# --- what goes wrong ---


def test_a_worker_that_is_killed(service, root, tiny_npz, undisturbed):
    race, next_one = make(root, tiny_npz, one=MEDIUM, two=MEDIUM), make(root, tiny_npz, one=SHORT)
    service.submit(race, "epoch")
    reach(service, race, "paused")  # and so there is a state to go on from
    service.command(race.name, MINE, "play")
    service.submit(next_one)
    until(lambda: steps(service, race)["one"] > 6)
    (pid,) = service.pids
    os.kill(pid, signal.SIGKILL)
    status = reach(service, race, "paused")
    assert "was ended from outside (signal 9" in status["reason"] and "can be played on" in status["reason"]
    assert reach(service, next_one, "finished", "failed")["state"] == "finished"  # by another worker
    assert pid not in service.pids and len(service.pids) == 1
    assert Race.open(root, race.name).status().reason == status["reason"]  # for another service, too
    play_to_the_end(service, race)
    assert first_difference(race, undisturbed) is None


def test_stopped_in_the_middle_of_a_long_evaluation(root, tiny, tmp_path):
    """Its last epoch is done and 72,000 test pictures are looked at, for minutes: the worker has to be killed."""
    large = {"patch_size": 1, "d_model": 192, "d_ff": 1024, "n_heads": 2, "n_layers": 6}
    race = make(root, save_npz(tiny, tmp_path / "long.npz", 8_000), one=replace(SHORT, overrides=large, test_subset=6))
    with service_at(root) as service:
        service.submit(race)
        until(lambda: any(isinstance(event, Epoch) and event.epoch == 3 for event in race.runs["one"].events()))
        time.sleep(1)  # from the last curve point, which few pictures are behind, into the long evaluation
        assert "measuring" in service.status(race.name)["activity"] and steps(service, race) == {"one": 9}
        (pid,) = service.pids
        service.command(race.name, MINE, "stop")
        assert service.status(race.name)["activity"] == "stopping"
        refused("is being paused", lambda: service.command(race.name, MINE, "play"))
        assert reach(service, race, "paused", "finished")["state"] == "paused"
        until(lambda: not alive(pid))
        assert race.status() == RaceStatus("paused")
        assert race.runs["one"].peek_state()["step"] == 9  # no step is lost


def test_data_that_are_not_there(service, root, tiny_npz, tmp_path):
    race = make(root, tmp_path / "nowhere.npz", one=SHORT, two=SHORT)
    service.submit(race)
    assert reach(service, race, "failed", "finished")["reason"] == f"There is no file {tmp_path / 'nowhere.npz'}."
    tiny_npz.rename(tmp_path / "nowhere.npz")
    play_to_the_end(service, race)


def test_damaged_folders(service, root, tiny_npz):
    race, good = make(root, tiny_npz, one=ENDLESS), make(root, tiny_npz, one=SHORT)
    service.submit(race)
    until(lambda: steps(service, race))
    stop(service, race)
    (race.runs["one"].path / "last.pt").write_bytes(b"damaged")
    service.command(race.name, MINE, "play")
    assert "last.pt is damaged" in reach(service, race, "failed", "finished")["reason"]
    service.submit(good)
    (race.path / "race.json").write_text("{")
    refused("race.json cannot be read", lambda: service.status(race.name))
    refused("race.json cannot be read", lambda: service.command(race.name, MINE, "play"))
    assert reach(service, good, "finished", "failed")["state"] == "finished"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk(service, root, tiny_npz, undisturbed):
    race, other = make(root, tiny_npz, one=MEDIUM, two=MEDIUM), make(root, tiny_npz, one=SHORT)
    service.submit(race, "epoch")
    reach(service, race, "paused")
    events, aside, full = race.runs["one"].path / "events.jsonl", race.path / "aside", race.path / "full"
    full.symlink_to("/dev/full")
    service.command(race.name, MINE, "play")
    until(lambda: steps(service, race)["one"] > 6)
    os.link(events, aside)
    full.replace(events)
    reason = reach(service, race, "failed", "finished")["reason"]
    assert "cannot be written (No space left on device): the run stands at the last state" in reason
    service.submit(other)  # the worker lives on
    assert reach(service, other, "finished", "failed")["state"] == "finished"
    aside.replace(events)
    play_to_the_end(service, race)
    assert first_difference(race, undisturbed) is None


def test_a_failure_that_cannot_be_written_is_no_success(service, root, tiny_npz):
    race = make(root, tiny_npz, one=SHORT)
    service.submit(race, "epoch")
    reach(service, race, "paused")
    events = race.runs["one"].path / "events.jsonl"
    events.unlink()
    events.mkdir()
    service.command(race.name, MINE, "play")
    assert "events.jsonl" in reach(service, race, "failed", "finished")["reason"]
    assert race.status().state == "failed"


def test_a_machine_on_which_no_worker_lives(root, tiny_npz, tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text(
        f"open({str(tmp_path / 'starts')!r}, 'a').write('x')\nraise ImportError('libnothing.so is missing')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    race = make(root, tiny_npz, one=SHORT)
    with service_at(root) as service:
        service.submit(race)
        reason = reach(service, race, "failed")["reason"]
        assert reason.startswith("Training cannot be started here") and "libnothing.so is missing" in reason
        assert (tmp_path / "starts").read_text() == "xxx" and service.pids == []
        service.command(race.name, MINE, "play")  # one more try, for it may be mended
        until(lambda: (tmp_path / "starts").read_text() == "xxxx")
        reach(service, race, "failed")
        (tmp_path / "torch.py").unlink()
        play_to_the_end(service, race)


def test_nothing_is_left_when_the_app_is_killed(root, tiny_npz):
    race = make(root, tiny_npz, one=ENDLESS)
    program = """
import sys, time
from vit_explorer.training.service.service import TrainingService
from vit_explorer.training.runs.race import Race
service = TrainingService(sys.argv[1])
service.submit(Race.open(sys.argv[1], sys.argv[2]))
while not service.status(sys.argv[2])["now"]:
    time.sleep(0.01)
print(*service.pids, flush=True)
time.sleep(3600)
"""
    command = [sys.executable, "-c", program, str(root), race.name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        (pid,) = map(int, process.stdout.readline().split())
        assert alive(pid)
        process.kill()
    until(lambda: not alive(pid), "the worker lives on")
    until(lambda: Race.open(root, race.name).status().reason == INTERRUPTED)  # the last of its threads has gone


# --- several at once ---


def test_two_services_share_the_machine_and_one_service_trains_two(service, root, tiny_npz):
    first, second, third, fourth = (make(root, tiny_npz, one=ENDLESS) for _ in range(4))
    service.submit(first)
    until(lambda: steps(service, first))
    with service_at(root, at_once=1) as other:
        other.submit(second)
        other.submit(third)
        waiting = until(lambda: other.status(second.name)["state"] == "waiting" and other.status(second.name))
        assert (waiting["place"], waiting["reason"]) == (1, OTHER_TRAINS)
        assert other.status(third.name)["place"] == 2
        assert other.status(first.name)["state"] == "elsewhere"
        service.command(first.name, MINE, "pause")
        until(lambda: steps(other, second))
        service.command(first.name, MINE, "play")
        assert reach(service, first, "waiting")["place"] == 1
    until(lambda: steps(service, first))  # the other service has closed
    stop(service, first)

    with service_at(root, at_once=2) as wide:
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
        TrainingService(root, at_once=0)
