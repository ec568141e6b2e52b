"""The queue of races, and the workers that train them. What it does is decided under one lock, and quickly."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from vit_explorer.training.runs.folder import RunError
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.status import Standing
from vit_explorer.training.service.process import WorkerProcess
from vit_explorer.training.service.scheduler_pool import Staff

STOP_PATIENCE = 1.5  # seconds in which a worker must stop by itself, else it is killed


@dataclass(eq=False)
class Entry:
    """What is known of a race that was handed in.

    Attributes:
        until: what it shall do when its turn comes: "end", "batch" or "epoch".
        doing: what takes longer than a step at the moment.
        wish: "pausing" or "stopping", where it was told to and has not done it yet.
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
    worker: WorkerProcess | None = None
    left_by: WorkerProcess | None = None


class Crew:
    """Workers and the races that wait for them. All methods may be called from any thread.

    Args:
        at_once: how many races train at the same time, and so the most workers there are.
        data_root: where CIFAR-10 is looked for first.
    """

    def __init__(self, at_once: int, data_root: str | os.PathLike[str] | None) -> None:
        self._lock = threading.RLock()
        self._staff = Staff(at_once, data_root, self._lock, self._heard, self._ended)
        self._entries: dict[str, Entry] = {}
        self._queue: list[Entry] = []

    def warm(self) -> None:
        """Start a worker ahead of the first race, so that it need not wait for one."""
        with self._lock:
            self._dispatch()

    @property
    def ready(self) -> bool:
        """Whether a race that is handed in now meets a warm worker."""
        with self._lock:
            return any(worker.ready and self._held_by(worker) is None for worker in self._staff.workers)

    @property
    def pids(self) -> list[int]:
        """Of the workers that run now."""
        with self._lock:
            return [worker.pid for worker in self._staff.workers]

    def play(self, race: Race, until: str) -> None:
        """Let a race go on when it is its turn. Raises RunError if it is being stopped at this moment."""
        with self._lock:
            entry = self._entries.setdefault(race.name, Entry(race))
            if entry.wish == "stopping":
                raise RunError(f"{race.title!r} is being stopped: play it on when it has come to rest.")
            entry.race, entry.until = race, until
            if entry in self._queue:
                return
            if entry.worker is not None and entry.state != "paused":
                entry.wish = None
                self._tell_on(entry)
                return
            entry.state, entry.reason, entry.doing, entry.wish = "waiting", None, None, None
            self._queue.append(entry)
            self._staff.forgive()
            self._dispatch()

    def rest(self, race_name: str, state: str) -> bool:
        """Bring a race to rest, "paused" or "stopped". False if it is in nobody's hands here."""
        self._settle(race_name)
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
            if entry.state == state or entry.wish == "stopping":
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
        self._settle(race_name)
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
                self._let_go(entry)
        self._settle(race_name)
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
                held_up = [one for one in self._entries.values() if one.state == "waiting" and one not in self._queue]
                place = self._queue.index(entry) + 1 + len(held_up)
                if place == 1 and self._staff.starting:
                    state, place, doing = "starting", None, "the training process is starting"
            elif state == "waiting":  # for a slot
                place = 1
            status = {"state": state, "place": place, "reason": entry.reason, "doing": doing, "now": entry.now}
            return status, held

    def close(self) -> None:
        """End all workers. What they trained stands at its last states."""
        with self._lock:
            self._queue.clear()
            self._entries.clear()
        self._staff.close()

    def _settle(self, race_name: str) -> None:
        """Wait, for a moment, until a worker that has left a race has let go of its folder."""
        deadline = time.monotonic() + STOP_PATIENCE
        while time.monotonic() < deadline:
            with self._lock:
                entry = self._entries.get(race_name)
                if entry is None or entry.left_by is None:
                    return
            time.sleep(0.01)

    # --- all that follows happens under the lock ---

    def _held_by(self, worker: WorkerProcess) -> Entry | None:
        return next((entry for entry in self._entries.values() if entry.worker is worker), None)

    def _tell(self, entry: Entry, do: str, **values: Any) -> None:
        assert entry.worker is not None
        entry.worker.send(do=do, race=entry.race.name, **values)

    def _tell_on(self, entry: Entry) -> None:
        """To go on, to the end or for a step."""
        if entry.until == "end":
            self._tell(entry, "play")
        else:
            self._tell(entry, "step", what=entry.until)

    def _dispatch(self) -> None:
        """Give as many races of the queue as possible to workers, in their order, and have one worker to spare."""
        while self._queue and (worker := self._worker_for(self._queue[0])) is not None:
            entry = self._queue.pop(0)
            entry.state = "starting"
            if entry.worker is worker:
                self._tell_on(entry)
            else:
                entry.worker = worker
                self._tell(entry, "train", path=str(entry.race.path.resolve()), until=entry.until)
        if all(self._held_by(worker) is not None for worker in self._staff.workers):
            self._staff.hire()
        if self._staff.broken is not None:
            waiting, self._queue = self._queue, []
            for entry in waiting:
                self._come_to_rest(entry, Standing("failed", self._staff.broken))

    def _worker_for(self, entry: Entry) -> WorkerProcess | None:
        """Who can train this race now: who holds it, who is idle, or who only holds one that rests."""
        if entry.worker is not None or entry.left_by is not None:
            return entry.worker
        idle = (worker for worker in self._staff.workers if worker.up and self._held_by(worker) is None)
        if (worker := next(idle, None)) is not None or self._staff.starting or not self._staff.full:
            return worker
        for worker in self._staff.workers:
            held = self._held_by(worker)
            if held is not None and held.wish is None and (held.state == "paused" or held in self._queue):
                self._let_go(held)
                return worker
        return None

    def _let_go(self, entry: Entry) -> None:
        """Make its worker forget a paused race; the race stands on the disk as it is."""
        self._tell(entry, "leave")
        entry.worker, entry.left_by = None, entry.worker

    def _come_to_rest(self, entry: Entry, standing: Standing, told: bool = False) -> None:
        """The race is in nobody's hands any more. ``told``: its worker has written down why."""
        entry.worker = None
        entry.state, entry.reason, entry.doing, entry.wish = standing.state, standing.reason, None, None
        if not told:
            with contextlib.suppress(RunError):  # a full disk, or a folder that is gone; it is known here
                entry.race.note(standing)

    def _stop_by_force(self, entry: Entry, worker: WorkerProcess) -> None:
        """Where a worker did not stop in time, for it computes something long."""
        with self._lock:
            if entry.worker is worker and entry.wish == "stopping" and worker in self._staff.workers:
                self._staff.dismiss(worker)
                self._come_to_rest(entry, Standing("stopped"))
                entry.left_by = worker  # until it is really gone
                self._dispatch()

    def _heard(self, worker: WorkerProcess, line: dict[str, Any]) -> None:
        """What a worker says; of a race, or of itself."""
        entry = self._held_by(worker)
        if entry is not None and entry.race.name == line.get("race"):
            self._follow(entry, line)
        elif line.get("over"):
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

    def _free(self, worker: WorkerProcess) -> None:
        """What this worker has left is free."""
        for entry in self._entries.values():
            if entry.left_by is worker:
                entry.left_by = None

    def _ended(self, worker: WorkerProcess, dismissed: bool) -> None:
        self._free(worker)
        entry = self._held_by(worker)
        if entry is not None:
            if entry in self._queue:
                self._queue.remove(entry)
            reason = f"The process that trained it {worker.why()}. It can be played on from its last state."
            wanted = dismissed or entry.wish == "stopping"
            self._come_to_rest(entry, Standing("stopped") if wanted else Standing("interrupted", reason))
        self._dispatch()
