"""A lock between processes that the system releases when its holder ends, however it ends.

The package filelock, which comes with torch, is not used: its locks are exclusive only. Whether a run is being trained
must be asked on every poll of the page without creating the file, without write access to the folder, and without
getting in the way of a process that wants the lock or that asks as well: here that takes a shared lock.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

PATIENCE = 0.3  # seconds; a question whether the lock is held is in the way for much less


class FileLock:
    """One lock, named by a file that stays where it is. Processes started by the holder do not inherit it.

    Raises:
        OSError: from all methods but :meth:`release`, if the file cannot be made or opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file: int | None = None

    def try_take(self, patience: float = PATIENCE) -> bool:
        """Take the lock unless another holds it for longer than ``patience`` seconds; True if this object holds it."""
        if self._file is not None:
            return True
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        deadline = time.monotonic() + patience
        while not _lock(file, shared=False):
            if time.monotonic() >= deadline:
                os.close(file)
                return False
            time.sleep(0.01)
        self._file = file
        return True

    def release(self) -> None:
        """Let go; does nothing where it is not held."""
        if self._file is not None:
            os.close(self._file)  # which unlocks it
            self._file = None

    def is_held(self) -> bool:
        """Whether anybody holds it, this object included."""
        if self._file is not None:
            return True
        try:
            with self.path.open("rb") as file:
                return not _lock(file.fileno(), shared=True)
        except FileNotFoundError:
            return False


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int, shared: bool) -> bool:
        """Windows knows no shared lock here: two who ask at the same moment may each think that it is held."""
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: int, shared: bool) -> bool:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
