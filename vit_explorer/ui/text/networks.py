"""The text networks that ship, with their snapshots, and the requests that name a sequence and an epoch."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from vit_explorer.text import TextCheckpoint, TextCheckpointError, TextTransformer, load_text_checkpoint
from vit_explorer.ui.core.errors import UserError, user_errors

Task = Literal["reverse", "reverse-halves", "sort"]
NAMES: dict[Task, tuple[str, ...]] = {  # the first one whose task has the length at hand is used
    "reverse": ("reverse", "reverse-3-to-10"),
    "reverse-halves": ("reverse-halves",),
    "sort": ("sort",),
}


@dataclass(frozen=True, kw_only=True)
class TaskRequest:
    """What a network was trained to do."""

    task: Task = "reverse"


@dataclass(frozen=True, kw_only=True)
class SequenceRequest(TaskRequest):
    """A sequence as a visitor typed it."""

    text: str


class TextNetworks:
    """Checkpoints, each loaded with its snapshots when it is first needed, and then shared by all visitors."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: dict[str, tuple[TextCheckpoint, dict[int, TextTransformer]]] = {}

    def load(self, name: str) -> tuple[TextCheckpoint, dict[int, TextTransformer]]:
        """The checkpoint and its networks by epoch. Raises UserError for a missing or damaged one."""
        with self._lock:
            if name not in self._loaded:
                try:
                    checkpoint = load_text_checkpoint(name)
                    self._loaded[name] = checkpoint, checkpoint.snapshots()
                except TextCheckpointError as error:
                    raise UserError(str(error)) from error
            return self._loaded[name]

    def limits(self, task: Task) -> tuple[int, int]:
        """Symbols of the shortest and of the longest sequence that networks of a task were trained on."""
        tasks = [self.load(name)[0].task for name in NAMES[task]]
        return min(one.min_length for one in tasks), max(one.max_length for one in tasks)

    def read(self, request: SequenceRequest) -> tuple[TextCheckpoint, dict[int, TextTransformer], list[int]]:
        """The checkpoint for a typed sequence, its networks by epoch, and the token ids.

        Raises:
            UserError: for an unknown symbol or a length that no network was trained on; the message holds the limits.
        """
        shortest, longest = self.limits(request.task)
        n_letters = len("".join(request.text.split()))
        if not shortest <= n_letters <= longest:
            allowed = f"{shortest} to {longest}" if shortest < longest else f"{longest} for this task"
            raise UserError(f"The sequence has {n_letters} symbols: write {allowed}.")
        every = [self.load(name) for name in NAMES[request.task]]
        checkpoint, snapshots = next(
            one for one in every if one[0].task.min_length <= n_letters <= one[0].task.max_length
        )
        with user_errors():
            ids = checkpoint.task.read(request.text)
        return checkpoint, snapshots, ids

    def snapshot(self, request: SequenceRequest, epoch: int) -> tuple[TextCheckpoint, TextTransformer, Tensor]:
        """The checkpoint for a typed sequence, its network at an epoch, and the source (1, S).

        Raises:
            UserError: as :meth:`read`, and for an epoch without snapshot; the message lists those that there are.
        """
        checkpoint, snapshots, ids = self.read(request)
        if epoch not in snapshots:
            raise UserError(f"There is a network of epoch {', '.join(map(str, snapshots))}, not {epoch}.")
        return checkpoint, snapshots[epoch], torch.tensor([ids])
