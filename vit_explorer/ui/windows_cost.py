"""The Cost view of the Windows tab: attention timed on this server, one measurement at a time, and earlier ones."""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from vit_explorer.explain.attention_timing import (
    RUNS,
    SIDES,
    Point,
    Progress,
    Setting,
    time_attention,
    windowed_bytes,
)
from vit_explorer.training.card import describe_hardware
from vit_explorer.ui.answers import Refused, answered, refusing
from vit_explorer.ui.asked import whole
from vit_explorer.ui.widgets import widget

LOG = logging.getLogger(__name__)
LARGEST = {"d_model": 768, "n_heads": 16, "window": 28}
MEMORY_LIMIT = 2_000_000_000  # bytes that a pass in windows may need, so that nobody can take the server down
SHOWN = 20  # of the earlier results, the newest


def place_windows_cost(runs_folder: Path) -> None:
    """Place the view. Results are kept in ``runs_folder``/measurements/windows.jsonl."""
    meter = Meter(Results(runs_folder / "measurements" / "windows.jsonl"))

    @answered
    def measure_windows(request: dict[str, Any]) -> dict[str, Any]:
        return meter.start(request)

    @answered
    def windows_measured(request: dict[str, Any]) -> dict[str, Any]:
        return meter.status(request.get("id"))

    @answered
    def stop_windows(request: dict[str, Any]) -> dict[str, Any]:
        return meter.stop(request["id"])

    widget("windows-cost", [measure_windows, windows_measured, stop_windows], elem_id="windows-cost")


class Results:
    """Finished measurements, one JSON object a line, the newest last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept: tuple[tuple[int, int], tuple[list[dict[str, Any]], str | None]] | None = None  # of which file

    def add(self, result: dict[str, Any]) -> None:
        """Raises OSError if it cannot be written."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result, allow_nan=False) + "\n")

    def read(self) -> tuple[list[dict[str, Any]], str | None]:
        """The newest SHOWN, newest first, and a sentence where lines could not be read."""
        try:
            stamp = (status := self.path.stat()).st_mtime_ns, status.st_size
            if self._kept is None or self._kept[0] != stamp:
                self._kept = stamp, self._parse()
            return self._kept[1]
        except FileNotFoundError:
            return [], None
        except OSError as error:
            return [], f"The earlier results cannot be read: {error}."

    def _parse(self) -> tuple[list[dict[str, Any]], str | None]:
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        found = [result for line in lines if line.strip() and (result := _parsed(line)) is not None]
        damaged = sum(1 for line in lines if line.strip()) - len(found)
        say = f"{damaged} damaged line{'s' if damaged > 1 else ''} in {self.path.name} left out." if damaged else None
        return found[: -SHOWN - 1 : -1], say


def _parsed(line: str) -> dict[str, Any] | None:
    """A line that holds all that is drawn, or None."""
    try:
        result = json.loads(line)
        setting = result["setting"]
        Setting(setting["d_model"], setting["n_heads"], setting["window"])
        for name in ("date", "machine", "torch"):
            if not isinstance(result[name], str):
                return None
        for point in result["points"]:
            times = [point["windowed"], *([] if point["whole"] is None else [point["whole"]])]
            if not all(0 < time[name] < float("inf") for time in times for name in ("median", "low", "high")):
                return None
            if point["way"] not in ("fused", "materialised") or not 1 <= point["side"] <= 10_000:
                return None
        return result if result["points"] and isinstance(result["threads"], int) else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


@dataclass
class _Running:
    """What is measured now. Only its own thread writes to it; others may set ``stopped``."""

    setting: Setting
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    began: float = field(default_factory=time.monotonic)
    progress: Progress | None = None
    points: list[Point] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None


class Meter:
    """Measures in the background for one visitor at a time; all see how far it is, who started it may stop it."""

    def __init__(self, results: Results, sides: tuple[int, ...] = SIDES, runs: int = RUNS) -> None:
        self._results, self._sides, self._runs = results, sides, runs
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._fault: str | None = None

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to measure {d_model, n_heads, window}; returns its ``id`` and :meth:`status`.

        Raises:
            Refused: for sizes that cannot be, and while another measurement runs.
        """
        sizes = {name: whole(request[name], name, 1, high) for name, high in LARGEST.items()}
        with refusing():
            setting = Setting(**sizes)
        needed = max(windowed_bytes(setting, side) for side in self._sides)
        if needed > MEMORY_LIMIT:
            raise Refused(
                f"That would need {needed / 1e9:.1f} GB of memory, more than {MEMORY_LIMIT / 1e9:.0f} GB: take fewer "
                "heads or smaller windows."
            )
        with self._lock:
            if self._running is not None:
                raise Refused(
                    "Somebody is measuring on this server now, and two at once would spoil both: wait a little."
                )
            running = self._running = _Running(setting)
            self._fault = None
            running.thread = threading.Thread(target=self._measure, args=(running,), name="windows-cost", daemon=True)
            running.thread.start()
        return {"id": running.id, **self.status(running.id)}

    def status(self, mine: str | None) -> dict[str, Any]:
        """What is measured now and what was measured earlier.

        Returns:
            ``running``: None, or {share, left (seconds, None at first), side, way, setting, points, mine}.
            ``results``: as :meth:`Results.read`, and ``problem`` its sentence or that of a measurement that failed.
        """
        with self._lock:
            running, fault = self._running, self._fault
        results, problem = self._results.read()
        now = None
        if running is not None:
            progress, took = running.progress, time.monotonic() - running.began
            share = progress.share if progress else 0.0
            now = {
                "share": share,
                "left": took * (1 - share) / share if share > 0.01 else None,
                "side": progress.side if progress else self._sides[0],
                "way": progress.way if progress else "fused",
                "setting": asdict(running.setting),
                "points": [asdict(point) for point in running.points.copy()],
                "mine": running.id == mine,
            }
        return {"running": now, "results": results, "problem": fault or problem}

    def stop(self, mine: str) -> dict[str, Any]:
        """Stop after the single run under way; what is complete is kept. Raises Refused for somebody else's."""
        with self._lock:
            running = self._running
        if running is not None:
            if running.id != mine:
                raise Refused("This measurement was started by somebody else.")
            running.stopped.set()
            running.thread.join(timeout=10)  # a single run takes seconds at most
        return self.status(mine)

    def _measure(self, running: _Running) -> None:
        fault = None
        try:
            for event in time_attention(running.setting, self._sides, runs=self._runs):
                if isinstance(event, Point):
                    running.points.append(event)
                else:
                    running.progress = event
                if running.stopped.is_set():
                    break
            if running.points:
                self._results.add(self._described(running))
        except Exception as error:  # whatever it was, the next measurement must be possible
            LOG.exception("the measurement failed")
            fault = f"The measurement ended early: {error}."
        finally:
            with self._lock:
                self._running, self._fault = None, fault

    def _described(self, running: _Running) -> dict[str, Any]:
        return {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": describe_hardware("cpu"),
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "runs": self._runs,
            "complete": not running.stopped.is_set(),
            "setting": asdict(running.setting),
            "points": [asdict(point) for point in running.points],
        }
