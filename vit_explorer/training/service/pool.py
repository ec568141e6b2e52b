"""The worker processes of this program: started ahead, counted, and given up where none can live."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from vit_explorer.training.service.process import WorkerProcess

START_PATIENCE = 300.0  # seconds in which a worker must have come up, else it is killed
QUICK_DEATH = 60.0  # seconds after its start; a worker that ends before counts as a failed start
MAX_DEATHS = 3  # failed starts in a row, then no worker is started until :meth:`WorkerPool.try_again`


class WorkerPool:
    """Workers that run, at most ``at_once``. Its methods are called under the lock of who owns it.

    Args:
        at_once: the most workers there are.
        data_root: where CIFAR-10 is looked for first.
        device: gives the device on which workers warm up.
        lock: held by timers of the pool while they act.
        heard, ended: see :class:`WorkerProcess`; called from other threads, without the lock.
    Attributes:
        workers: that run and were not killed.
        broken: why no worker is started any more, a sentence; None while they are.
    """

    def __init__(
        self,
        at_once: int,
        data_root: str | os.PathLike[str] | None,
        device: Callable[[], str],
        lock: threading.RLock,
        heard: Callable[[WorkerProcess, dict[str, Any]], None],
        ended: Callable[[WorkerProcess], None],
    ) -> None:
        self.workers: list[WorkerProcess] = []
        self.broken: str | None = None
        self._at_once, self._data_root, self._device = at_once, data_root, device
        self._lock, self._heard, self._ended = lock, heard, ended
        self._deaths = 0  # failed starts in a row

    def start_one(self) -> None:
        """Start another worker, unless there are enough, or none can live here."""
        if len(self.workers) >= self._at_once or self.broken is not None:
            return
        try:
            worker = WorkerProcess(self._at_once, self._data_root, self._device(), self._heard, self._ended)
        except OSError as error:
            self.broken = f"Training cannot be started here: {error}."
            return
        self.workers.append(worker)
        later(START_PATIENCE, self._kill_if_not_up, worker)

    def try_again(self) -> None:
        """Allow one more start after too many that failed: what broke them may be mended."""
        if self.broken is not None:
            self.broken, self._deaths = None, MAX_DEATHS - 1

    def is_well(self) -> None:
        """A worker has come up: starts do not fail."""
        self._deaths = 0

    def bury(self, worker: WorkerProcess) -> None:
        """Note that a worker has ended; one that was killed has left the pool before."""
        if worker not in self.workers:
            return
        self.workers.remove(worker)
        self._deaths += not worker.up or worker.age < QUICK_DEATH
        if self._deaths >= MAX_DEATHS:
            self.broken = f"Training cannot be started here: its process {worker.why()}."

    def kill(self, worker: WorkerProcess) -> None:
        """End a worker now; another can be started in its place at once. ``ended`` follows."""
        self.workers.remove(worker)
        worker.kill()

    def empty(self) -> list[WorkerProcess]:
        """Hand over all workers; they are no longer of the pool."""
        workers, self.workers = self.workers, []
        return workers

    def _kill_if_not_up(self, worker: WorkerProcess) -> None:
        with self._lock:
            if worker in self.workers and not worker.up:
                worker.kill()


def later(seconds: float, act: Callable[..., None], *arguments: Any) -> threading.Timer:
    """Act after some time, in a thread that does not keep the program alive."""
    timer = threading.Timer(seconds, act, arguments)
    timer.daemon = True
    timer.start()
    return timer
