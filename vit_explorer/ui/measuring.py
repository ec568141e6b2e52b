"""A measurement on the server: one at a time for all visitors, in the background, shared and kept when it is done."""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from vit_explorer.explain.model_timing import Passed, Timed
from vit_explorer.training.card import describe_hardware
from vit_explorer.training.standing import write_json
from vit_explorer.ui.answers import Refused

LOG = logging.getLogger(__name__)
STOP_SECONDS = 10.0  # a single pass takes less

Work = Callable[[], Iterator[Passed | Timed]]


@dataclass
class _Running:
    """What is measured now. Only its own thread writes to it; others may set ``stopped``."""

    id: str = field(default_factory=lambda: secrets.token_hex(8))
    began: float = field(default_factory=time.monotonic)
    at: Passed | None = None
    timed: list[Timed] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None


class Measuring:
    """Times of whole networks, measured here.

    Args:
        path: of the JSON file that holds the newest measurement.
        work: begins one.
    """

    def __init__(self, path: Path, work: Work) -> None:
        self._path, self._work = path, work
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._fault: str | None = None

    def start(self) -> dict[str, Any]:
        """Begin; returns its ``id`` and :meth:`status`. Raises Refused while another one runs."""
        with self._lock:
            if self._running is not None:
                raise Refused(
                    "Somebody is measuring on this server now, and two at once would spoil both: wait a little."
                )
            running = self._running = _Running()
            self._fault = None
            running.thread = threading.Thread(target=self._measure, args=(running,), name="architectures", daemon=True)
            running.thread.start()
        return {"id": running.id, **self.status(running.id)}

    def status(self, mine: str | None) -> dict[str, Any]:
        """How it stands.

        Returns:
            ``running``: None, or {share, left (seconds, None at first), name, batch, mine}. ``result``: the newest that
            is kept, or None, see :meth:`result`. ``problem``: a sentence, or None.
        """
        with self._lock:
            running, fault = self._running, self._fault
        now = None
        if running is not None:
            at, took = running.at, time.monotonic() - running.began
            share = at.share if at else 0.0
            now = {
                "share": share,
                "left": took * (1 - share) / share if share > 0.01 else None,
                "name": at.name if at else None,
                "batch": at.batch if at else None,
                "mine": running.id == mine,
            }
        result, problem = self.result()
        return {"running": now, "result": result, "problem": fault or problem}

    def stop(self, mine: str | None) -> dict[str, Any]:
        """Stop after the pass under way; sizes of batch that are complete are kept. Raises Refused for another's."""
        with self._lock:
            running = self._running
        if running is not None:
            if running.id != mine:
                raise Refused("This measurement was started by somebody else.")
            running.stopped.set()
            running.thread.join(timeout=STOP_SECONDS)
        return self.status(mine)

    def result(self) -> tuple[dict[str, Any] | None, str | None]:
        """The newest measurement, and a sentence where its file cannot be read.

        Of each network, ``models[name]`` is {"latency": Spread, "throughput": Spread and "per_second"}, where complete.
        """
        try:
            result = json.loads(self._path.read_text(encoding="utf-8"))
            for times in result["models"].values():
                for one in times.values():
                    if not all(0 < one[key] < float("inf") for key in ("median", "low", "high", "per_second")):
                        raise ValueError("a time that cannot be")
            if not all(isinstance(result[key], str) for key in ("date", "machine", "torch")):
                raise ValueError("no word on the machine")
            return result, None
        except FileNotFoundError:
            return None, None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None, f"The earlier measurement {self._path.name} is damaged: measure again."

    def _measure(self, running: _Running) -> None:
        fault = None
        try:
            for event in self._work():
                if isinstance(event, Timed):
                    running.timed.append(event)
                else:
                    running.at = event
                    if running.stopped.is_set():
                        break
            if running.timed:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                write_json(self._path, _described(running))
        except Exception as error:  # whatever it was, the next measurement must be possible
            LOG.exception("the measurement failed")
            fault = f"The measurement ended early: {error}."
        finally:
            with self._lock:
                self._running, self._fault = None, fault


def _described(running: _Running) -> dict[str, Any]:
    models: dict[str, dict[str, Any]] = {}
    for timed in running.timed:
        kind = "latency" if timed.batch == 1 else "throughput"
        times = {**asdict(timed.seconds), "batch": timed.batch, "per_second": timed.pictures_per_second}
        models.setdefault(timed.name, {})[kind] = times
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe_hardware("cpu"),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "complete": not running.stopped.is_set(),
        "models": models,
    }
