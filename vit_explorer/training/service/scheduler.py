"""The queue of races of this program and the worker processes that train them.

A race leaves the queue when a worker is idle and a slot (a lock on a file, see ``runs.slots``) is free; the slot is
released when the worker has released the race, and by the system if this program ends. All decisions are made under one
lock, and quickly.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vit_explorer.training.runs.errors import RunError
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.slots import Slot
from vit_explorer.training.runs.status import RaceStatus
from vit_explorer.training.service.pool import WorkerPool, later
from vit_explorer.training.service.process import WorkerProcess

STOP_PATIENCE = 1.5  # seconds in which a worker must stop by itself, else it is killed
ASK_EVERY = 0.3  # seconds between two attempts to get a slot
OTHER_TRAINS = "Another program is training on this machine; this race is next."


@dataclass(eq=False)
class Entry:
    """A race that was played here.

    Attributes:
        slot: held from the moment a worker gets the race until it has released it.
        until: "end", "batch" or "epoch", where it pauses by itself.
        activity: what takes longer than a step now.
        requested: "pause" or "stop", from the request until the worker has released the race.
        now: each contender's latest Step, as plain values.
        worker: that trains it, up to the moment it has released it.
    """

    race: Race
    slot: Slot
    state: str = "waiting"
    until: str = "end"
    reason: str | None = None
    activity: str | None = None
    requested: str | None = None
    now: dict[str, dict[str, Any]] = field(default_factory=dict)
    worker: WorkerProcess | None = None


class Scheduler:
    """Decides which race trains, and keeps workers for that. All methods may be called from any thread.

    Args:
        at_once: how many races train at the same time on this machine, and so the most workers there are.
        data_root: where CIFAR-10 is looked for first.
        device: gives the device on which workers warm up.
    """

    def __init__(
        self, at_once: int, data_root: str | os.PathLike[str] | None, device: Callable[[], str] = lambda: "cpu"
    ) -> None:
        if at_once < 1:
            raise ValueError(f"at_once must be 1 or more, not {at_once}")
        self.at_once = at_once
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {}
        self._queue: list[Entry] = []
        self._pool = WorkerPool(at_once, data_root, device, self._lock, self._heard, self._ended)
        self._timer: threading.Timer | None = None  # until the next attempt to get a slot
        self._closed = False

    def warm(self) -> None:
        """Start a worker ahead of the first race."""
        with self._lock:
            self._dispatch()

    @property
    def ready(self) -> bool:
        """Whether a race that is played now meets a warm worker."""
        with self._lock:
            return any(worker.ready and self._trained_by(worker) is None for worker in self._pool.workers)

    @property
    def pids(self) -> list[int]:
        """Of the workers that run now."""
        with self._lock:
            return [worker.pid for worker in self._pool.workers]

    @property
    def training(self) -> bool:
        """Whether some race is with a worker."""
        with self._lock:
            return any(entry.worker is not None for entry in self._entries.values())

    def under_way(self) -> list[tuple[Race, dict[str, dict[str, Any]]]]:
        """The races that are trained to their end here, each with its contenders' latest Steps."""
        with self._lock:
            return [
                (entry.race, entry.now)
                for entry in self._entries.values()
                if entry.worker is not None and entry.until == "end"
            ]

    def in_hand(self) -> list[Race]:
        """The races that wait or are trained here."""
        with self._lock:
            return [entry.race for entry in self._entries.values() if self._in_hand(entry)]

    def play(self, race: Race, until: str) -> None:
        """Queue a race. One that trains already is paused and takes its next turn at once, with the new ``until``.

        Raises:
            RunError: if it is being paused or stopped at this moment.
        """
        with self._lock:
            entry = self._entries.setdefault(race.name, Entry(race, Slot(self.at_once)))
            if entry.requested is not None:
                raise RunError(f"{race.title!r} is being paused: play it on when it rests.")
            goes_on = entry.until == until == "end"
            entry.race, entry.until = race, until
            if entry in self._queue or (entry.worker is not None and goes_on):
                return
            if entry.worker is not None:
                self._send(entry, "pause")
                self._queue.insert(0, entry)
                return
            entry.state, entry.reason, entry.activity = "waiting", None, None
            self._queue.append(entry)
            self._pool.try_again()
            self._dispatch()

    def pause(self, race_name: str, at_once: bool) -> bool:
        """Have a race saved and released; ``at_once``: kill its worker if that takes long. False if it rests."""
        with self._lock:
            entry = self._entries.get(race_name)
            if entry is None or not self._in_hand(entry):
                return False
            if entry in self._queue:
                self._queue.remove(entry)
            if entry.worker is None:
                self._come_to_rest(entry, RaceStatus("paused"))
                self._dispatch()
            elif entry.requested != "stop":
                entry.requested = "stop" if at_once else "pause"
                self._send(entry, entry.requested)
                if at_once:
                    later(STOP_PATIENCE, self._stop_by_force, entry, entry.worker)
            return True

    def change_lr(self, race_name: str, factor: float, label: str | None) -> bool:
        """Pass a change of the learning rate on. False if no worker trains the race."""
        with self._lock:
            entry = self._entries.get(race_name)
            if entry is None or entry.worker is None:
                return False
            self._send(entry, "lr", factor=factor, label=label)
            return True

    def forget(self, race_name: str) -> None:
        """Drop what is known of a race that rests. Raises RunError while it is queued or trained."""
        with self._lock:
            entry = self._entries.get(race_name)
            if entry is not None and self._in_hand(entry):
                raise RunError(f"{entry.race.title!r} is on its way: stop it first.")
            self._entries.pop(race_name, None)

    def view(self, race_name: str) -> tuple[dict[str, Any], bool] | None:
        """The latest known status of a race, and whether it is queued or trained here; None if it was not played."""
        with self._lock:
            entry = self._entries.get(race_name)
            if entry is None:
                return None
            state, place, activity = entry.state, None, entry.activity
            if entry.requested is not None:
                activity = {"pause": "pausing", "stop": "stopping"}[entry.requested]
            if entry in self._queue and entry.worker is None:
                place = self._queue.index(entry) + 1
                if place == 1 and any(not worker.up for worker in self._pool.workers):
                    state, place, activity = "starting", None, "the training process is starting"
            status = {"state": state, "place": place, "reason": entry.reason, "activity": activity, "now": entry.now}
            return status, self._in_hand(entry)

    def close(self) -> None:
        """End all workers and start no more. All races stand at their last states."""
        with self._lock:
            self._closed = True
            workers = self._pool.empty()
            entries, self._entries = self._entries, {}
            self._queue.clear()
        for worker in workers:
            worker.end()
        for entry in entries.values():
            entry.slot.release()
        atexit.unregister(self.close)

    # --- the rest is called under the lock, or takes it ---

    def _in_hand(self, entry: Entry) -> bool:
        return entry in self._queue or entry.worker is not None

    def _trained_by(self, worker: WorkerProcess) -> Entry | None:
        return next((entry for entry in self._entries.values() if entry.worker is worker), None)

    def _send(self, entry: Entry, do: str, **values: Any) -> None:
        assert entry.worker is not None
        entry.worker.send(do=do, race=str(entry.race.path.resolve()), **values)

    def _dispatch(self) -> None:
        """Give the first races of the queue to idle workers as far as there are slots; keep one worker in reserve."""
        while not self._closed and self._queue and (worker := self._idle_worker(self._queue[0])) is not None:
            entry = self._queue[0]
            try:
                if not entry.slot.try_take():
                    entry.reason = OTHER_TRAINS
                    self._timer = self._timer or later(ASK_EVERY, self._on_time)
                    break
            except RunError as error:
                self._queue.remove(entry)
                self._come_to_rest(entry, RaceStatus("failed", str(error)))
                continue
            self._queue.remove(entry)
            entry.state, entry.reason, entry.activity, entry.worker = "starting", None, None, worker
            worker.last_race = entry.race.name
            self._send(entry, "train", until=entry.until)
        if not self._closed and all(self._trained_by(worker) is not None for worker in self._pool.workers):
            atexit.unregister(self.close)
            atexit.register(self.close)
            self._pool.start_one()
        if self._pool.broken is not None:
            waiting, self._queue = self._queue, []
            for entry in waiting:
                self._come_to_rest(entry, RaceStatus("failed", self._pool.broken))

    def _idle_worker(self, entry: Entry) -> WorkerProcess | None:
        """One that can train this race now, preferably the one that trained it last; None while it is not released."""
        idle = [worker for worker in self._pool.workers if worker.up and self._trained_by(worker) is None]
        if not idle or entry.worker is not None:
            return None
        return next((worker for worker in idle if worker.last_race == entry.race.name), idle[0])

    def _on_time(self) -> None:
        with self._lock:
            self._timer = None
            self._dispatch()

    def _come_to_rest(self, entry: Entry, status: RaceStatus, written: bool = False) -> None:
        """The race is released. ``written``: its worker has written the status."""
        entry.worker, entry.requested, entry.activity = None, None, None
        entry.slot.release()
        entry.state, entry.reason = status.state, status.reason
        if not written:
            with contextlib.suppress(RunError):  # a full disk, or a folder that is gone: it is known here
                entry.race.save_status(status)

    # --- worker processes ---

    def _stop_by_force(self, entry: Entry, worker: WorkerProcess) -> None:
        """Kill a worker that did not stop in time, for it computes something long; `_ended` follows."""
        with self._lock:
            if entry.worker is worker and entry.requested == "stop" and worker in self._pool.workers:
                self._pool.kill(worker)
                self._dispatch()  # a new one starts meanwhile

    def _heard(self, worker: WorkerProcess, message: dict[str, Any]) -> None:
        with self._lock:
            if worker not in self._pool.workers:
                return
            if message["state"] in ("ready", "training"):
                self._pool.is_well()
            entry = self._trained_by(worker)
            if entry is not None and entry.race.name == message.get("race"):
                self._follow(entry, message)
            self._dispatch()

    def _follow(self, entry: Entry, message: dict[str, Any]) -> None:
        entry.now = {**entry.now, **message["now"]}
        status = RaceStatus(message["state"], message["reason"])
        if not message["over"]:
            entry.state, entry.reason, entry.activity = status.state, status.reason, message["activity"]
        elif entry in self._queue and status.state == "paused":  # it was played again meanwhile
            entry.slot.release()
            entry.worker, entry.state, entry.reason, entry.activity = None, "waiting", None, None
        else:
            self._leave_queue(entry)
            self._come_to_rest(entry, status, written=True)

    def _ended(self, worker: WorkerProcess) -> None:
        with self._lock:
            self._pool.bury(worker)
            entry = self._trained_by(worker)
            if entry is not None:
                self._leave_queue(entry)
                reason = f"The process that trained it {worker.why()}. It can be played on from its last state."
                self._come_to_rest(entry, RaceStatus("paused", None if entry.requested == "stop" else reason))
            if not self._closed:
                self._dispatch()

    def _leave_queue(self, entry: Entry) -> None:
        if entry in self._queue:
            self._queue.remove(entry)
