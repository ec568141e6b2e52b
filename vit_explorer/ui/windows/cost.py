"""The Cost view of the Windows tab: attention timed on this server, one measurement at a time, and earlier ones."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vit_explorer.cost.attention_timing import (
    RUNS,
    SIDES,
    Point,
    Setting,
    time_attention,
    windowed_bytes,
)
from vit_explorer.training.runs.card import circumstances
from vit_explorer.ui.core.errors import Refused, answered, refusing
from vit_explorer.ui.core.jobs import Background, Running
from vit_explorer.ui.core.requests import whole
from vit_explorer.ui.core.widget import widget

LARGEST = {"d_model": 768, "n_heads": 16, "window": 28}
MEMORY_LIMIT = 2_000_000_000  # bytes that a pass in windows may need, so that nobody can take the server down
SHOWN = 20  # of the earlier results, the newest


def place_windows_cost(runs_folder: Path, machine: threading.Lock) -> None:
    """Place the view. Results are kept in ``runs_folder``/measurements/windows.jsonl."""
    meter = Meter(Results(runs_folder / "measurements" / "windows.jsonl"), machine)

    @answered
    def measure_windows(request: dict[str, Any]) -> dict[str, Any]:
        return meter.start(request)

    @answered
    def windows_measured(request: dict[str, Any]) -> dict[str, Any]:
        return meter.status(request.get("id"))

    @answered
    def stop_windows(request: dict[str, Any]) -> dict[str, Any]:
        return meter.stop(request["id"])

    widget(__file__, "windows-cost", [measure_windows, windows_measured, stop_windows], elem_id="windows-cost")


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


class Meter:
    """Measures for one visitor at a time, see :class:`Background`, whose ``machine`` it takes."""

    def __init__(
        self, results: Results, machine: threading.Lock, sides: tuple[int, ...] = SIDES, runs: int = RUNS
    ) -> None:
        self._results, self._sides, self._runs = results, sides, runs
        self._background = Background(machine, Point, self._keep)

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
        mine = self._background.start(lambda: time_attention(setting, self._sides, runs=self._runs), setting)
        return {"id": mine, **self.status(mine)}

    def status(self, mine: str | None) -> dict[str, Any]:
        """What is measured now and what was measured earlier.

        Returns:
            ``running``: None, or {share, left (seconds, None at first), side, way, setting, points, mine}.
            ``results``: as :meth:`Results.read`, and ``problem`` its sentence or that of a measurement that failed.
        """
        running, now, fault = self._background.standing(mine)
        results, problem = self._results.read()
        if running is not None:
            now |= {
                "side": running.at.side if running.at else self._sides[0],
                "way": running.at.way if running.at else "fused",
                "setting": asdict(running.about),
                "points": [asdict(point) for point in running.found.copy()],
            }
        return {"running": now or None, "results": results, "problem": fault or problem}

    def stop(self, mine: str) -> dict[str, Any]:
        """Stop after the single run under way; what is complete is kept. Raises Refused for somebody else's."""
        self._background.stop(mine)
        return self.status(mine)

    def _keep(self, running: Running) -> None:
        points = [asdict(point) for point in running.found]
        about = {"runs": self._runs, "setting": asdict(running.about), "points": points}
        self._results.add(circumstances(not running.stopped.is_set()) | about)
