"""Data that visitors bring through the page: one file each, in a folder of its own, gone some time after its last use.

Nothing is unpacked: a folder arrives as a .zip archive that the browser makes, and is read where it lies. A visitor's
data have a name that nobody can guess, are listed for this visitor alone, and are found again after a restart.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vit_explorer.data.folders import Limits
from vit_explorer.data.sources import ARCHIVES
from vit_explorer.training.runs.atomic import write_json
from vit_explorer.training.runs.race import owner_of

FOLDER = "brought"  # beside the runs
PREFIX = "own-"  # of the names of such datasets on the page
MAX_FILE_BYTES = 512 * 2**20  # that any page takes
MAX_PART_BYTES = 4 * 2**20  # of one request
USUAL_CONTENT = Limits(files=20_000, bytes=2**30, pixels=5 * 10**9)
UNSAFE = re.compile(r"[^\w .()+-]+")
NAME = re.compile(rf"{PREFIX}[0-9a-f]{{24}}")
ABOUT = "about.json"


class BringError(ValueError):
    """A file that is not taken; the message is a sentence for the visitor."""


@dataclass(frozen=True)
class BringLimits:
    """How much visitors may bring.

    Attributes:
        file_bytes: of one file, at most MAX_FILE_BYTES.
        each: files of one visitor at a time.
        total_bytes: of the files of all visitors, those that are still on their way counted as a whole.
        hours: after its last use a file is deleted.
        content: of what is in a file.
    """

    file_bytes: int = MAX_FILE_BYTES
    each: int = 3
    total_bytes: int = 8 * 2**30
    hours: int = 24
    content: Limits = USUAL_CONTENT

    @property
    def megabytes(self) -> int:
        """Of one file."""
        return self.file_bytes >> 20


USUAL_BRING = BringLimits()
PUBLIC_BRING = BringLimits(64 * 2**20, 1, 2 * 2**30, 6, Limits(files=5000, bytes=128 * 2**20, pixels=5 * 10**8))


@dataclass(frozen=True)
class Held:
    """A visitor's file.

    Attributes:
        name: of the dataset on the page.
        title: what its owner calls it.
        path: of the file.
        owner: :func:`owner_of` the visitor's secret.
        complete: whether all of it has arrived.
        size: in bytes, as its owner said before it came.
    """

    name: str
    title: str
    path: Path
    owner: str
    complete: bool
    size: int = 0


class Brought:
    """The files of all visitors. Its methods may be called from any thread.

    Args:
        folder: where they lie; it is made with the first one.
        limits: of what is taken.
        forgotten: told the name of each that is deleted.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        folder: str | Path,
        limits: BringLimits = USUAL_BRING,
        forgotten: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.folder = Path(folder).absolute()
        self.limits, self._forgotten, self._clock = limits, forgotten, clock
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None

    def begin(self, secret: str, file_name: str, size: int) -> Held:
        """Make room for a file whose bytes will come in parts.

        Raises:
            BringError: for another kind of file, or past one of the limits.
        """
        title = Path(file_name.replace("\\", "/")).name[-80:]
        if not title.lower().endswith(ARCHIVES):
            raise BringError(f"{title!r} is neither a folder nor a .zip or .npz file: these can be brought here.")
        if not 0 < size <= self.limits.file_bytes:
            raise BringError(self._too_large())
        with self._lock:
            self.sweep()
            if len(self.of(secret)) >= self.limits.each:
                one = "a set" if self.limits.each == 1 else f"{self.limits.each} sets"
                raise BringError(f"You have brought {one} of pictures already: remove one first.")
            self._check_room(size)
            name = f"{PREFIX}{secrets.token_hex(12)}"
            file = UNSAFE.sub("_", Path(title).stem).strip(" .")[:60] or "pictures"
            place = self.folder / name
            place.mkdir(parents=True)
            path = place / f"{file}{Path(title).suffix.lower()}"
            held = Held(name, Path(title).stem or "pictures", path, owner_of(secret), False, size)
            held.path.touch()
            self._write(held)
            self._schedule()
        return held

    def append(self, secret: str, name: str, at: int, data: bytes) -> int:
        """Add a part that begins at byte ``at``; returns how many bytes there are. A part may come twice.

        Raises:
            BringError: for a part that does not follow, or too much.
        """
        held = self.get(secret, name)
        if held.complete:
            raise BringError("These pictures have arrived already: nothing can be added to them.")
        with self._lock, open(held.path, "r+b") as file:
            size = file.seek(0, 2)
            if at > size or at < 0:
                raise BringError("A part of the file was lost on its way: bring it again.")
            if at + len(data) > self.limits.file_bytes:
                raise BringError(self._too_large())
            self._check_room(at + len(data) - max(size, held.size))
            file.seek(at)
            file.write(data)
            return max(size, at + len(data))

    def finish(self, secret: str, name: str) -> Held:
        """All parts have arrived. Raises BringError as :meth:`get`."""
        held = replace(self.get(secret, name), complete=True)
        self._write(held)
        return held

    def get(self, secret: str, name: str) -> Held:
        """A visitor's own file. Raises BringError where it is another's, or gone."""
        held = self.held(name)
        if held is None or not secrets.compare_digest(held.owner, owner_of(secret)):
            raise BringError(
                f"These pictures are no longer here: they are held for {self.limits.hours} hours. Bring them again."
            )
        return held

    def held(self, name: str) -> Held | None:
        """The file of this name, whoever asks; None if there is none."""
        if not NAME.fullmatch(name):
            return None
        place = self.folder / name
        about = self._about(place)
        if about is None:
            return None
        size, complete = about.get("size"), about.get("complete") is True
        size = size if isinstance(size, int) else 0
        return Held(name, about["title"], place / about["file"], about["owner"], complete, size)

    def of(self, secret: str) -> list[Held]:
        """A visitor's files, the oldest first."""
        owner = owner_of(secret)
        return [held for held in self.all() if secrets.compare_digest(held.owner, owner)]

    def all(self) -> list[Held]:
        """All files, the oldest first."""
        found = [held for name in self._names() if (held := self.held(name)) is not None]
        return sorted(found, key=lambda held: _modified(held.path.parent))

    def use(self, name: str) -> None:
        """Hold a file for another while from now on."""
        with contextlib.suppress(OSError):
            (self.folder / name / ABOUT).touch()

    def remove(self, secret: str, name: str) -> None:
        """Delete a visitor's own file. Raises BringError as :meth:`get`."""
        self._delete(self.get(secret, name).name)

    def sweep(self) -> None:
        """Delete what has not been used for so long."""
        for name in self._names():
            about = self.folder / name / ABOUT
            if self._clock() - _modified(about) > 3600 * self.limits.hours:
                self._delete(name)

    def _delete(self, name: str) -> None:
        self._forgotten(name)
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def _names(self) -> list[str]:
        try:
            return sorted(path.name for path in self.folder.iterdir() if NAME.fullmatch(path.name))
        except OSError:
            return []

    def _too_large(self) -> str:
        return f"At most {self.limits.megabytes} MB can be brought: take fewer or smaller pictures."

    def _check_room(self, more: int) -> None:
        """Raises BringError if so many bytes more would be too many for all visitors together."""
        if more > 0 and self._total() + more > self.limits.total_bytes:
            raise BringError(
                "This server holds as many pictures of its visitors as it can: they are deleted "
                f"{self.limits.hours} hours after their last use, so try again later."
            )

    def _total(self) -> int:
        """In bytes; what is on its way counts as all that was promised."""
        here = ((held, _size(held.path)) for held in self.all())
        return sum(size if held.complete else max(size, held.size) for held, size in here)

    def _write(self, held: Held) -> None:
        about = {"title": held.title, "file": held.path.name, "owner": held.owner}
        write_json(held.path.parent / ABOUT, about | {"complete": held.complete, "size": held.size})

    def _about(self, place: Path) -> dict[str, Any] | None:
        try:
            about = json.loads((place / ABOUT).read_text(encoding="utf-8"))
            whole = all(isinstance(about[key], str) for key in ("title", "file", "owner"))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return about if whole and Path(about["file"]).name == about["file"] else None

    def _schedule(self) -> None:
        """Look again in an hour, so that files go though nobody comes."""
        if self._timer is not None and self._timer.is_alive():
            return
        self._timer = threading.Timer(3600, self._again)
        self._timer.daemon = True
        self._timer.start()

    def _again(self) -> None:
        with self._lock:
            self.sweep()
            self._timer = None
            if self._names():
                self._schedule()


def shown_data(data: str, runs_folder: Path) -> str:
    """A recipe's data without the folders of the server that lead to a visitor's file."""
    path = Path(data)
    return path.name if path.parent.parent == runs_folder.absolute() / FOLDER else data


def _size(path: Path) -> int:
    """Bytes of a file; 0 if it is gone."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _modified(path: Path) -> float:
    """When a file was written last; 0 if it is gone."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
