"""The forward passes that were recorded last: all views of an image in a network share one."""

from __future__ import annotations

import hashlib
import threading
import time
import weakref
from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.explain.trace import Trace, trace
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.network import Network

TRACES_MEMORY = 128 * 2**20  # bytes; one pass of a ViT-B/16 at 224 pixels is 31 MB

Key = tuple["weakref.ref[Network]", bytes]


@dataclass(frozen=True)
class Recorded:
    """A pass that others read too, so none of its tensors may be changed; ``seconds`` is what the pass took."""

    traced: Trace
    seconds: float


class Traces:
    """Recorded passes by network and pixels, within a memory. Two who ask for one at a time wait for the same pass.

    Args:
        memory: in bytes; what was asked for longest ago goes first, and the latest one stays whatever it takes.
    """

    def __init__(self, memory: int = TRACES_MEMORY) -> None:
        self.memory = memory
        self._lock = threading.Lock()
        self._recording: dict[Key, threading.Lock] = {}
        self._kept: OrderedDict[Key, Recorded] = OrderedDict()

    def of(self, checkpoint: Checkpoint, images: Tensor) -> Recorded:
        """The pass of a network over one image, uint8 (1, 3, H, W), as the network gets it."""
        key = weakref.ref(checkpoint.model), hashlib.blake2b(images.numpy().tobytes()).digest()
        found = self._find(key)
        if found is not None:
            return found
        with self._lock:
            recording = self._recording.setdefault(key, threading.Lock())
        with recording:
            try:
                return self._find(key) or self._keep(key, _record(checkpoint, images))
            finally:
                with self._lock:
                    self._recording.pop(key, None)

    def _find(self, key: Key) -> Recorded | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: Key, recorded: Recorded) -> Recorded:
        with self._lock:
            self._kept[key] = recorded
            for old in [one for one in self._kept if one[0]() is None]:  # networks that were let go
                del self._kept[old]
            while len(self._kept) > 1 and sum(nbytes(one.traced) for one in self._kept.values()) > self.memory:
                self._kept.popitem(last=False)
        return recorded


def nbytes(traced: Trace) -> int:
    """The memory of a recorded pass."""
    weights = (record.weights for record in traced.windows)
    return sum(tensor.nbytes for tensor in (traced.logits, *traced.attention, *traced.hidden, *weights))


def _record(checkpoint: Checkpoint, images: Tensor) -> Recorded:
    with torch.inference_mode(False):  # what is kept serves callers in every mode
        inputs = checkpoint.preprocess(images)
        began = time.perf_counter()
        return Recorded(trace(checkpoint.model, inputs), time.perf_counter() - began)
