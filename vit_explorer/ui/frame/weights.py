"""Weights that a visitor brings: a file that comes in parts, read as tensors only, and the report on how they fit."""

from __future__ import annotations

import re
import secrets
import tempfile
import threading
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypedDict

from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.models.pretrained.convert import from_state_dict
from vit_explorer.models.pretrained.load import to_checkpoint
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.requests import Range
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.uploads import decode_base64

SUFFIXES = (".pth", ".pt", ".bin", ".ckpt", ".safetensors", ".npz")
LARGEST_PART = 4 * 2**20  # bytes
LARGEST_FILE = 2 * 10**9  # bytes
AT_ONCE = 4  # files that are on their way
PATIENCE = 600.0  # seconds without a part after which a file is forgotten
MOST_NAME = 60  # characters


@dataclass(frozen=True)
class BeginRequest:
    """A file: its name and its bytes."""

    title: str
    size: Annotated[int, Range(1, LARGEST_FILE)]


@dataclass(frozen=True)
class PartRequest:
    """The next bytes of a file, in base64."""

    id: str
    data: str


@dataclass(frozen=True)
class OpenRequest:
    """A file that has arrived."""

    id: str


class BegunPayload(TypedDict):
    """The ``id`` of a file on its way, and how many bytes a part may have."""

    id: str
    largest_part: int


class ReceivedPayload(TypedDict):
    """How many bytes have arrived."""

    received: int


class FittedPayload(TypedDict):
    """A network that was opened, by its ``name``, and how the weights fit: lines of text."""

    name: str
    report: str


@dataclass
class Arriving:
    """A file on its way."""

    path: Path
    size: int
    received: int = 0
    changed: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Arrivals:
    """Files on their way, in a folder that is gone with the program."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="vit-explorer-weights-", ignore_cleanup_errors=True)
        self._lock = threading.Lock()
        self._files: dict[str, Arriving] = {}

    def begin(self, title: str, size: int) -> str:
        """The id of a new file. Raises UserError for another kind of file, and for too many at once."""
        stem, suffix = Path(title).stem, Path(title).suffix.lower()
        if suffix not in SUFFIXES:
            raise UserError(f"Weights are files that end in {', '.join(SUFFIXES)}; this is {title[:MOST_NAME]!r}.")
        with self._lock:
            for old in [id for id, one in self._files.items() if time.monotonic() - one.changed > PATIENCE]:
                self._files.pop(old).path.unlink(missing_ok=True)
            if len(self._files) >= AT_ONCE:
                raise UserError(f"{AT_ONCE} other files are on their way to this server: wait until one has arrived.")
            id = secrets.token_hex(16)
            name = re.sub(r"[^\w.-]+", "-", stem)[:MOST_NAME].strip("-.") or "weights"
            folder = Path(self._folder.name) / id
            folder.mkdir()
            self._files[id] = Arriving(folder / f"{name}{suffix}", size)
        return id

    def append(self, id: str, data: bytes) -> int:
        """Write the next bytes of a file; how many there are now. Raises UserError."""
        file = self._find(id)
        with file.lock:
            if file.received + len(data) > file.size:
                raise UserError("This file is longer than was said: choose it again.")
            try:
                with file.path.open("ab") as target:
                    target.write(data)
            except OSError as error:
                self.forget(id)
                raise UserError(f"The server cannot keep this file ({error.strerror}).") from error
            file.received += len(data)
            file.changed = time.monotonic()
            return file.received

    def take(self, id: str) -> Path:
        """A file that has arrived. Raises UserError."""
        file = self._find(id)
        if file.received < file.size:
            raise UserError(f"Only {file.received:,} of {file.size:,} bytes of this file have arrived: send it again.")
        return file.path

    def forget(self, id: str) -> None:
        """Delete a file."""
        with self._lock:
            file = self._files.pop(id, None)
        if file is not None:
            file.path.unlink(missing_ok=True)
            file.path.parent.rmdir()

    def _find(self, id: str) -> Arriving:
        with self._lock:
            if id not in self._files:
                raise UserError("This file is no longer here: choose it again.")
            return self._files[id]


@terms(public=False)
def begin_weights(session: Session, arrivals: Arrivals, request: BeginRequest) -> BegunPayload:
    """Begin to receive a file. Raises UserError where weights are not allowed, and for one that is too large."""
    if not session.allow_weights:
        raise UserError("This server takes no weights: start it with --allow-weights.")
    most = session.networks.memory
    if request.size > most * 10**6:
        raise UserError(f"This file has {request.size / 10**6:,.0f} MB; the server keeps at most {most:,.0f} MB.")
    return {"id": arrivals.begin(request.title, request.size), "largest_part": LARGEST_PART}


@terms(public=False)
def receive_weights(arrivals: Arrivals, request: PartRequest) -> ReceivedPayload:
    """Receive the next part of a file."""
    data = decode_base64(request.data, LARGEST_PART, "This part of the file is too large: load the page again.")
    return {"received": arrivals.append(request.id, data)}


@terms(public=False, long=True)
def open_weights(session: Session, arrivals: Arrivals, request: OpenRequest) -> FittedPayload:
    """Open the network in a file that has arrived, as tensors only; the file is deleted. Raises CheckpointError."""
    path = arrivals.take(request.id)
    try:
        check_unpacked(path, session.networks.memory * 10**6)
        model, report = from_state_dict(path)
        network = session.networks.add(to_checkpoint(path.stem, model, report, path.parent))
    except CheckpointError as error:
        raise CheckpointError(str(error).replace(str(path), path.name)) from error
    finally:
        arrivals.forget(request.id)
    return {"name": network.name, "report": str(report)}


def check_unpacked(path: Path, most: float) -> None:
    """Raises CheckpointError for an archive (.npz, .pth) whose content is far larger than it is."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(one.file_size for one in archive.infolist())
    except zipfile.BadZipFile as error:
        raise CheckpointError(f"The file {path} is damaged or holds no weights.") from error
    if size > most:
        raise CheckpointError(f"The file {path} holds {size / 10**6:,.0f} MB; the server keeps {most / 10**6:,.0f} MB.")
