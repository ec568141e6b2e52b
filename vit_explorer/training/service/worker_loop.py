"""What the worker does between its input and its output: keep data open, train one race at a time, obey in between."""

from __future__ import annotations

import contextlib
import queue
import time
import traceback
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch

from vit_explorer.data.cifar10 import find_cifar10
from vit_explorer.data.dataset import Dataset, Split
from vit_explorer.data.sources import open_dataset
from vit_explorer.models.zoo import model_names
from vit_explorer.training.loop.events import Event, Step
from vit_explorer.training.loop.precision import fast_precision
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.loop.trainer import Trainer
from vit_explorer.training.runs.folder import RunError
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import Runner, Until
from vit_explorer.training.runs.slots import Slot
from vit_explorer.training.runs.status import Standing, outcome
from vit_explorer.training.service.report import Report, Say

ASK_EVERY = 0.3  # seconds between two tries to get a slot
MAX_OPEN = 4  # datasets kept open, the least recently used is closed first
OTHER_TRAINS = "Another program is training on this machine; this race is next."


class OpenDatasets:
    """Datasets by recipe, kept open as long as their files stay as they are."""

    def __init__(self, root: str | None) -> None:
        self.root = root
        self._open: dict[tuple[object, ...], Dataset] = {}

    def __call__(self, recipe: Recipe) -> Dataset:
        """Raises DatasetError."""
        place = find_cifar10(self.root) if recipe.data == "cifar10" else Path(recipe.data)
        written = place.stat().st_mtime_ns if place is not None and place.exists() else None
        key = recipe.data, recipe.img_size, place, written
        dataset = self._open.pop(key, None) or open_dataset(recipe.data, self.root, img_size=recipe.img_size)
        self._open[key] = dataset  # the latest one last
        while len(self._open) > MAX_OPEN:
            del self._open[next(iter(self._open))]
        return dataset


class Workshop:
    """Trains what it is told to. See ``worker`` for the commands and the states that it says.

    Args:
        commands: arrive here from another thread.
        at_once: trainings allowed on this machine; the processor's cores are shared out between as many.
        root: where CIFAR-10 is looked for first.
    """

    def __init__(self, commands: queue.SimpleQueue[dict[str, Any]], say: Say, at_once: int, root: str | None) -> None:
        torch.set_num_threads(max(1, torch.get_num_threads() // at_once))
        self._commands, self._say = commands, say
        self._slot = Slot(at_once)
        self._datasets = OpenDatasets(root)

    def work(self) -> None:
        """Get warm, and obey; forever. A race that comes while it gets warm does not wait for the rest of that."""
        self._say("up")
        self._wait(ASK_EVERY)  # a race that waited for this comes now
        cold = [partial(_learn_a_little, name) for name in model_names()]
        cold += [partial(self._open_if_there, name) for name in ("cifar10", "shapes")]
        while True:
            if cold and self._commands.empty():
                cold.pop(0)()
                if not cold:
                    self._say("ready")
                continue
            command = self._commands.get()
            if command["do"] == "train":  # anything else was meant for a race that is over
                self._train(Path(command["path"]), command["until"])

    def _open_if_there(self, name: str) -> None:
        if name != "cifar10" or find_cifar10(self._datasets.root) is not None:
            with contextlib.suppress(ValueError):  # it is said when somebody wants to train on it
                self._datasets(Recipe(data=name))

    def _train(self, path: Path, until: Until) -> None:
        """One race, from taking it up to letting it go."""
        report = Report(path.name, self._say)
        report.say("starting")
        try:
            with Runner(Race.at(path), self._datasets, tell=report.tell) as runner:
                standing = self._obey(runner, report, until)
        except ValueError as error:
            standing = Standing("failed", str(error))
        except Exception as error:
            traceback.print_exc()
            reason = f"Training broke off ({type(error).__name__}: {error}). It stands at the state saved last."
            standing = Standing("failed", reason)
        finally:
            self._slot.release()
            torch.cuda.empty_cache()  # what the models took is for others; without a GPU it does nothing
        if standing.state != "finished":
            _note(path, standing)
        report.say(standing.state, standing.reason, over=True)

    def _obey(self, runner: Runner, report: Report, until: Until) -> Standing:
        """Train as it is wished, until the race is over or is to be left."""
        events: Iterator[tuple[str, Event]] | None = runner.events(until)
        while True:
            for command in self._wishes(report.race, wait=events is None):
                if command["do"] in ("play", "step"):
                    runner.race.note(None)
                    events = runner.events(command.get("what", "end"))
                elif command["do"] == "lr":
                    try:
                        runner.change_lr(command["factor"], command["label"])
                    except RunError:
                        raise
                    except ValueError as error:
                        report.remark = str(error)
                elif command["do"] == "pause" and events is not None:
                    events = None
                    self._rest(runner, report)
                elif command["do"] in ("stop", "leave"):
                    runner.save()
                    return Standing("stopped" if command["do"] == "stop" else "paused")
            if events is None:
                continue
            if not self._slot.try_take():
                report.say("waiting", OTHER_TRAINS)
                self._wait(ASK_EVERY)
                continue
            report.go_on()
            for label, event in events:
                report.show(label, event)
                if not self._commands.empty():
                    break
            else:
                if runner.over:
                    return outcome(runner.race.ends())
                events = None
                self._rest(runner, report)

    def _rest(self, runner: Runner, report: Report) -> None:
        """Come to a pause: saved, and the slot free for others. The models stay in memory, to go on at once."""
        runner.save()
        _note(runner.race.path, Standing("paused"))
        self._slot.release()
        report.say("paused")

    def _wishes(self, race: str, wait: bool) -> Iterator[dict[str, Any]]:
        """The commands for this race that have come; with ``wait``, as soon as there is one."""
        while wait or not self._commands.empty():
            command = self._commands.get()
            if command.get("race") == race:
                yield command
                wait = False

    def _wait(self, seconds: float) -> None:
        """So long, or until a command has come."""
        until = time.monotonic() + seconds
        while self._commands.empty() and time.monotonic() < until:
            time.sleep(0.02)


def _note(path: Path, standing: Standing) -> None:
    """Write it beside the race where that can be done; the desk has heard it in any case."""
    with contextlib.suppress(RunError):
        Race.at(path).note(standing)


def _learn_a_little(model: str) -> None:
    """One small step on noise: modules are loaded and kernels chosen before anybody waits for them."""
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (20, 3, 32, 32), dtype=torch.uint8, generator=generator)
    noise = Split(pictures, torch.arange(20) % 10)
    dataset = Dataset("noise", noise, noise, tuple("0123456789"), "made here", "the same pictures")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    recipe = Recipe(model=model, batch_size=16, device=device, precision=fast_precision(device), augment="crop-flip")
    for event in Trainer(recipe, dataset).events():
        if isinstance(event, Step):
            break
