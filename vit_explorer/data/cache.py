"""Datasets kept open as long as their files stay as they are."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from vit_explorer.data.cifar10 import find_cifar10
from vit_explorer.data.dataset import DatasetError
from vit_explorer.data.listing import file_times

MANY_FILES, STAMP_SECONDS = 500, 2.0  # of a folder of so many the times are looked at this often, in seconds
MAX_OPEN = 4  # the least recently used one is dropped for a fifth

Opened = TypeVar("Opened")
Stamp = tuple[tuple[str, int], ...]  # files, and when they were last written, in ns


class DatasetCache(Generic[Opened]):
    """Opens each dataset once. May be asked from any thread; two datasets do not wait for each other.

    A dataset is opened again when its file, or a file in its folder, has changed. Files that cannot be read
    are remembered as well, since a failed attempt can take seconds.

    Args:
        read: opens a dataset by its source, as ``data.open_dataset`` names it, and the wanted image size or None; may
            give a part of it.
        root: where CIFAR-10 is looked for first.
        limit: how many stay open, None for all.
    """

    def __init__(
        self,
        read: Callable[[str, int | None], Opened],
        root: str | os.PathLike[str] | None = None,
        limit: int | None = MAX_OPEN,
    ) -> None:
        self._read, self._root, self._limit = read, root, limit
        self._lock = threading.Lock()
        self._locks: dict[tuple[str, int | None], threading.Lock] = {}
        self._stamps: dict[str, tuple[float, Stamp]] = {}  # with the time at which they were taken
        self._open: dict[tuple[str, int | None], tuple[Stamp | None, Opened | DatasetError]] = {}

    def open(self, source: str, img_size: int | None = None) -> Opened:
        """The dataset, opened now or before. Raises DatasetError if it is not there or cannot be read."""
        key = source, img_size
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            stamp = self._stamp(source)
            with self._lock:
                found = self._open.pop(key, None)
            if found is None or found[0] != stamp or (stamp is None and isinstance(found[1], DatasetError)):
                found = stamp, self._attempt(source, img_size)
            with self._lock:
                self._open[key] = found  # the latest one last
                while self._limit is not None and len(self._open) > self._limit:
                    del self._open[next(iter(self._open))]
        if isinstance(found[1], DatasetError):
            raise found[1].with_traceback(None)
        return found[1]

    def forget(self, source: str) -> None:
        """Let go of a dataset in all its sizes."""
        with self._lock:
            for known in [key for key in self._open if key[0] == source]:
                del self._open[known]
            self._stamps.pop(source, None)

    def _attempt(self, source: str, img_size: int | None) -> Opened | DatasetError:
        try:
            return self._read(source, img_size)
        except DatasetError as error:
            return error

    def _stamp(self, source: str) -> Stamp | None:
        """None for what lies in no file, or is not there."""
        place = find_cifar10(self._root) if source == "cifar10" else Path(os.path.expanduser(source))
        if place is None or not place.exists():
            return None
        known = self._stamps.get(source)
        if known is not None and len(known[1]) > MANY_FILES and time.monotonic() - known[0] < STAMP_SECONDS:
            return known[1]
        stamp = stamp_of(place)
        self._stamps[source] = time.monotonic(), stamp
        return stamp


def stamp_of(path: Path) -> Stamp:
    """A value that changes when a file, or a file anywhere in a folder, is replaced, comes or goes: paths and times."""
    return tuple(file_times(path)) if path.is_dir() else ((str(path), path.stat().st_mtime_ns if path.exists() else 0),)
