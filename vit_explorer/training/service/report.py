"""What the worker says about a race while it goes on: few lines, so that nobody has to hurry to read them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from vit_explorer.training.loop.events import Event, Step

SPEAK_EVERY = 0.2  # seconds between two lines

Say = Callable[..., None]  # a state, and the values that belong to it


class Report:
    """What is said about one race: news of its state at once, all else not more often than anybody can read."""

    def __init__(self, race: str, say: Say) -> None:
        self.race = race
        self.remark: str | None = None  # said once, with what comes next
        self._say = say
        self._state = ""
        self._now: dict[str, dict[str, Any]] = {}  # label -> its latest step
        self._lock = threading.Lock()  # a line that is held back is said from another thread
        self._said = 0.0  # when, by the monotonic clock
        self._later: dict[str, Any] | None = None
        self._timing = False  # whether a timer will see to it

    def say(self, state: str, reason: str | None = None, over: bool = False) -> None:
        """That it comes to a state, for a reason where there is one. ``over``: and is let go."""
        self._state = state
        self._put(self._line(reason=reason, over=over), at_once=True)

    def go_on(self) -> None:
        """That there is nothing to wait for any more."""
        if self._state in ("waiting", "paused"):
            self.say("training" if self._now else "starting")

    def tell(self, label: str, doing: str) -> None:
        """That something begins which takes longer than a step."""
        self._put(self._line(doing=f"{label}: {doing}"))

    def show(self, label: str, event: Event) -> None:
        """That something was done. The first step of each contender is shown at once."""
        if isinstance(event, Step):
            first = label not in self._now
            self._now = {**self._now, label: asdict(event)}
            self._state = "training"
            self._put(self._line(), at_once=first)

    def _line(self, reason: str | None = None, doing: str | None = None, over: bool = False) -> dict[str, Any]:
        said = {"reason": reason or self.remark, "doing": doing, "now": self._now}
        return {"state": self._state, "race": self.race, "over": over, **said}

    def _put(self, line: dict[str, Any], at_once: bool = False) -> None:
        with self._lock:
            self._later = line
            if at_once:
                self._speak()
            elif not self._timing:
                self._speak_when_due()

    def _speak_when_due(self) -> None:
        """Say what is held back, now or from a timer; there is never more than one timer."""
        wait = self._said + SPEAK_EVERY - time.monotonic()
        self._timing = wait > 0 and self._later is not None
        if self._timing:
            timer = threading.Timer(wait, self._on_time)
            timer.daemon = True
            timer.start()
        elif self._later is not None:
            self._speak()

    def _on_time(self) -> None:
        with self._lock:
            self._speak_when_due()

    def _speak(self) -> None:
        assert self._later is not None
        line, self._later, self._said = self._later, None, time.monotonic()
        if line["reason"] == self.remark:
            self.remark = None
        self._say(**line)
