"""Running loss, accuracy and speed of a run on its training images."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

RUNNING = 50  # batches behind the running loss, accuracy and speed
STANDSTILL = 3.0  # seconds; a batch that took longer,
STANDSTILL_FACTOR = 5.0  # and so many times as long a step as those before, was stopped on its way


class BatchSums(NamedTuple):
    """Sums over the images of one batch or several, the seconds they took, and their steps."""

    loss: float
    correct: float
    images: int
    seconds: float
    steps: int = 1


class RunningMetrics:
    """Sums since the start, of the epoch under way, and of the last batches.

    Attributes:
        step: optimiser steps done.
        seconds: of training; evaluation, snapshots and waiting are left out.
        loss_sum, correct: over the pictures of the epoch under way.
    """

    def __init__(self) -> None:
        self.step, self.seconds = 0, 0.0
        self.loss_sum, self.correct = 0.0, 0.0
        self._recent: deque[BatchSums] = deque(maxlen=RUNNING)

    def add(self, batch: BatchSums) -> None:
        """Count the steps of ``batch``.

        A process that is stopped, as by a laptop that sleeps, does not train: a batch in which the clock has jumped
        counts as long as those before it.
        """
        if self._recent:
            usual = self.seconds_per_step() * batch.steps
            if batch.seconds > max(STANDSTILL, STANDSTILL_FACTOR * usual):
                batch = batch._replace(seconds=usual)
        self.step += batch.steps
        self.seconds += batch.seconds
        self.loss_sum += batch.loss
        self.correct += batch.correct
        self._recent.append(batch)

    def end_epoch(self) -> None:
        self.loss_sum, self.correct = 0.0, 0.0

    def recent(self) -> BatchSums:
        """The sums over the last batches, one at least."""
        return BatchSums(*map(sum, zip(*self._recent, strict=True)))

    def seconds_per_step(self) -> float:
        """Mean over the last steps, one at least."""
        recent = self.recent()
        return recent.seconds / recent.steps

    def state(self) -> dict[str, Any]:
        """Plain values for :meth:`load`."""
        sums = {name: getattr(self, name) for name in ("step", "seconds", "loss_sum", "correct")}
        return sums | {"recent": [tuple(batch) for batch in self._recent]}

    def load(self, state: dict[str, Any]) -> None:
        for name in ("step", "seconds", "loss_sum", "correct"):
            setattr(self, name, state[name])
        self._recent = deque((BatchSums(*batch) for batch in state["recent"]), maxlen=RUNNING)
