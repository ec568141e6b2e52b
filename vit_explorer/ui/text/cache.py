"""Decoding with and without the key-value cache, timed on this server."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from vit_explorer.text.timing import LENGTHS, ROUNDS, DecodeTime, counted_ratio, endless_network, time_decoding
from vit_explorer.training.runs.card import describe_hardware
from vit_explorer.ui.core.errors import Answer
from vit_explorer.ui.core.jobs import Job, Jobs
from vit_explorer.ui.core.serve import terms


@terms(counted="measurements")
def start_decoding(jobs: Jobs) -> Answer:
    """Start to measure. Raises UserError while another measurement runs."""
    return jobs.start(time_decoding)


class DecodeTimes:
    """The newest measurement, in memory."""

    result = DecodeTime

    def __init__(self, lengths: tuple[int, ...] = LENGTHS) -> None:
        model = endless_network()
        self._counted = [{"n_tokens": n, "ratio": counted_ratio(model, n)} for n in lengths]
        self._newest: dict[str, Any] | None = None

    def save(self, job: Job) -> None:
        """Replace the newest measurement."""
        self._newest = {
            "points": [asdict(point) for point in job.found],
            "complete": not job.stopped.is_set(),
            "machine": describe_hardware("cpu"),
            "rounds": ROUNDS,
        }

    def load(self) -> dict[str, Any]:
        """``result``: None, or {points, complete, machine, rounds}; ``counted``: {n_tokens, ratio} of multiply-adds."""
        return {"result": self._newest, "counted": self._counted, "problem": None}

    def describe(self, job: Job) -> dict[str, Any]:
        """The length and the way that are measured now, and the lengths so far."""
        return {
            "n_tokens": job.at.n_tokens if job.at else self._counted[0]["n_tokens"],
            "cached": bool(job.at and job.at.cached),
            "points": [asdict(point) for point in job.found.copy()],
        }
