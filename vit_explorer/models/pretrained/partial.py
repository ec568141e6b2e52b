"""The part of a file that has arrived: NAME.part, and NAME.part.json, which tells of which file it is a part."""

from __future__ import annotations

import json
from email.message import Message
from pathlib import Path


def part_path(target: Path) -> Path:
    """Where the part of a file is, beside the place of the whole file."""
    return target.with_name(f"{target.name}.part")


def note_path(part: Path) -> Path:
    """The file beside a part that tells of which file it is a part."""
    return part.with_name(f"{part.name}.json")


def write_note(part: Path, url: str, headers: Message) -> None:
    """Write down the address of a part's file, and the ETag or date that a changed file would not have."""
    validator = headers.get("ETag") or headers.get("Last-Modified")
    if validator is None or validator.startswith("W/"):  # a weak one must not be used with ranges: RFC 9110, 13.1.5
        validator = headers.get("Last-Modified")
    note_path(part).write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")


def read_note(part: Path, url: str) -> str | None:
    """The ETag or date of the file that the part is of; None where the part cannot be gone on with."""
    try:
        note = json.loads(note_path(part).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(note, dict) or note.get("url") != url:
        return None
    validator = note.get("validator")
    return validator if isinstance(validator, str) else None


def forget(part: Path) -> None:
    """Delete a part and its note."""
    part.unlink(missing_ok=True)
    note_path(part).unlink(missing_ok=True)


def size_of(part: Path) -> int:
    """The bytes of a part, 0 where there is none."""
    try:
        return part.stat().st_size
    except FileNotFoundError:  # not begun, or whole by now
        return 0
