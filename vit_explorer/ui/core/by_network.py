"""What was computed with a network, kept as long as its weights are in memory."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Hashable
from typing import Generic, TypeVar

from vit_explorer.models.network import Network

T = TypeVar("T")


class ByNetwork(Generic[T]):
    """Results by network and key. It holds no network: results go when the last other reference to theirs does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: weakref.WeakKeyDictionary[Network, dict[Hashable, T]] = weakref.WeakKeyDictionary()

    def find(self, model: Network, key: Hashable) -> T | None:
        """The result of this key, if there is one."""
        with self._lock:
            return self._of.get(model, {}).get(key)

    def keep(self, model: Network, key: Hashable, result: T) -> T:
        """Keep a result, and return it."""
        with self._lock:
            self._of.setdefault(model, {})[key] = result
        return result
