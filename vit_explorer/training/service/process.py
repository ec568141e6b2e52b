"""A worker process as the scheduler sees it. It never outlives the process that started it."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]
NICENESS = 19  # added to this process's own: a step of training may wait, the pointer may not
END_PATIENCE = 1.0  # seconds between the end of its input and a kill
LAST_WORDS = 400  # characters


class WorkerProcess:
    """A worker, started now.

    Args:
        heard: called with each of its messages, from another thread.
        ended: called once, when it has ended by whatever cause, from the same thread after all messages.
    Attributes:
        up: whether it obeys commands already; ``ready``: whether it is warm.
        last_race: name of the race that it trained last, and may still have in memory.
    """

    def __init__(
        self,
        at_once: int,
        data_root: str | os.PathLike[str] | None,
        device: str,
        heard: Callable[[WorkerProcess, dict[str, Any]], None],
        ended: Callable[[WorkerProcess], None],
    ) -> None:
        command = [sys.executable, "-m", "vit_explorer.training.service.worker", "--at-once", str(at_once)]
        command += ["--device", device]
        if data_root is not None:
            command += ["--root", str(data_root)]
        paths = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
        self.up = self.ready = False
        self.last_race: str | None = None
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
        )
        if hasattr(os, "setpriority"):  # before it has begun anything; the threads it makes inherit it
            with contextlib.suppress(OSError):  # it has ended already, which is noticed below
                niceness = min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
                os.setpriority(os.PRIO_PROCESS, self._process.pid, niceness)
        self._last_lines: collections.deque[str] = collections.deque(maxlen=20)
        self._errors = threading.Thread(target=self._pass_on, daemon=True)
        self._errors.start()
        threading.Thread(target=self._hear, args=(heard, ended), daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._started

    def send(self, **command: Any) -> None:
        """Send a command. A worker that has just ended does not receive it; ``ended`` is called for that."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # ValueError: its input is closed already
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()

    def end(self) -> None:
        """Close its input, at which it ends by itself; kill it if it does not."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(END_PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()

    def kill(self) -> None:
        """End it now, whatever it does. ``ended`` says when it is gone, and all its locks are free."""
        self._process.kill()

    def why(self) -> str:
        """How it ended, as the rest of a sentence that begins with "it"."""
        status = self._process.returncode
        if status == -9:
            return "was ended from outside (signal 9, as the system does when memory runs out)"
        if status is not None and status < 0:
            return f"ended by signal {-status}"
        words = next((line for line in reversed(self._last_lines) if line.strip()), "")
        return f"ended with status {status}" + (f": {words.strip()[:LAST_WORDS]}" if words else "")

    def _hear(self, heard: Callable[..., None], ended: Callable[..., None]) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.endswith(b"\n"):  # else it was killed in the middle of it
                said = json.loads(line)
                self.up, self.ready = True, self.ready or said["state"] == "ready"
                heard(self, said)
        self._process.wait()
        self._errors.join(END_PATIENCE)
        self._process.stdout.close()
        ended(self)

    def _pass_on(self) -> None:
        """Pass its standard error on to this process's, and remember the end of it."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            text = line.decode(errors="replace")
            self._last_lines.append(text)
            sys.stderr.write(text)
        self._process.stderr.close()
