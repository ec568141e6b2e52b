"""The text networks that ship, with their snapshots, and the requests that name a sequence and an epoch."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.text import TextCheckpoint, TextCheckpointError, TextTransformer, load_text_checkpoint
from vit_explorer.ui.core.errors import UserError, user_errors

NAMES = ("reverse", "reverse-3-to-10")  # the first one whose task has the length at hand is used


@dataclass(frozen=True)
class SequenceRequest:
    """A sequence as a visitor typed it."""

    text: str


class TextNetworks:
    """Checkpoints, each loaded with its snapshots when it is first needed, and then shared by all visitors."""

    def __init__(self, names: tuple[str, ...] = NAMES) -> None:
        self._names = names
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

    def read(self, text: str) -> tuple[TextCheckpoint, dict[int, TextTransformer], list[int]]:
        """The checkpoint for a typed sequence, its networks by epoch, and the token ids.

        Raises:
            UserError: for an unknown symbol or a length that no network was trained on; the message holds the limits.
        """
        tasks = [self.load(name)[0].task for name in self._names]
        shortest, longest = min(task.min_length for task in tasks), max(task.max_length for task in tasks)
        n_letters = len("".join(text.split()))
        if not shortest <= n_letters <= longest:
            raise UserError(f"The sequence has {n_letters} symbols: write {shortest} to {longest}.")
        name = next(n for n, t in zip(self._names, tasks, strict=True) if t.min_length <= n_letters <= t.max_length)
        checkpoint, snapshots = self.load(name)
        with user_errors():
            ids = checkpoint.task.read(text)
        return checkpoint, snapshots, ids

    def snapshot(self, text: str, epoch: int) -> tuple[TextCheckpoint, TextTransformer, Tensor]:
        """The checkpoint for a typed sequence, its network at an epoch, and the source (1, S).

        Raises:
            UserError: as :meth:`read`, and for an epoch without snapshot; the message lists those that there are.
        """
        checkpoint, snapshots, ids = self.read(text)
        if epoch not in snapshots:
            raise UserError(f"There is a network of epoch {', '.join(map(str, snapshots))}, not {epoch}.")
        return checkpoint, snapshots[epoch], torch.tensor([ids])
