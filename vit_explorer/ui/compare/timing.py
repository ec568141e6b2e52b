"""Times of whole networks, measured on the server, shared by all visitors and kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vit_explorer.cost.model_timing import Timed, times_by_model
from vit_explorer.training.runs.atomic import write_json
from vit_explorer.training.runs.card import circumstances
from vit_explorer.ui.core.jobs import Job


class ModelTimes:
    """The newest measurement of all networks, in a JSON file."""

    result = Timed

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, job: Job) -> None:
        """Replace the measurement; after a stop, the batch sizes that are complete are kept."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self._path, circumstances(not job.stopped.is_set()) | {"models": times_by_model(job.found)})

    def describe(self, job: Job) -> dict[str, Any]:
        """The network and the batch size that are measured now."""
        return {"name": job.at.name if job.at else None, "batch": job.at.batch if job.at else None}

    def load(self) -> dict[str, Any]:
        """``result``: the newest measurement, or None; ``problem``: a sentence, or None."""
        result, problem = self.read()
        return {"result": result, "problem": problem}

    def read(self) -> tuple[dict[str, Any] | None, str | None]:
        """The newest measurement, and a sentence if its file cannot be read.

        Of each network, ``models[name]`` is {"latency": Spread, "throughput": Spread and "per_second"}, if complete.
        """
        try:
            result = json.loads(self._path.read_text(encoding="utf-8"))
            for times in result["models"].values():
                for one in times.values():
                    if not all(0 < one[key] < float("inf") for key in ("median", "low", "high", "per_second")):
                        raise ValueError("a time must be positive")
            if not all(isinstance(result[key], str) for key in ("date", "machine", "torch")):
                raise ValueError("the machine is missing")
            return result, None
        except FileNotFoundError:
            return None, None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None, f"The earlier measurement {self._path.name} is damaged: measure again."
