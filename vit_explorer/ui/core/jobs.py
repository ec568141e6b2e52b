"""A measurement on the server: in the background, one at a time for all visitors and views, told while it goes on."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from vit_explorer.ui.core.errors import Refused

LOG = logging.getLogger(__name__)
STOP_SECONDS = 10.0  # a single pass takes less


@dataclass
class Running:
    """What is measured now. Only its own thread writes to it; others may set ``stopped``.

    Attributes:
        about: what was asked for.
        at: the newest event that says how far it is, by its ``share`` (0 to 1); None before the first.
        found: what has been measured.
    """

    about: Any
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    began: float = field(default_factory=time.monotonic)
    at: Any = None
    found: list[Any] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None


class Background:
    """All see how far a measurement is, who started it may stop it.

    Args:
        machine: held while something is measured: two at once, of whatever views, would spoil both.
        result: the kind of event that is a result; all others say how far it is.
        keep: is given what was measured when it ends, also where it was stopped, unless that is nothing.
    """

    def __init__(self, machine: threading.Lock, result: type, keep: Callable[[Running], None]) -> None:
        self._machine, self._result, self._keep = machine, result, keep
        self._lock = threading.Lock()
        self._running: Running | None = None
        self._fault: str | None = None

    def start(self, events: Callable[[], Iterator[Any]], about: Any = None) -> str:
        """Begin; returns the id by which who started it is known. Raises Refused while something else is measured."""
        if not self._machine.acquire(blocking=False):
            raise Refused("Somebody is measuring on this server now, and two at once would spoil both: wait a little.")
        running = Running(about)
        with self._lock:
            self._running, self._fault = running, None
        running.thread = threading.Thread(target=self._measure, args=(running, events), name="measuring", daemon=True)
        running.thread.start()
        return running.id

    def standing(self, mine: str | None) -> tuple[Running | None, dict[str, Any], str | None]:
        """What is measured now; its {share, left (seconds, None at first), mine}; and why the last one failed."""
        with self._lock:
            running, fault = self._running, self._fault
        if running is None:
            return None, {}, fault
        took, share = time.monotonic() - running.began, running.at.share if running.at else 0.0
        left = took * (1 - share) / share if share > 0.01 else None
        return running, {"share": share, "left": left, "mine": running.id == mine}, fault

    def stop(self, mine: str | None) -> None:
        """Stop after the single pass under way. Raises Refused for somebody else's."""
        with self._lock:
            running = self._running
        if running is None:
            return
        if running.id != mine:
            raise Refused("This measurement was started by somebody else.")
        running.stopped.set()
        assert running.thread is not None
        running.thread.join(timeout=STOP_SECONDS)

    def _measure(self, running: Running, events: Callable[[], Iterator[Any]]) -> None:
        fault = None
        try:
            for event in events():
                if isinstance(event, self._result):
                    running.found.append(event)
                else:
                    running.at = event
                if running.stopped.is_set():
                    break
            if running.found:
                self._keep(running)
        except Exception as error:  # whatever it was, the next measurement must be possible
            LOG.exception("the measurement failed")
            fault = f"The measurement ended early: {error}."
        finally:
            with self._lock:
                self._running, self._fault = None, fault
            self._machine.release()
