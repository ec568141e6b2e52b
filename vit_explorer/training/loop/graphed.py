"""A training step as a CUDA graph: hundreds of small kernels launched by one call.

On a GPU a small network's step is bound by the launches of its kernels, not by their work. A graph records the launches
once and repeats them; see "CUDA Graphs" in PyTorch's notes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from vit_explorer.training.loop.batches import Batch

WARM_UP = 3  # eager steps before the recording, in which libraries choose their kernels and optimisers make their state


class GraphedStep:
    """Repeat a step on batches of one shape; the first WARM_UP calls run it eagerly, and every call trains.

    Args:
        step: (batch) -> sums, a tensor. Reads nothing but the batch and tensors that stay in place, and never waits
            for the device.
        like: a batch of the shape.
    """

    def __init__(self, step: Callable[[Batch], Tensor], like: Batch) -> None:
        self._step = step
        self._batch = Batch(*(tensor.clone() for tensor in vars(like).values()))
        self._stream = torch.cuda.Stream()
        self._graph: torch.cuda.CUDAGraph | None = None
        self._sums = torch.empty(0)
        self._calls = 0

    def fits(self, batch: Batch) -> bool:
        """Whether a batch has the shape that was recorded."""
        pairs = zip(vars(batch).values(), vars(self._batch).values(), strict=True)
        return all(given.shape == own.shape and given.dtype == own.dtype for given, own in pairs)

    def __call__(self, batch: Batch) -> Tensor:
        """Train on a batch; the sums are valid until the next call."""
        for own, given in zip(vars(self._batch).values(), vars(batch).values(), strict=True):
            own.copy_(given)
        self._calls += 1
        if self._calls <= WARM_UP:
            return self._eagerly()
        if self._graph is None:
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._sums = self._step(self._batch)
        self._graph.replay()
        return self._sums

    def _eagerly(self) -> Tensor:
        """Run the step on a separate stream, as the recording that follows."""
        here = torch.cuda.current_stream()
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            sums = self._step(self._batch)
        here.wait_stream(self._stream)
        return sums
