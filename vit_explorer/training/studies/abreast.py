"""Runs of a sweep side by side: several processes on one GPU, each training one network.

One small network leaves most of a GPU idle; several share it. A network that learns from another one waits until that
one is exported.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch

from vit_explorer.data.sources import open_dataset
from vit_explorer.training.loop.events import Epoch, Failed, Finished
from vit_explorer.training.studies.sweep import TAUGHT, Cell, train_cell

ASK_EVERY = 0.2  # seconds between two looks at the processes
SAY_EVERY = 10.0  # seconds between two lines of a process
SAVE_EVERY = 20.0  # seconds between two states on disk: what a kill loses at most
PATIENCE = 30.0  # seconds that processes have to save when they are asked to stop


def train_abreast(
    folder: Path, cells: Sequence[Cell], *, root: str | None, at_once: int, stride: int, deadline: float | None = None
) -> bool:
    """Train what is missing of the cells, at most ``at_once`` of them at a time; each says how it goes.

    Args:
        root: where CIFAR-10 lies, see ``open_dataset``.
        deadline: by ``time.monotonic()``, when all are asked to save and stop.
    Returns:
        Whether every cell has come to its end and is exported.
    """
    context = multiprocessing.get_context("spawn")
    waiting, running = [cell for cell in cells if not _is_exported(folder, cell)], list[BaseProcess]()
    try:
        while waiting or running:
            if deadline is not None and time.monotonic() > deadline:
                return False
            running = [process for process in running if process.is_alive()]
            ready = next((cell for cell in waiting if _may_begin(cell)), None)
            if ready is not None and len(running) < at_once:
                waiting.remove(ready)
                arguments = (folder, ready, root, stride)
                running.append(context.Process(target=_train, args=arguments, name=ready.name))
                running[-1].start()
            elif waiting and ready is None and not running:
                return False  # a teacher failed: those that wait for it can never begin
            else:
                time.sleep(ASK_EVERY)
    finally:
        _stop(running)
    return all(_is_exported(folder, cell) for cell in cells)


def _is_exported(folder: Path, cell: Cell) -> bool:
    return (folder / TAUGHT / f"{cell.export_as}.json").exists()


def _may_begin(cell: Cell) -> bool:
    return not cell.recipe.teacher or Path(f"{cell.recipe.teacher}.json").exists()


def _stop(processes: Sequence[BaseProcess]) -> None:
    for process in processes:
        if process.is_alive() and process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
    until = time.monotonic() + PATIENCE
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
        if process.is_alive():
            process.kill()


def _train(folder: Path, cell: Cell, root: str | None, stride: int) -> None:
    """The work of one process."""
    said = 0.0
    if stride > 1:
        torch.set_num_threads(1)  # the GPU works; threads that draw batches would wait for those of the other processes
    with _until_asked() as asked:
        datasets = [open_dataset(cell.recipe.data, root=root)]
        events = train_cell(folder, cell, lambda _: datasets[0], stride=stride, half=True, save_every=SAVE_EVERY)
        for event in events:
            if asked:
                events.close()  # saves
                return
            if isinstance(event, Failed):
                print(f"{cell.name:24} {event.reason}", flush=True)
            elif isinstance(event, Finished):
                print(f"{cell.name:24} test {event.test_accuracy:.2%}  {event.seconds:.0f} s", flush=True)
            elif isinstance(event, Epoch) and time.monotonic() - said > SAY_EVERY:
                said = time.monotonic()
                print(f"{cell.name:24} {_progress(event, cell.recipe.epochs)}", flush=True)


def _progress(event: Epoch, epochs: int) -> str:
    measured = [("training", event.train_accuracy), ("validation", event.validation_accuracy)]
    accuracies = "  ".join(f"{split} {value:.2%}" for split, value in measured if value is not None)
    return f"epoch {event.epoch} of {epochs}  {accuracies}  {event.seconds / event.epoch:.2f} s an epoch"


@contextlib.contextmanager
def _until_asked() -> Iterator[list[int]]:
    """The signals that asked this process to stop. The parent passes a Ctrl-C on, so that alone is not listened to."""
    asked: list[int] = []
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    yield asked
