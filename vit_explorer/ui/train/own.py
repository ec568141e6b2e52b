"""A visitor's own data: brought in parts, shown with what was skipped, raced on, and deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

import torch

from vit_explorer.data.dataset import DatasetError
from vit_explorer.ui.core.brought import MAX_FILE_BYTES, MAX_PART_BYTES, BringError, Brought, Held
from vit_explorer.ui.core.datasets import Source
from vit_explorer.ui.core.errors import UserError, user_errors
from vit_explorer.ui.core.requests import Range
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.uploads import decode_base64
from vit_explorer.ui.train.request import OwnerRequest

SHOWN_SKIPPED = 5  # files that are named
SHOWN_CLASSES = 100  # that are listed
NOT_HERE = "Pictures cannot be brought to this page: start the app with --own-data PATH."


@dataclass(frozen=True)
class BringRequest(OwnerRequest):
    """A file that will come: its name, and its size in bytes (of a folder, about)."""

    name: str
    size: int


@dataclass(frozen=True)
class PartRequest(OwnerRequest):
    """Bytes of a file in base64, and where they begin."""

    data: str
    at: Annotated[int, Range(0, MAX_FILE_BYTES)]
    part: str


@dataclass(frozen=True)
class OwnRequest(OwnerRequest):
    """One of a visitor's datasets by its name."""

    data: str


class BringPayload(TypedDict):
    """The name of the dataset to be, and how many bytes a part may have."""

    data: str
    part_bytes: int


class ClassPayload(TypedDict):
    """A class with its training and test pictures."""

    name: str
    train: int
    test: int


class SkippedPayload(TypedDict):
    """A file that is not used, and why."""

    name: str
    reason: str


class OwnPayload(TypedDict):
    """A visitor's dataset: read to ``done`` of ``total`` files, ready, or failed for a ``reason``.

    ``skipped`` names the first of ``n_skipped`` files, ``classes`` the first of ``n_classes``; ``notes`` are sentences.
    """

    data: str
    title: str
    state: Literal["reading", "ready", "failed"]
    done: int
    total: int
    reason: str | None
    img_size: int
    n_classes: int
    classes: list[ClassPayload]
    n_skipped: int
    skipped: list[SkippedPayload]
    notes: list[str]


class OwnListPayload(TypedDict):
    """A visitor's datasets, and the limits: megabytes and files of each, how many, and the hours they are held."""

    held: list[OwnPayload]
    megabytes: int
    files: int
    each: int
    hours: int


def list_own(session: Session, request: OwnerRequest) -> OwnListPayload:
    """List what a visitor has brought and how far it is read."""
    brought = _brought(session)
    brought.sweep()
    held = [one for one in brought.of(request.owner) if one.complete]
    usable = session.datasets.usable(brought=[one.name for one in held])
    sources = {source.name: source for source in usable.sources}
    reading = {one.name: (one.done, one.total) for one in usable.reading}
    return {
        "held": [_own_payload(session, one, sources.get(one.name), reading.get(one.name)) for one in held],
        "megabytes": brought.limits.megabytes,
        "files": brought.limits.content.files,
        "each": brought.limits.each,
        "hours": brought.limits.hours,
    }


@terms(counted="data", anew=True)
def begin_own(session: Session, request: BringRequest) -> BringPayload:
    """Make room for a file. Raises UserError past a limit."""
    with user_errors():
        held = _brought(session).begin(request.owner, request.name, request.size)
    return {"data": held.name, "part_bytes": MAX_PART_BYTES}


def append_own(session: Session, request: PartRequest) -> dict[str, int]:
    """Add a part to a file and tell how many bytes there are. Raises UserError for a part that does not follow."""
    data = decode_base64(request.part, MAX_PART_BYTES, f"A part has at most {MAX_PART_BYTES >> 20} MB.")
    with user_errors():
        return {"received": _brought(session).append(request.owner, request.data, request.at, data)}


def finish_own(session: Session, request: OwnRequest) -> dict[str, Any]:
    """Read a file of which all has arrived, in the background."""
    brought = _brought(session)
    with user_errors():
        held = brought.finish(request.owner, request.data)
    session.datasets.add(held.name, held.path, brought.limits.content)
    session.datasets.usable(0, [held.name])  # begins to read
    return {}


def remove_own(session: Session, request: OwnRequest) -> dict[str, Any]:
    """Delete a visitor's data."""
    with user_errors():
        _brought(session).remove(request.owner, request.data)
    return {}


def own_names(session: Session, secret: str) -> list[str]:
    """The names of a visitor's datasets that have arrived."""
    return [held.name for held in session.brought.of(secret) if held.complete] if session.brought else []


def open_own(session: Session, name: str, secret: str) -> Source:
    """A dataset for training, a visitor's own held for another while. Raises UserError, DatasetError."""
    with user_errors():
        if name in session.datasets.names and name not in session.datasets.public:
            held = _brought(session).get(secret, name)
            _brought(session).use(held.name)
        return session.datasets.open(name)


def _brought(session: Session) -> Brought:
    if session.brought is None:
        raise UserError(NOT_HERE)
    return session.brought


def _own_payload(session: Session, held: Held, source: Source | None, reading: tuple[int, int] | None) -> OwnPayload:
    reason = None
    if source is None and reading is None:
        try:
            source = session.datasets.open(held.name)
        except (DatasetError, BringError, ValueError) as error:
            reason = str(error)
    done, total = reading or (0, 0)
    classes: list[ClassPayload] = []
    if source is not None:
        tests = torch.bincount(source.test.y, minlength=len(source.names)).tolist()
        rows = zip(source.names, source.train_counts, tests, strict=True)
        classes = [{"name": name, "train": train, "test": test} for name, train, test in rows]
    return {
        "data": held.name,
        "title": held.title,
        "state": "ready" if source else "failed" if reason else "reading",
        "done": done,
        "total": total,
        "reason": reason,
        "img_size": source.test.x.shape[-1] if source else 0,
        "n_classes": len(classes),
        "classes": classes[:SHOWN_CLASSES],
        "n_skipped": len(source.skipped) if source else 0,
        "skipped": [{"name": name, "reason": said} for name, said in source.skipped[:SHOWN_SKIPPED]] if source else [],
        "notes": list(source.notes) if source else [],
    }
