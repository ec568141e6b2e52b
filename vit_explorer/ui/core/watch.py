"""Work that takes long and is done only as long as a page waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypedDict

from vit_explorer.ui.core.errors import UserError

PATIENCE = 90.0  # seconds after which a page that says nothing has gone: browsers let hidden pages speak once a minute


class Left(UserError):
    """Nobody waits for this work any more."""


class ShareDone(TypedDict):
    """The ``share`` of the passes that is done; None while the work waits for others."""

    share: float | None


@dataclass
class _Followed:
    """The pages that wait for the answer to a question, with the time of their last word, and how far the work is."""

    at: Any = None
    pages: dict[str, float] = field(default_factory=dict)
    changed: float = 0.0


class Watch:
    """Which pages wait for which work. Work that no page ever followed, such as that of a script, is not stopped.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._followed: dict[Hashable, _Followed] = {}

    def follow(self, question: Hashable, page: str) -> Any:
        """How far the work on a question is, None before it has begun; this page waits for it from now on."""
        with self._lock:
            now = self._clock()
            for old in [key for key, one in self._followed.items() if now - one.changed > PATIENCE]:
                del self._followed[old]
            followed = self._followed.setdefault(question, _Followed())
            followed.pages[page] = followed.changed = now
            return followed.at

    def follow_share(self, question: Hashable, page: str) -> ShareDone:
        """The same for work whose progress has a ``share``."""
        at = self.follow(question, page)
        return {"share": None if at is None else at.share}

    def leave(self, question: Hashable, page: str) -> None:
        """This page waits no longer."""
        with self._lock:
            followed = self._followed.get(question)
            if followed is not None:
                followed.pages.pop(page, None)
                followed.changed = self._clock()

    @contextmanager
    def working(self, question: Hashable) -> Iterator[Callable[[Any], None]]:
        """Work on a question; the function to call with the progress raises Left once all pages have left."""
        try:
            self._step(question, None)
            yield lambda progress: self._step(question, progress)
        finally:
            with self._lock:
                self._followed.pop(question, None)

    def _step(self, question: Hashable, progress: Any) -> None:
        with self._lock:
            followed = self._followed.get(question)
            if followed is None:
                return
            now = self._clock()
            followed.pages = {page: said for page, said in followed.pages.items() if now - said <= PATIENCE}
            if not followed.pages:
                raise Left("Stopped: the page that asked for it has gone on to something else.")
            followed.at, followed.changed = progress, now
