"""Cost: attention in windows and among all tokens, timed on this server; earlier results are kept."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from vit_explorer.cost.attention_timing import RUNS, SIDES, Point, Setting, time_attention, windowed_bytes
from vit_explorer.training.runs.card import circumstances
from vit_explorer.ui.core.errors import Answer, UserError, user_errors
from vit_explorer.ui.core.jobs import Job, Jobs
from vit_explorer.ui.core.requests import Range
from vit_explorer.ui.core.serve import terms

MEMORY_LIMIT = 2_000_000_000  # bytes that a pass in windows may need, so that no request exhausts the server
SHOWN = 20  # of the earlier results, the newest


@dataclass(frozen=True)
class CostRequest:
    """Sizes of an attention layer."""

    d_model: Annotated[int, Range(1, 768)]
    n_heads: Annotated[int, Range(1, 16)]
    window: Annotated[int, Range(1, 28)]


@terms(counted="measurements")
def start_windows(jobs: Jobs, request: CostRequest) -> Answer:
    """Start to measure attention at these sizes.

    Raises:
        UserError: for sizes that do not fit each other or memory, and while another measurement runs.
    """
    with user_errors():
        setting = Setting(**vars(request))
    needed = max(windowed_bytes(setting, side) for side in SIDES)
    if needed > MEMORY_LIMIT:
        raise UserError(
            f"This would need {needed / 1e9:.1f} GB of memory, more than {MEMORY_LIMIT / 1e9:.0f} GB: take fewer "
            "heads or smaller windows."
        )
    return jobs.start(lambda: time_attention(setting, SIDES, runs=RUNS), setting)


class WindowTimes:
    """Finished measurements, one JSON object a line, the newest last."""

    result = Point

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[tuple[int, int], tuple[list[dict[str, Any]], str | None]] | None = None  # of which file

    def save(self, job: Job) -> None:
        """Append the results of a job. Raises OSError if the file cannot be written."""
        points = [asdict(point) for point in job.found]
        about = {"runs": RUNS, "setting": asdict(job.about), "points": points}
        self.add(circumstances(not job.stopped.is_set()) | about)

    def add(self, result: dict[str, Any]) -> None:
        """Append a result. Raises OSError if the file cannot be written."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result, allow_nan=False) + "\n")

    def load(self) -> dict[str, Any]:
        """``results``: the newest SHOWN, newest first; ``problem``: a sentence if lines could not be read, or None."""
        results, problem = self.read()
        return {"results": results, "problem": problem}

    def describe(self, job: Job) -> dict[str, Any]:
        """The side and the way that are measured now, the sizes, and the points so far."""
        return {
            "side": job.at.side if job.at else SIDES[0],
            "way": job.at.way if job.at else "fused",
            "setting": asdict(job.about),
            "points": [asdict(point) for point in job.found.copy()],
        }

    def read(self) -> tuple[list[dict[str, Any]], str | None]:
        """The newest SHOWN results, newest first, and a sentence if lines could not be read."""
        try:
            stamp = (status := self.path.stat()).st_mtime_ns, status.st_size
            if self._read is None or self._read[0] != stamp:
                self._read = stamp, self._parse()
            return self._read[1]
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
    """The result in a line; None for a damaged line."""
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
