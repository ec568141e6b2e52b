"""How many trainings a machine does at once, over all its processes: each holds one of a few locked files."""

from __future__ import annotations

import getpass
import os
import tempfile
from pathlib import Path

from vit_explorer.training.runs.errors import RunError, reason_of
from vit_explorer.training.runs.locks import FileLock


def slots_folder() -> Path:
    """Where this user's slots lie: one folder per user and machine, so that all programs see the same ones."""
    user = os.getuid() if hasattr(os, "getuid") else getpass.getuser()
    return Path(tempfile.gettempdir()) / f"vit-explorer-{user}"


class Slot:
    """The right to train now. It is let go of when its holder ends, however it ends.

    Args:
        at_once: how many trainings the holder allows on this machine, its own included.
        folder: where the locks lie.
    """

    def __init__(self, at_once: int = 1, folder: str | os.PathLike[str] | None = None) -> None:
        if at_once < 1:
            raise ValueError(f"at_once must be 1 or more, not {at_once}")
        self.folder = Path(folder) if folder is not None else slots_folder()
        self._locks = [FileLock(self.folder / f"slot-{number}") for number in range(at_once)]
        self._taken: FileLock | None = None

    @property
    def held(self) -> bool:
        return self._taken is not None

    def try_take(self) -> bool:
        """Take a slot unless all are taken; True if this object holds one now.

        Raises:
            RunError: if the locks cannot be written.
        """
        if self._taken is None:
            try:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._taken = next((lock for lock in self._locks if lock.try_take(patience=0)), None)
            except OSError as error:
                raise RunError(f"{self.folder} cannot be written ({reason_of(error)}).") from error
        return self.held

    def release(self) -> None:
        """Let another training have it; does nothing where none is held."""
        if self._taken is not None:
            self._taken.release()
            self._taken = None
