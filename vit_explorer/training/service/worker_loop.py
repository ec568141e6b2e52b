"""The worker's loop: keep datasets open, train one race at a time, obey commands between two events."""

from __future__ import annotations

import contextlib
import queue
import sys
import time
import traceback
from functools import partial
from pathlib import Path
from typing import Any

import torch

from vit_explorer.data.cache import DatasetCache
from vit_explorer.data.cifar10 import find_cifar10
from vit_explorer.data.dataset import Dataset, DatasetError, Split
from vit_explorer.data.sources import open_dataset
from vit_explorer.models.zoo import model_names
from vit_explorer.training.loop.events import Step
from vit_explorer.training.loop.precision import fast_precision
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.loop.trainer import Trainer
from vit_explorer.training.runs.errors import RunError
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import Runner, Until, change_lr_at_rest
from vit_explorer.training.runs.status import RaceStatus
from vit_explorer.training.service.messages import Send, StatusMessages

WARM_UP_WAIT = 0.3  # seconds in which a race that waited for this worker arrives


class WorkerLoop:
    """Trains as commanded. See ``worker`` for the commands and messages.

    Between a pause and the next race the trainers of the last one stay in memory, so that a step or Play goes on at
    once. That is a cache of this process alone: the race's folder holds all of it, and is released.

    Args:
        commands: filled by another thread.
        at_once: trainings allowed on this machine; the processor's cores are shared out between as many.
        root: where CIFAR-10 is looked for first.
        device: on which to warm up.
    """

    def __init__(
        self,
        commands: queue.SimpleQueue[dict[str, Any]],
        send: Send,
        at_once: int,
        root: str | None,
        device: str = "cpu",
    ) -> None:
        torch.set_num_threads(max(1, torch.get_num_threads() // at_once))
        self._commands, self._send = commands, send
        self._root = root
        self._device = device
        self._datasets = DatasetCache(
            lambda source, size: open_dataset(source, root, img_size=size, progress=self._tell_read), root
        )
        self._messages: StatusMessages | None = None  # of the race in hand
        self._runner: Runner | None = None  # of the last race

    def run(self) -> None:
        """Warm up, and obey; forever. A race that arrives during the warm-up does not wait for the rest of that."""
        self._send("up")
        deadline = time.monotonic() + WARM_UP_WAIT
        while self._commands.empty() and time.monotonic() < deadline:
            time.sleep(0.02)
        cold = [partial(_train_one_step, name, self._device) for name in model_names()]
        cold += [partial(self._open_if_there, name) for name in ("cifar10", "shapes")]
        while True:
            if cold and self._commands.empty():
                cold.pop(0)()
                if not cold:
                    self._send("ready")
                continue
            command = self._commands.get()
            if command["do"] == "train":
                self._train(Path(command["race"]), command["until"])
            elif command["do"] == "lr":  # the race was released while this was on its way
                try:
                    change_lr_at_rest(Race.at(command["race"]), command["factor"], command["label"])
                except ValueError as error:
                    print(error, file=sys.stderr)

    def _open_if_there(self, name: str) -> None:
        if name != "cifar10" or find_cifar10(self._root) is not None:
            with contextlib.suppress(DatasetError):  # reported when a race needs it
                self._datasets.open(name)

    def _tell_read(self, done: int, total: int) -> None:
        if self._messages is not None:
            self._messages.activity("pictures", f"{done:,} of {total:,} read")

    def _dataset_of(self, recipe: Recipe) -> Dataset:
        return self._datasets.open(recipe.data, recipe.img_size)

    def _train(self, path: Path, until: Until) -> None:
        """One race, from claiming its folder to releasing it."""
        messages = StatusMessages(path.name, self._send)
        self._messages = messages
        messages.state("starting")
        told: str | None = "stop"
        try:
            runner = self._runner_of(path)
            runner.tell = messages.activity
            with runner:
                told = self._follow(runner, messages, until)
                status = runner.status
                if status.state == "paused":
                    runner.race.save_status(status)
        except ValueError as error:
            status = RaceStatus("failed", str(error))
        except Exception as error:
            traceback.print_exc()
            reason = f"Training broke off ({type(error).__name__}: {error}). It stands at the state saved last."
            status = RaceStatus("failed", reason)
        if status.state == "failed":
            with contextlib.suppress(RunError):  # a full disk, or a damaged folder: it is sent in any case
                Race.at(path).save_status(status)
        if told == "stop" or status.state != "paused":
            self._forget()
        self._messages = None
        messages.state(status.state, status.reason, over=True)

    def _follow(self, runner: Runner, messages: StatusMessages, until: Until) -> str | None:
        """Train until a command ends that, or all is done that was asked for; saved then. The command: pause, stop."""
        told = None
        for label, event in runner.events(until):
            messages.show(label, event)
            if (told := self._obey(runner, messages)) is not None:
                break
        runner.save()
        return told

    def _obey(self, runner: Runner, messages: StatusMessages) -> str | None:
        """Carry out the commands that have arrived, up to "pause" or "stop", which is returned."""
        while not self._commands.empty():
            command = self._commands.get()
            if Path(command["race"]) != runner.race.path:  # of a race that was released meanwhile
                continue
            if command["do"] in ("pause", "stop"):
                return command["do"]
            try:
                runner.change_lr(command["factor"], command["label"])
            except RunError:
                raise
            except ValueError as error:
                messages.remark = str(error)
        return None

    def _runner_of(self, path: Path) -> Runner:
        """The runner of this race, with the trainers it still has; the last race's leaves the memory for another."""
        if self._runner is None or self._runner.race.path != path:
            self._forget()
            self._runner = Runner(Race.at(path), self._dataset_of)
        return self._runner

    def _forget(self) -> None:
        self._runner = None
        torch.cuda.empty_cache()  # does nothing without a GPU


def _train_one_step(model: str, device: str) -> None:
    """One small step on noise: modules are loaded and kernels chosen before a race needs them.

    A device that fails is left to the race that needs it, which then says so.
    """
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (20, 3, 32, 32), dtype=torch.uint8, generator=generator)
    noise = Split(pictures, torch.arange(20) % 10)
    dataset = Dataset("noise", noise, noise, tuple("0123456789"), "made here", "the same pictures")
    recipe = Recipe(model=model, batch_size=16, device=device, precision=fast_precision(device), augment="crop-flip")
    try:
        for event in Trainer(recipe, dataset).events():
            if isinstance(event, Step):
                break
    except (RuntimeError, ValueError) as error:
        print(f"{model} could not be tried on {device}: {error}", file=sys.stderr)
