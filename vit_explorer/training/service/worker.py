"""The process that trains while the page stays quick: one JSON object a line, commands in, states out.

``python -m vit_explorer.training.service.worker``, started by the desk. Commands, of which all but the first name the
race that is being trained by its folder's name:

    {"do": "train", "race": NAME, "path": FOLDER, "until": "end" | "batch" | "epoch"}
    {"do": "play"}   {"do": "step", "what": "batch" | "epoch"}   {"do": "pause"}   {"do": "stop"}
    {"do": "leave"}  forget a paused race        {"do": "lr", "factor": F, "label": LABEL or null}

States: "up" (torch is imported, commands are obeyed) and "ready" (warm) of the worker; "starting", "waiting" (for a
slot), "training", "paused", "stopped", "finished" and "failed" of a race, with "race", "reason", "doing" (what takes
longer than a step now), "now" (each contender's latest Step) and "over" (the worker has let go of it).

When its input ends, and so when the app ends in whatever way, it ends at once: nothing but the standard library is
imported before somebody listens for that.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

Say = Callable[..., None]


def main(arguments: list[str] | None = None) -> None:
    """Work until the input ends; never returns."""
    parser = argparse.ArgumentParser(prog="python -m vit_explorer.training.service.worker")
    parser.add_argument("--at-once", type=int, default=1, help="trainings allowed on this machine at the same time")
    parser.add_argument("--root", help="where CIFAR-10 lies")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the app decides what it means
    commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    say = _own_output()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, commands), daemon=True).start()

    try:
        from vit_explorer.training.service.worker_loop import Workshop

        Workshop(commands, say, options.at_once, options.root).work()
    except BrokenPipeError:  # nobody hears it any more
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)  # without waiting for the thread that listens


def _own_output() -> Say:
    """Keep standard output for states alone: what anybody else prints goes to standard error."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def say(state: str, **values: Any) -> None:
        out.write(json.dumps({"state": state, **values}, allow_nan=False).encode() + b"\n")

    return say


def _listen(lines: BinaryIO, commands: queue.SimpleQueue[dict[str, Any]]) -> None:
    try:
        for line in iter(lines.readline, b""):
            commands.put(json.loads(line))
    finally:
        os._exit(0)  # at once, whatever is being computed: what was written is whole


if __name__ == "__main__":
    main()
