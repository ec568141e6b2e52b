"""What goes wrong around races: killed processes, full disks, damaged folders, a machine that is shared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.files import save_npz
from tests.training.racing import (
    ENDLESS,
    MEDIUM,
    MINE,
    SHORT,
    alive,
    first_difference,
    make,
    play_to_the_end,
    reach,
    service_at,
    steps,
    stop,
    until,
)
from tests.training.written import refused
from vit_explorer.training.loop.events import Epoch
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.status import INTERRUPTED, RaceStatus
from vit_explorer.training.service.scheduler import OTHER_TRAINS
from vit_explorer.training.service.service import TrainingService

# --- what goes wrong ---


@pytest.mark.slow
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


@pytest.mark.slow
def test_stopped_in_the_middle_of_a_long_evaluation(root, tiny, tmp_path):
    """Its last epoch is done and 72,000 test pictures are looked at, for minutes: the worker has to be killed."""
    large = {"patch_size": 1, "d_model": 192, "d_ff": 1024, "n_heads": 2, "n_layers": 6}
    race = make(root, save_npz(tiny, tmp_path / "long.npz", 8_000), one=replace(SHORT, overrides=large, test_subset=6))
    with service_at(root) as service:
        service.submit(race)
        until(lambda: any(isinstance(event, Epoch) and event.epoch == 3 for event in race.runs["one"].events()))
        until(lambda: "testing on all 72,000" in service.status(race.name)["activity"])  # after the last curve point
        assert steps(service, race) == {"one": 9}
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
