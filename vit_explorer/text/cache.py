"""The key-value cache: a decoding step computes the new token's keys and values and reads those of all before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.text.attention import KeysValues

FIRST_CAPACITY = 16  # target tokens; doubled whenever it is full


@dataclass(frozen=True)
class CacheStep:
    """Keys and values of one decoding step, as positions; the same in every layer and head.

    Attributes:
        computed: target positions whose keys and values this step computed.
        read: target positions whose keys and values it found in the cache.
        source_computed, source_read: the same for the source, in cross-attention.
    """

    computed: range
    read: range
    source_computed: range
    source_read: range


class LayerCache:
    """Keys and values of one decoder layer: of the target tokens so far, and of the source."""

    def __init__(self) -> None:
        self._buffer: Tensor | None = None  # (2, B, heads, capacity, d_head): keys, values
        self._length = 0
        self._source: KeysValues | None = None

    def extend(self, new: KeysValues) -> KeysValues:
        """Append keys and values of new tokens and return all so far, twice (B, heads, T, d_head)."""
        length = self._length + new[0].shape[2]
        if self._buffer is None or self._buffer.shape[3] < length:
            self._grow(new[0], max(FIRST_CAPACITY, 2 * length))
        assert self._buffer is not None
        for kept, part in zip(self._buffer, new, strict=True):
            kept[:, :, self._length : length] = part
        self._length = length
        return self._buffer[0, :, :, :length], self._buffer[1, :, :, :length]

    def source(self, compute: Callable[[], KeysValues]) -> KeysValues:
        """Keys and values of the source, computed at the first call and read at all others."""
        if self._source is None:
            self._source = compute()
        return self._source

    def select(self, rows: Tensor) -> None:
        """Keep these rows of the batch, in this order."""
        if self._buffer is not None:
            self._buffer = self._buffer[:, rows]
        if self._source is not None:
            self._source = (self._source[0][rows], self._source[1][rows])

    @property
    def numbers(self) -> int:
        """How many numbers are kept, unused capacity left out."""
        if self._buffer is None or self._source is None:
            return 0
        return self._buffer[:, :, :, : self._length].numel() + sum(part.numel() for part in self._source)

    def _grow(self, like: Tensor, capacity: int) -> None:
        batch, n_heads, _, d_head = like.shape
        buffer = like.new_empty(2, batch, n_heads, capacity, d_head)
        if self._buffer is not None:
            buffer[:, :, :, : self._length] = self._buffer[:, :, :, : self._length]
        self._buffer = buffer


class KVCache:
    """Keys and values of a decoding in progress. Make a new cache for every source batch; use it without gradients.

    Attributes:
        layers: one per decoder layer, made at the first step.
        padding: bool (B, T), where the target tokens so far are padding; None before the first step.
        steps: what each step computed and read.
    """

    def __init__(self) -> None:
        self.layers: list[LayerCache] = []
        self.padding: Tensor | None = None
        self.steps: list[CacheStep] = []

    @property
    def length(self) -> int:
        """Target tokens whose keys and values are kept."""
        return 0 if self.padding is None else self.padding.shape[1]

    @property
    def numbers(self) -> int:
        """How many numbers are kept: 2 * layers * B * (T + S) * d_model."""
        return sum(layer.numbers for layer in self.layers)

    def begin_step(self, padding: Tensor, n_layers: int, n_source: int) -> Tensor:
        """Note a step of new tokens and return the padding of all so far, (B, T).

        Args:
            padding: bool (B, n), where the new tokens are padding.
        """
        before, source = self.length, range(n_source)
        if self.padding is None:
            self.layers = [LayerCache() for _ in range(n_layers)]
            self.padding = padding
        else:
            self.padding = torch.cat([self.padding, padding], dim=1)
        nothing = range(0)
        computed, read = (nothing, source) if before else (source, nothing)
        self.steps.append(CacheStep(range(before, self.length), range(before), computed, read))
        return self.padding

    def select(self, rows: Tensor) -> None:
        """Keep these rows of the batch, in this order: how beams are pruned and branch."""
        for layer in self.layers:
            layer.select(rows)
        if self.padding is not None:
            self.padding = self.padding[rows]
