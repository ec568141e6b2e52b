"""The sums behind what a run says of its training pictures."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

RUNNING = 50  # batches behind the running loss, accuracy and speed


class Batch(NamedTuple):
    """One batch that was trained on, or several: sums over their pictures, the seconds they took, and their steps."""

    loss: float
    correct: float
    images: int
    seconds: float
    steps: int = 1


class Tally:
    """What has been seen since the start, in the epoch under way, and in the last batches.

    Attributes:
        step: optimiser steps done.
        seconds: of training; evaluation, snapshots and waiting are left out.
        loss_sum, correct: over the pictures of the epoch under way.
    """

    def __init__(self) -> None:
        self.step, self.seconds = 0, 0.0
        self.loss_sum, self.correct = 0.0, 0.0
        self._recent: deque[Batch] = deque(maxlen=RUNNING)

    def add(self, batch: Batch) -> None:
        """The steps of ``batch`` are done."""
        self.step += batch.steps
        self.seconds += batch.seconds
        self.loss_sum += batch.loss
        self.correct += batch.correct
        self._recent.append(batch)

    def end_epoch(self) -> None:
        self.loss_sum, self.correct = 0.0, 0.0

    def recent(self) -> Batch:
        """The sums over the last batches, one at least."""
        return Batch(*map(sum, zip(*self._recent, strict=True)))

    def seconds_per_step(self) -> float:
        """Of the last steps, one at least."""
        recent = self.recent()
        return recent.seconds / recent.steps

    def state(self) -> dict[str, Any]:
        """As plain values, from which :meth:`load` takes it up."""
        sums = {name: getattr(self, name) for name in ("step", "seconds", "loss_sum", "correct")}
        return sums | {"recent": [tuple(batch) for batch in self._recent]}

    def load(self, state: dict[str, Any]) -> None:
        for name in ("step", "seconds", "loss_sum", "correct"):
            setattr(self, name, state[name])
        self._recent = deque((Batch(*batch) for batch in state["recent"]), maxlen=RUNNING)
