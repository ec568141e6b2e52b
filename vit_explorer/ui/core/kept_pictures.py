"""Visitors' pictures, kept in memory and nowhere else, within a stated size."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from vit_explorer.data.uploads import PictureError

IN_USE = 15 * 60.0  # seconds after a picture was asked for in which it is kept whatever comes


class Sized(Protocol):
    """What has a name and takes memory."""

    @property
    def name(self) -> str: ...

    @property
    def nbytes(self) -> int: ...


Kept = TypeVar("Kept", bound=Sized)


class KeptPictures(Generic[Kept]):
    """Pictures by their names. Of those that nobody uses any more, the least recently used one goes first.

    Args:
        memory: in bytes.
        clock: seconds.
    """

    def __init__(self, memory: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.memory = memory
        self.used = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._pictures: OrderedDict[str, tuple[Kept, float]] = OrderedDict()  # the least recently used first

    def find(self, name: str) -> Kept | None:
        """The picture of this name, which is in use from now on."""
        with self._lock:
            if name not in self._pictures:
                return None
            picture, _ = self._pictures.pop(name)
            self._pictures[name] = picture, self._clock()
            return picture

    def keep(self, picture: Kept) -> None:
        """Keep a picture. Raises PictureError while all the memory holds pictures in use."""
        with self._lock:
            now = self._clock()
            before, _ = self._pictures.pop(picture.name, (None, 0.0))
            self.used += picture.nbytes - (0 if before is None else before.nbytes)
            for name, (other, asked) in list(self._pictures.items()):
                if self.used <= self.memory or asked > now - IN_USE:
                    break
                del self._pictures[name]
                self.used -= other.nbytes
            if self.used > self.memory:
                self.used -= picture.nbytes
                raise PictureError(
                    f"The server has no room for another picture: all of its {self.memory / 2**20:.0f} MB are in use. "
                    f"Try again in {IN_USE / 60:.0f} minutes."
                )
            self._pictures[picture.name] = picture, now
