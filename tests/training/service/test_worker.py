"""The worker by its lines alone: what it says, what it obeys, and that it ends with whoever started it."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.training.racing import ENDLESS, MEDIUM, PATIENCE, SHORT, make
from vit_explorer.training.loop.events import Step
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import change_lr_at_rest
from vit_explorer.training.runs.status import INTERRUPTED, RaceStatus


class Worker:
    """A worker process, told and heard."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vit_explorer.training.service.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(folder)},  # slots of its own
            text=True,
        )
        self.heard: list[dict[str, Any]] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            self._lines.put(line)

    def tell(self, do: str, race: Race, **values: Any) -> None:
        self.process.stdin.write(json.dumps({"do": do, "race": str(race.path), **values}) + "\n")
        self.process.stdin.flush()

    def train(self, race: Race, until: str = "end") -> None:
        self.tell("train", race, until=until)

    def hear(self, means: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a line that means this."""
        while True:
            line = json.loads(self._lines.get(timeout=PATIENCE))
            self.heard.append(line)
            if means(line):
                return line

    def says(self, state: str) -> dict[str, Any]:
        return self.hear(lambda line: line["state"] == state)


@contextmanager
def started(folder: Path) -> Iterator[Worker]:
    worker = Worker(folder)
    try:
        worker.says("up")
        yield worker
    finally:
        worker.process.kill()
        worker.process.wait()


@pytest.fixture(scope="module")
def worker(tmp_path_factory) -> Iterator[Worker]:
    with started(tmp_path_factory.mktemp("slots")) as running:
        yield running


def test_a_race_from_beginning_to_end(worker, tiny_npz, tmp_path):
    race = make(tmp_path / "runs", tiny_npz, one=SHORT, two=SHORT)
    worker.heard.clear()
    worker.train(race)
    last = worker.says("finished")
    assert [line["state"] for line in worker.heard if line["state"] == "starting"][:1] == ["starting"]
    assert (last["race"], last["reason"], last["over"]) == (race.name, None, True)
    assert {label: step["step"] for label, step in last["now"].items()} == {"one": 9, "two": 9}
    assert race.status() == RaceStatus("finished")


def test_it_obeys_between_two_steps(worker, tiny_npz, tmp_path):
    race = make(tmp_path / "runs", tiny_npz, one=ENDLESS)
    worker.train(race, "batch")
    assert worker.says("paused")["now"]["one"]["step"] == 1
    assert not race.busy() and race.status() == RaceStatus("paused")  # released
    worker.train(race, "epoch")
    assert worker.says("paused")["now"]["one"]["step"] == 3
    worker.tell("lr", race, factor=0.5, label=None)
    worker.train(race, "batch")
    worker.says("paused")
    assert race.recipes()["one"].lr_changes == ((3, 0.5),)
    worker.train(race)
    worker.hear(lambda line: line["state"] == "training" and line["now"]["one"]["step"] > 4)
    assert race.status().state == "elsewhere" and not (race.path / "status.json").exists()
    for do in ("pause", "stop"):
        worker.tell(do, race)
        paused = worker.says("paused")
        assert paused["over"] and race.runs["one"].peek_state()["step"] == paused["now"]["one"]["step"]
        assert race.status() == RaceStatus("paused")
        worker.train(race)
        worker.says("training")
    worker.tell("stop", race)
    worker.says("paused")


def test_a_race_that_was_changed_while_it_rested_is_read_again(worker, tiny_npz, tmp_path):
    """The trainers that the worker keeps are a cache: the folder is the truth."""
    first, other = (make(tmp_path / "runs", tiny_npz, one=ENDLESS) for _ in range(2))
    worker.train(first, "epoch")
    worker.says("paused")
    change_lr_at_rest(first, 0.5)
    worker.train(first, "batch")
    assert worker.says("paused")["now"]["one"]["step"] == 4
    told = [event.lr for event in first.runs["one"].events() if isinstance(event, Step)]
    assert told[3] / told[2] == pytest.approx(0.5 * 4 / 3)  # while it warms up
    for name in ("last.pt", "events.jsonl"):  # as if another program had begun it anew
        (first.runs["one"].path / name).unlink()
    worker.train(first, "batch")
    assert worker.says("paused")["now"]["one"]["step"] == 1
    worker.train(other, "batch")
    worker.says("paused")
    worker.train(first, "batch")
    assert worker.says("paused")["now"]["one"]["step"] == 2


def test_commands_for_another_race_are_not_for_this_one(worker, tiny_npz, tmp_path):
    race, other = (make(tmp_path / "runs", tiny_npz, one=SHORT) for _ in range(2))
    worker.tell("stop", other)
    worker.train(race)
    worker.tell("stop", other)
    worker.says("finished")
    assert race.finished() and not other.finished()


@pytest.mark.slow
def test_no_more_lines_than_anybody_can_read(worker, tiny_npz, tmp_path):
    race = make(tmp_path / "runs", tiny_npz, one=MEDIUM, two=MEDIUM)
    worker.heard.clear()
    began = time.monotonic()
    worker.train(race)
    worker.says("finished")
    seconds = time.monotonic() - began
    assert len(worker.heard) <= 5 * seconds + 8  # five a second, news of the state, and the first step of each
    assert len([line for line in worker.heard if line["state"] == "training"]) >= 2


def test_a_rate_that_cannot_be_changed_is_a_remark(worker, tiny_npz, tmp_path):
    race = make(tmp_path / "runs", tiny_npz, one=ENDLESS)
    worker.train(race)
    worker.tell("lr", race, factor=0.5, label="two")
    assert "two is not under way" in worker.hear(lambda line: line.get("reason"))["reason"]
    worker.tell("stop", race)
    worker.says("paused")


def test_what_is_wrong_with_a_race_is_a_sentence_and_the_next_one_trains(worker, tiny_npz, tmp_path):
    race = make(tmp_path / "runs", tiny_npz, one=SHORT)
    (race.path / "race.json").write_text("{")
    worker.train(race)
    assert "race.json cannot be read" in worker.says("failed")["reason"]
    worker.train(make(tmp_path / "runs", tmp_path / "nowhere.npz", one=SHORT))
    assert worker.says("failed")["reason"] == f"There is no file {tmp_path / 'nowhere.npz'}."
    good = make(tmp_path / "runs", tiny_npz, one=SHORT)
    worker.train(good)
    worker.says("finished")


def test_ctrl_c_is_for_the_app(worker, tiny_npz, tmp_path):
    worker.process.send_signal(signal.SIGINT)
    race = make(tmp_path / "runs", tiny_npz, one=SHORT)
    worker.train(race)
    worker.says("finished")


@pytest.mark.slow
def test_it_ends_with_its_input_in_the_middle_of_a_race(tiny_npz, tmp_path):
    race = make(tmp_path / "runs", tiny_npz, one=ENDLESS)
    with started(tmp_path) as worker:
        worker.train(race)
        worker.says("training")
        worker.process.stdin.close()
        assert worker.process.wait(PATIENCE) == 0
        assert worker.process.stderr.read() == ""
    assert race.status() == RaceStatus("paused", INTERRUPTED)


def test_it_ends_with_its_input_while_it_starts(tmp_path):
    """It listens before torch is there: with a torch that takes for ever to import it ends all the same."""
    (tmp_path / "torch.py").write_text("import time\nprint('slow', flush=True)\ntime.sleep(3600)\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "vit_explorer.training.service.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.getcwd()])},
        text=True,
    )
    assert process.stderr.readline() == "slow\n"  # and what anybody prints does not get among its lines
    out, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, "")
