"""Measurements on the server: in the background, one at a time for all visitors and views, with their progress."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from vit_explorer.ui.core.errors import Answer, UserError

LOG = logging.getLogger(__name__)
STOP_SECONDS = 10.0  # to wait for the pass under way; a single pass takes less


def program_ends() -> bool:
    """Whether the program is about to end: a thread that computes asks this between two passes, and leaves off.

    A daemon's thread would be broken off inside of torch, which aborts the program.
    """
    return not threading.main_thread().is_alive()


@dataclass(frozen=True)
class JobRequest:
    """The id that a start returned to this visitor; None for a visitor who started nothing."""

    id: str | None = None


@dataclass
class Job:
    """A measurement under way. Only its own thread writes to it; others may set ``stopped``.

    Attributes:
        about: what is measured.
        at: the newest event of progress, with its ``share`` (0 to 1); None before the first.
        found: the results so far.
    """

    about: Any
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    began: float = field(default_factory=time.monotonic)
    at: Any = None
    found: list[Any] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def progress(self, mine: str | None) -> dict[str, Any]:
        """{share, left (seconds, None at first), mine: whether this visitor started it}."""
        took, share = time.monotonic() - self.began, self.at.share if self.at else 0.0
        return {"share": share, "left": took * (1 - share) / share if share > 0.01 else None, "mine": self.id == mine}


class JobStore(Protocol):
    """Where a view keeps its measurements."""

    result: type  # the kind of event that is a result; all others are progress

    def save(self, job: Job) -> None:
        """Keep the results of a job that has ended or was stopped."""

    def load(self) -> dict[str, Any]:
        """The results that are kept, for the page, and ``problem``: a sentence, or None."""

    def describe(self, job: Job) -> dict[str, Any]:
        """What is measured at the moment, for the page."""


class Jobs:
    """The measurements of one view. Every visitor sees the progress; the visitor who started one may stop it.

    Args:
        machine: a lock held while something is measured, shared by all views: two measurements at once would disturb
            each other.
    """

    def __init__(self, machine: threading.Lock, store: JobStore) -> None:
        self._machine, self._store = machine, store
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._fault: str | None = None

    def start(self, events: Callable[[], Iterator[Any]], about: Any = None) -> dict[str, Any]:
        """Start to measure; returns its ``id`` and :meth:`status`. Raises UserError while something is measured."""
        if not self._machine.acquire(blocking=False):
            raise UserError("Another measurement is running on this server, and two at once would disturb each other.")
        job = Job(about)
        with self._lock:
            self._job, self._fault = job, None
        job.thread = threading.Thread(target=self._run, args=(job, events), name="measuring", daemon=False)
        job.thread.start()
        return {"id": job.id, **self.status(JobRequest(job.id))}

    def status(self, request: JobRequest) -> dict[str, Any]:
        """``running``: None, or the progress and what the store describes; and what the store has loaded."""
        with self._lock:
            job, fault = self._job, self._fault
        running = None if job is None else {**job.progress(request.id), **self._store.describe(job)}
        loaded = self._store.load()
        return {"running": running, **loaded, "problem": fault or loaded["problem"]}

    def stop(self, request: JobRequest) -> Answer:
        """Stop after the pass under way; complete results are kept. Raises UserError for another visitor's job."""
        with self._lock:
            job = self._job
        if job is not None:
            if job.id != request.id:
                raise UserError("This measurement was started by another visitor.")
            job.stopped.set()
            assert job.thread is not None
            job.thread.join(timeout=STOP_SECONDS)
        return self.status(request)

    def _run(self, job: Job, events: Callable[[], Iterator[Any]]) -> None:
        fault = None
        try:
            for event in events():
                if isinstance(event, self._store.result):
                    job.found.append(event)
                else:
                    job.at = event
                if job.stopped.is_set() or program_ends():
                    break
            if job.found:
                self._store.save(job)
        except Exception as error:  # whatever failed, the next measurement must be possible
            LOG.exception("the measurement failed")
            fault = f"The measurement failed: {error}."
        finally:
            with self._lock:
                self._job, self._fault = None, fault
            self._machine.release()
