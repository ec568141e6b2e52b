"""Status messages of the race that a worker trains, at most one per 0.2 s; changes of state are sent at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from vit_explorer.training.loop.events import Event, Step

SEND_EVERY = 0.2  # seconds between two messages

Send = Callable[..., None]  # takes a state and the values that belong to it


class StatusMessages:
    """The messages about one race. All methods may be called from any thread.

    Args:
        race: name of its folder.
        send: writes one message.
    Attributes:
        remark: a sentence that goes out once, with the next message, as its reason.
    """

    def __init__(self, race: str, send: Send) -> None:
        self.race = race
        self.remark: str | None = None
        self._send = send
        self._steps: dict[str, dict[str, Any]] = {}  # label -> its latest step
        self._lock = threading.Lock()
        self._sent = 0.0  # when, by the monotonic clock
        self._held_back: dict[str, Any] | None = None
        self._timer: threading.Timer | None = None

    def state(self, state: str, reason: str | None = None, over: bool = False) -> None:
        """Send a change of state. ``over``: the worker has released the race."""
        self._put(state, at_once=True, reason=reason, over=over)

    def activity(self, label: str, words: str) -> None:
        """Send what a contender begins that takes longer than a step."""
        self._put("training" if self._steps else "starting", activity=f"{label}: {words}")

    def show(self, label: str, event: Event) -> None:
        """Send a step; the first one of each contender at once."""
        if isinstance(event, Step):
            first = label not in self._steps
            self._steps = {**self._steps, label: asdict(event)}
            self._put("training", at_once=first)

    def _put(
        self,
        state: str,
        at_once: bool = False,
        reason: str | None = None,
        activity: str | None = None,
        over: bool = False,
    ) -> None:
        with self._lock:
            self._held_back = {
                "state": state,
                "race": self.race,
                "over": over,
                "reason": reason,
                "activity": activity,
                "now": self._steps,
            }
            wait = self._sent + SEND_EVERY - time.monotonic()
            if at_once or wait <= 0:
                self._send_now()
            elif self._timer is None:
                self._timer = threading.Timer(wait, self._on_time)
                self._timer.daemon = True
                self._timer.start()

    def _on_time(self) -> None:
        with self._lock:
            self._timer = None
            self._send_now()

    def _send_now(self) -> None:
        message, self._held_back = self._held_back, None
        if message is not None:
            if message["reason"] is None:
                message["reason"], self.remark = self.remark, None
            self._sent = time.monotonic()
            self._send(**message)
