"""Workers at hand: as many as are wanted and no more than allowed, and none where none can live."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from typing import Any

from vit_explorer.training.service.process import WorkerProcess

START_PATIENCE = 300.0  # seconds in which a worker must have come up, else it is killed
QUICK_DEATH = 60.0  # seconds after its start; an idle worker that ends before was not fit to live
MAX_DEATHS = 3  # such in a row, then no other worker is started until somebody asks again


class Staff:
    """Starts workers and notices their ends. What it calls, it calls under the lock, from threads of its own.

    Args:
        at_once: the most workers there are.
        data_root: where CIFAR-10 is looked for first.
        lock: held by whoever calls :meth:`hire`, :meth:`dismiss` or :meth:`forgive`.
        heard: called with a worker and what it says.
        ended: called with a worker that has ended, and whether it was dismissed.
    Attributes:
        workers: that run and were not dismissed.
        broken: a sentence on why no worker is started any more, or None.
    """

    def __init__(
        self,
        at_once: int,
        data_root: str | os.PathLike[str] | None,
        lock: threading.RLock,
        heard: Callable[[WorkerProcess, dict[str, Any]], None],
        ended: Callable[[WorkerProcess, bool], None],
    ) -> None:
        if at_once < 1:
            raise ValueError(f"at_once must be 1 or more, not {at_once}")
        self.at_once = at_once
        self.workers: list[WorkerProcess] = []
        self.broken: str | None = None
        self._data_root = data_root
        self._lock = lock
        self._on_line, self._on_end = heard, ended
        self._deaths = 0  # of workers that came to nothing, in a row
        self._closed = False

    @property
    def full(self) -> bool:
        """Whether there are as many as there may be."""
        return len(self.workers) >= self.at_once

    @property
    def starting(self) -> bool:
        """Whether one of them does not obey yet."""
        return any(not worker.up for worker in self.workers)

    def hire(self) -> None:
        """Start another worker, unless there is no room, or none can live here."""
        if self._closed or self.full or self.broken is not None:
            return
        atexit.unregister(self.close)
        atexit.register(self.close)
        try:
            worker = WorkerProcess(self.at_once, self._data_root, self._heard, self._ended)
        except OSError as error:
            self.broken = f"Training cannot be started here: {error}."
            return
        self.workers.append(worker)
        timer = threading.Timer(START_PATIENCE, self._end_if_not_up, (worker,))
        timer.daemon = True
        timer.start()

    def dismiss(self, worker: WorkerProcess) -> None:
        """Kill one, whatever it does."""
        self.workers.remove(worker)
        worker.kill()

    def forgive(self) -> None:
        """Whatever broke it may be mended: allow one more try."""
        if self.broken is not None:
            self.broken, self._deaths = None, MAX_DEATHS - 1

    def close(self) -> None:
        """End all, and start no more. To be called without the lock."""
        with self._lock:
            self._closed = True
            workers, self.workers = self.workers, []
        for worker in workers:
            worker.end()
        atexit.unregister(self.close)

    def _heard(self, worker: WorkerProcess, line: dict[str, Any]) -> None:
        with self._lock:
            if worker in self.workers:
                if line["state"] in ("ready", "training"):
                    self._deaths = 0
                self._on_line(worker, line)

    def _ended(self, worker: WorkerProcess) -> None:
        with self._lock:
            dismissed = worker not in self.workers
            if not dismissed:
                self.workers.remove(worker)
                if not worker.up or worker.age < QUICK_DEATH:
                    self._deaths += 1
                if self._deaths >= MAX_DEATHS:
                    self.broken = f"Training cannot be started here: its process {worker.why()}."
            if not self._closed:
                self._on_end(worker, dismissed)

    def _end_if_not_up(self, worker: WorkerProcess) -> None:
        """Where importing torch never comes to an end."""
        with self._lock:
            if worker in self.workers and not worker.up:
                worker.kill()
