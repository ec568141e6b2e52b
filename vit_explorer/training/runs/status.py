"""The status of a race that no process trains, as its folder tells it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from vit_explorer.training.runs.atomic import write_json
from vit_explorer.training.runs.errors import RunError, reason_of
from vit_explorer.training.runs.folder import RunFolder

LAST_LINE_BYTES = 4_096  # Finished and Failed are short
STATUS = "status.json"
OLD_STATUS = "standing.json"  # its name, and the states it knew, until November 2026
STATES = {"paused": "paused", "failed": "failed", "stopped": "paused", "interrupted": "paused"}
INTERRUPTED = "Its training ended before its time, with the program or the machine. It can be played on."


@dataclass(frozen=True)
class RaceStatus:
    """The state of a race or a run, with a sentence on the reason where there is one.

    Attributes:
        state: "finished", "failed", "paused" (it can go on from its last states) or "elsewhere" (a process trains it).
        reason: None for a race that its starter has paused.
    """

    state: str
    reason: str | None = None


def end_of(run: RunFolder) -> RaceStatus | None:
    """The end of a run, "finished" or "failed", read off its last line however long the file is; None without one."""
    try:
        with (run.path / "events.jsonl").open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LAST_LINE_BYTES))
            last = json.loads(file.read(LAST_LINE_BYTES).rpartition(b"\n")[0].rpartition(b"\n")[2])
        kind = last["event"]
        return RaceStatus(kind.lower(), last.get("reason")) if kind in ("Finished", "Failed") else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # nothing yet, or a longer line than those


def outcome(ends: Mapping[str, RaceStatus | None]) -> RaceStatus:
    """The status of a race whose contenders all came to an end: failed only if all did."""
    failed = {label: end.reason for label, end in ends.items() if end and end.state == "failed"}
    state = "failed" if len(failed) == len(ends) else "finished"
    reasons = list(dict.fromkeys(failed.values()))
    if len(reasons) == 1 and len(failed) == len(ends):
        return RaceStatus(state, reasons[0])
    return RaceStatus(state, " ".join(f"{label}: {reason}" for label, reason in failed.items()) or None)


def read_status(folder: Path) -> RaceStatus | None:
    """The status written when the race came to rest; None if none was, or no whole one."""
    for name in (STATUS, OLD_STATUS):
        try:
            written = json.loads((folder / name).read_text(encoding="utf-8"))
            reason = written["reason"]
            return RaceStatus(STATES[written["state"]], None if reason is None else str(reason))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def write_status(folder: Path, status: RaceStatus | None) -> None:
    """Write the status of a race that rests, or with None remove it: the race trains. Raises RunError."""
    if status is not None:
        write_json(folder / STATUS, asdict(status))
        return
    for name in (STATUS, OLD_STATUS):
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise RunError(f"{folder / name} cannot be removed: {reason_of(error)}.") from error
