"""The queue of races, and the workers that train them. What it does is decided under one lock, and quickly."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from vit_explorer.training.process import WorkerProcess
from vit_explorer.training.races import Race, Standing
from vit_explorer.training.runs import RunError

STOP_PATIENCE = 1.5  # seconds in which a worker must stop by itself, else it is killed
QUICK_DEATH = 60.0  # seconds after its start; an idle worker that ends before was not fit to live
MAX_DEATHS = 3  # such in a row, then no other worker is started until somebody presses Play again
HELD = ("starting", "waiting", "training", "paused")  # states of a race that a worker holds


@dataclass
class Entry:
    """What is known of a race that was handed in.

    Attributes:
        until: what it shall do when its turn comes: "end", "batch" or "epoch".
        doing: what takes longer than a step at the moment, or what it was told and has not done yet.
        now: each contender's latest Step, as plain values.
        worker: that holds it, training or paused.
        left_by: a worker that no longer trains it, but has not let go of its folder yet.
    """

    race: Race
    state: str = "waiting"
    until: str = "end"
    reason: str | None = None
    doing: str | None = None
    wish: str | None = None
    now: dict[str, dict[str, Any]] = field(default_factory=dict)
    worker: _Worker | None = None
    left_by: _Worker | None = None


@dataclass
class _Worker:
    process: WorkerProcess
    up: bool = False
    ready: bool = False
    entry: Entry | None = None


class Crew:
    """Workers and the races that wait for them. All methods may be called from any thread.

    Args:
        at_once: how many races train at the same time, and so the most workers there are.
        data_root: where CIFAR-10 is looked for first.
    """

    def __init__(self, at_once: int, data_root: str | os.PathLike[str] | None) -> None:
        if at_once < 1:
            raise ValueError(f"at_once must be 1 or more, not {at_once}")
        self.at_once = at_once
        self.data_root = data_root
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {}
        self._queue: list[Entry] = []
        self._workers: list[_Worker] = []
        self._deaths = 0  # of workers that came to nothing, in a row
        self._broken: str | None = None  # why no worker is started
        self._closed = False

    def warm(self) -> None:
        """Start a worker ahead of the first race, so that it need not wait for one."""
        with self._lock:
            self._staff()

    @property
    def ready(self) -> bool:
        """Whether a race that is handed in now meets a warm worker."""
        with self._lock:
            return any(worker.ready and worker.entry is None for worker in self._workers)

    @property
    def pids(self) -> list[int]:
        """Of the workers that run now."""
        with self._lock:
            return [worker.process.pid for worker in self._workers]

    def play(self, race: Race, until: str) -> None:
        """Let a race go on when it is its turn. Raises RunError if it is being stopped at this moment."""
        with self._lock:
            entry = self._entries.get(race.name) or Entry(race)
            self._entries[race.name] = entry
            if entry.wish == "stopping":
                raise RunError(f"{race.title!r} is being stopped: play it on when it has come to rest.")
            if entry.worker is not None and entry.state != "paused" and entry not in self._queue:
                entry.wish = None
                self._tell_on(entry, until)
                return
            entry.race, entry.until = race, until
            if entry not in self._queue:
                entry.state, entry.reason, entry.doing, entry.wish = "waiting", None, None, None
                self._queue.append(entry)
            if self._broken is not None:  # whatever it was may be mended: one more try
                self._broken, self._deaths = None, MAX_DEATHS - 1
            self._dispatch()

    def rest(self, race_name: str, state: str) -> bool:
        """Bring a race to rest, "paused" or "stopped". False if it is in nobody's hands here."""
        with self._lock:
            entry = self._entries.get(race_name)
            if entry is None or (entry.worker is None and entry not in self._queue):
                return False
            if entry in self._queue:
                self._queue.remove(entry)
                if entry.worker is None:
                    self._come_to_rest(entry, Standing(state))
                    return True
                entry.state = "paused"  # as its worker holds it
            if entry.state == state:
                return True
            entry.wish = "pausing" if state == "paused" else "stopping"
            self._tell(entry, "pause" if state == "paused" else "stop")
            if state == "stopped":
                timer = threading.Timer(STOP_PATIENCE, self._stop_by_force, (entry, entry.worker))
                timer.daemon = True
                timer.start()
            return True

    def change_lr(self, race_name: str, factor: float, label: str | None) -> bool:
        """Pass a change of the learning rate on. False if no worker holds the race."""
        with self._lock:
            entry = self._entries.get(race_name)
            if entry is None or entry.worker is None:
                return False
            self._tell(entry, "lr", factor=factor, label=label)
            return True

    def forget(self, race_name: str) -> None:
        """Have no more to do with a race, whose folder is free then. Raises RunError while it is on its way."""
        with self._lock:
            entry = self._entries.get(race_name)
            if entry is None:
                return
            if entry in self._queue or (entry.worker is not None and entry.state != "paused"):
                raise RunError(f"{entry.race.title!r} is on its way: stop it first.")
            if entry.worker is not None:
                self._let_go(entry.worker)
        deadline = time.monotonic() + STOP_PATIENCE
        while entry.left_by is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        with self._lock:
            if self._entries.get(race_name) is entry:
                del self._entries[race_name]

    def view(self, race_name: str) -> tuple[dict[str, Any], bool] | None:
        """The status of a race as far as it is known here, and whether it is in our hands; None if it is unknown."""
        with self._lock:
            entry = self._entries.get(race_name)
            if entry is None:
                return None
            held = entry in self._queue or entry.worker is not None or entry.left_by is not None
            state, place, doing = entry.state, None, entry.wish or entry.doing
            if entry in self._queue:
                ahead = sum(worker.entry is not None and worker.entry.state == "waiting" for worker in self._workers)
                place = self._queue.index(entry) + 1 + ahead
                if place == 1 and any(not worker.up for worker in self._workers):
                    state, place, doing = "starting", None, "the training process is starting"
            elif state == "waiting":
                place = 1
            status = {"state": state, "place": place, "reason": entry.reason, "doing": doing, "now": entry.now}
            return status, held

    def close(self) -> None:
        """End all workers. What they trained stands at its last states."""
        with self._lock:
            self._closed = True
            workers, self._workers = self._workers, []
            self._queue.clear()
            self._entries.clear()
        for worker in workers:
            worker.process.end()
        atexit.unregister(self.close)

    # --- all that follows happens under the lock ---

    def _tell(self, entry: Entry, do: str, **values: Any) -> None:
        assert entry.worker is not None
        entry.worker.process.send(do=do, race=entry.race.name, **values)

    def _tell_on(self, entry: Entry, until: str) -> None:
        """To go on, to the end or for a step."""
        if until == "end":
            self._tell(entry, "play")
        else:
            self._tell(entry, "step", what=until)

    def _dispatch(self) -> None:
        """Give as many races of the queue as possible to workers, in their order."""
        while self._queue and (worker := self._worker_for(self._queue[0])) is not None:
            entry = self._queue.pop(0)
            entry.state = "starting"
            if worker.entry is entry:
                self._tell_on(entry, entry.until)
            else:
                worker.entry, entry.worker = entry, worker
                self._tell(entry, "train", path=str(entry.race.path.resolve()), until=entry.until)
        self._staff()

    def _worker_for(self, entry: Entry) -> _Worker | None:
        """Who can train this race now: who holds it, who is idle, or who only holds one that rests."""
        if entry.worker is not None or entry.left_by is not None:
            return entry.worker
        idle = next((worker for worker in self._workers if worker.up and worker.entry is None), None)
        if idle is not None or any(not worker.up for worker in self._workers) or len(self._workers) < self.at_once:
            return idle
        for worker in self._workers:
            held = worker.entry
            if held is not None and held.wish is None and (held.state == "paused" or held in self._queue):
                self._let_go(worker)
                return worker
        return None

    def _let_go(self, worker: _Worker) -> None:
        """Make a worker forget the paused race that it holds; the race stands on the disk as it is."""
        entry = worker.entry
        assert entry is not None
        self._tell(entry, "leave")
        worker.entry, entry.worker, entry.left_by = None, None, worker

    def _staff(self) -> None:
        """See that a worker is there, or on its way, for the next race."""
        if self._closed or self._broken is not None or len(self._workers) >= self.at_once:
            return
        if any(worker.entry is None for worker in self._workers):
            return
        atexit.unregister(self.close)
        atexit.register(self.close)
        try:
            self._workers.append(_Worker(WorkerProcess(self.at_once, self.data_root, self._heard, self._ended)))
        except OSError as error:
            self._give_up(f"Training cannot be started here: {error}.")

    def _come_to_rest(self, entry: Entry, standing: Standing, told: bool = False) -> None:
        """The race is in nobody's hands any more. ``told``: its worker has written down why."""
        if entry.worker is not None:
            entry.worker.entry, entry.worker = None, None
        entry.state, entry.reason, entry.doing, entry.wish = standing.state, standing.reason, None, None
        if not told:
            with contextlib.suppress(RunError):  # a full disk, or a folder that is gone; it is known here
                entry.race.note(standing)

    def _give_up(self, reason: str) -> None:
        self._broken = reason
        waiting, self._queue = self._queue, []
        for entry in waiting:
            self._come_to_rest(entry, Standing("failed", reason))

    def _free(self, worker: _Worker) -> None:
        """What this worker was told to leave is free."""
        for entry in self._entries.values():
            if entry.left_by is worker:
                entry.left_by = None

    def _stop_by_force(self, entry: Entry, worker: _Worker) -> None:
        """Where a worker did not stop in time, for it computes something long."""
        with self._lock:
            if entry.worker is worker and entry.wish == "stopping" and worker in self._workers:
                self._workers.remove(worker)
                worker.process.kill()
                self._come_to_rest(entry, Standing("stopped"))
                entry.left_by = worker  # until it is really gone
                self._dispatch()

    # --- called from the threads that hear the workers ---

    def _heard(self, process: WorkerProcess, line: dict[str, Any]) -> None:
        with self._lock:
            worker = next((worker for worker in self._workers if worker.process is process), None)
            if worker is None:
                return
            if line["state"] == "up":
                worker.up = True
            elif line["state"] == "ready":
                worker.ready = True
                self._deaths = 0
            elif worker.entry is not None and worker.entry.race.name == line["race"]:
                self._follow(worker.entry, line)
            elif line["over"]:
                self._free(worker)
            self._dispatch()

    def _follow(self, entry: Entry, line: dict[str, Any]) -> None:
        entry.now = {**entry.now, **line["now"]}
        if line["over"]:
            self._come_to_rest(entry, Standing(line["state"], line["reason"]), told=True)
            return
        if entry not in self._queue:  # else its wish to go on is newer than this
            entry.state, entry.reason, entry.doing = line["state"], line["reason"], line["doing"]
        if line["state"] == "paused" and entry.wish == "pausing":
            entry.wish = None
        if line["state"] == "training":
            self._deaths = 0

    def _ended(self, process: WorkerProcess) -> None:
        """A worker has ended; nobody wanted it to, if it is still among them."""
        with self._lock:
            for entry in self._entries.values():
                if entry.left_by is not None and entry.left_by.process is process:
                    entry.left_by = None
            worker = next((worker for worker in self._workers if worker.process is process), None)
            if worker is not None:
                self._workers.remove(worker)
                self._lose(worker)
            self._dispatch()

    def _lose(self, worker: _Worker) -> None:
        entry = worker.entry
        if entry is not None:
            if entry in self._queue:
                self._queue.remove(entry)
            reason = f"The process that trained it {worker.process.why()}. It can be played on from its last state."
            wanted = entry.wish == "stopping"
            self._come_to_rest(entry, Standing("stopped") if wanted else Standing("interrupted", reason))
        elif time.monotonic() - worker.process.started < QUICK_DEATH:
            self._deaths += 1
            if self._deaths >= MAX_DEATHS:
                self._give_up(f"Training cannot be started here: its process {worker.process.why()}.")
