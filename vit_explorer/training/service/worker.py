"""The process that trains while the page stays quick: one JSON object a line, commands in, status messages out.

``python -m vit_explorer.training.service.worker``, started by the scheduler. Commands name a race by its folder:

    {"do": "train", "race": FOLDER, "until": "end" | "batch" | "epoch"}
    {"do": "pause", "race": FOLDER}   save and release it; its trainers stay in memory until another race trains
    {"do": "stop", "race": FOLDER}    the same, and free the memory
    {"do": "lr", "race": FOLDER, "factor": F, "label": LABEL or null}

States: "up" (torch is imported, commands are obeyed) and "ready" (warm) of the worker; "starting", "training",
"paused", "finished" and "failed" of a race, with "race" (its name), "reason", "activity" (what takes longer than a step
now), "now" (each contender's latest Step) and "over" (the worker has released it).

When its input ends, and so when the app ends in whatever way, it ends at once: nothing but the standard library is
imported before a thread listens for that.
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


def main(arguments: list[str] | None = None) -> None:
    """Work until the input ends; never returns."""
    parser = argparse.ArgumentParser(prog="python -m vit_explorer.training.service.worker")
    parser.add_argument("--at-once", type=int, default=1, help="trainings allowed on this machine at the same time")
    parser.add_argument("--root", help="where CIFAR-10 lies")
    parser.add_argument("--device", default="cpu", help="on which to warm up")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the app decides what it means
    commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    send = _own_output()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, commands), daemon=True).start()

    try:
        from vit_explorer.training.service.worker_loop import WorkerLoop

        WorkerLoop(commands, send, options.at_once, options.root, options.device).run()
    except BrokenPipeError:  # the app has ended
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)  # without waiting for the thread that listens


def _own_output() -> Callable[..., None]:
    """Keep standard output for status messages: all that other code prints goes to standard error."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def send(state: str, **values: Any) -> None:
        out.write(json.dumps({"state": state, **values}, allow_nan=False).encode() + b"\n")

    return send


def _listen(lines: BinaryIO, commands: queue.SimpleQueue[dict[str, Any]]) -> None:
    try:
        for line in iter(lines.readline, b""):
            commands.put(json.loads(line))
    finally:
        os._exit(0)  # at once, whatever is being computed: all files are whole


if __name__ == "__main__":
    main()
