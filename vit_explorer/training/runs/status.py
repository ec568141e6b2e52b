"""How a race stands when nobody trains it, as far as its folder tells."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vit_explorer.training.runs.folder import RunError, RunFolder

LAST_LINE_BYTES = 4_096  # Finished and Failed are short
NOTE = "standing.json"
RESTS = ("paused", "stopped", "failed", "interrupted")  # why a race that is not over does not train
INTERRUPTED = "Its training ended before its time, with the program or the machine. It can be played on."


@dataclass(frozen=True)
class Standing:
    """How a race stands: a state, and a sentence where there is something to say."""

    state: str
    reason: str | None = None


def end_of(run: RunFolder) -> Standing | None:
    """How a run came to its end, or None if it did not; read off its last line, however long it is."""
    try:
        with (run.path / "events.jsonl").open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LAST_LINE_BYTES))
            last = json.loads(file.read(LAST_LINE_BYTES).rpartition(b"\n")[0].rpartition(b"\n")[2])
        kind = last["event"]
        return Standing(kind.lower(), last.get("reason")) if kind in ("Finished", "Failed") else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # nothing yet, or a longer line than those


def outcome(ends: Mapping[str, Standing | None]) -> Standing:
    """The standing of a race whose contenders all came to an end: failed only if all did."""
    failed = {label: end.reason for label, end in ends.items() if end and end.state == "failed"}
    state = "failed" if len(failed) == len(ends) else "finished"
    reasons = list(dict.fromkeys(failed.values()))
    if len(reasons) == 1 and len(failed) == len(ends):
        return Standing(state, reasons[0])
    return Standing(state, " ".join(f"{label}: {reason}" for label, reason in failed.items()) or None)


def read_note(folder: Path) -> Standing | None:
    """What was written about a race that came to rest; None where nothing was, or not to its end."""
    try:
        noted = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        if noted["state"] in RESTS:
            return Standing(noted["state"], None if noted["reason"] is None else str(noted["reason"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass  # then it did not come to rest by anybody's will
    return None


def write_note(folder: Path, standing: Standing | None) -> None:
    """Write down why a race rests, or with None that it does not. Raises RunError if that cannot be written."""
    if standing is not None:
        write_json(folder / NOTE, {"state": standing.state, "reason": standing.reason})
        return
    try:
        (folder / NOTE).unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"{folder / NOTE} cannot be removed: {error.strerror or error}.") from error


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Put a file in its place in one move. Raises RunError if that cannot be done."""
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
        os.replace(beside, path)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}.") from error
