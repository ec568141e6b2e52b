"""The forward passes that were recorded last: all views of an image in a network share one."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
import weakref
from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.explain.trace import Trace, trace
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.network import Network

TRACES_MEMORY = 128 * 2**20  # bytes; one pass of a ViT-B/16 at 224 pixels is 31 MB

Key = tuple[int, bytes]


@dataclass(frozen=True)
class Recorded:
    """A pass that others read too, so none of its tensors may be changed; ``seconds`` is what the pass took."""

    traced: Trace
    seconds: float


@dataclass
class Kept:
    """A recorded pass, and when it was last asked for: the number of the question."""

    recorded: Recorded
    asked: int


class Traces:
    """Recorded passes by network and pixels, within a memory. Two who ask for one at a time wait for the same pass.

    It holds no network: the passes of one go when the last other reference to it does.

    Args:
        memory: in bytes; what was asked for longest ago goes first, and the latest one stays whatever it takes.
    """

    def __init__(self, memory: int = TRACES_MEMORY) -> None:
        self.memory = memory
        self._lock = threading.Lock()
        self._recording: dict[Key, threading.Lock] = {}
        self._questions = itertools.count()
        self._kept: weakref.WeakKeyDictionary[Network, dict[bytes, Kept]] = weakref.WeakKeyDictionary()

    def of(self, checkpoint: Checkpoint, images: Tensor) -> Recorded:
        """The pass of a network over one image, uint8 (1, 3, H, W), as the network gets it."""
        model, pixels = checkpoint.model, hashlib.blake2b(images.numpy().tobytes()).digest()
        found = self._find(model, pixels)
        if found is not None:
            return found
        key = id(model), pixels  # the caller holds the network meanwhile
        with self._lock:
            recording = self._recording.setdefault(key, threading.Lock())
        with recording:
            try:
                return self._find(model, pixels) or self._keep(model, pixels, _record(checkpoint, images))
            finally:
                with self._lock:
                    self._recording.pop(key, None)

    def _find(self, model: Network, pixels: bytes) -> Recorded | None:
        with self._lock:
            kept = self._kept.get(model, {}).get(pixels)
            if kept is None:
                return None
            kept.asked = next(self._questions)
            return kept.recorded

    def _keep(self, model: Network, pixels: bytes, recorded: Recorded) -> Recorded:
        with self._lock:
            self._kept.setdefault(model, {})[pixels] = Kept(recorded, next(self._questions))
            self._make_room()
        return recorded

    def _make_room(self) -> None:
        """Let go of what was asked for longest ago, the latest one excepted."""
        every = [(kept.asked, name, passes) for passes in self._kept.values() for name, kept in passes.items()]
        used = 0
        for place, (_, name, passes) in enumerate(sorted(every, key=lambda one: one[0], reverse=True)):
            used += nbytes(passes[name].recorded.traced)
            if place and used > self.memory:
                del passes[name]


def nbytes(traced: Trace) -> int:
    """The memory of a recorded pass."""
    weights = (record.weights for record in traced.windows)
    return sum(tensor.nbytes for tensor in (traced.logits, *traced.attention, *traced.hidden, *weights))


def _record(checkpoint: Checkpoint, images: Tensor) -> Recorded:
    with torch.inference_mode(False):  # what is kept serves callers in every mode
        inputs = checkpoint.preprocess(images)
        began = time.perf_counter()
        return Recorded(trace(checkpoint.model, inputs), time.perf_counter() - began)
