"""How a model learns: one loop over resident tensors that tells what it does through events and knows no page.

All randomness of a step is a function of (seed, step), never of what came before. So a run that is saved after any
step and resumed goes on exactly as if nothing had happened.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Literal

from vit_explorer.data.dataset import Dataset, Split
from vit_explorer.data.sources import open_dataset
from vit_explorer.models.network import Network
from vit_explorer.training.loop.batches import BatchSource, with_sizes
from vit_explorer.training.loop.device import OutOfMemory, memory_sentences
from vit_explorer.training.loop.distillation import Teacher
from vit_explorer.training.loop.distributed import Group, check_divisible
from vit_explorer.training.loop.evaluation import NotFiniteError, accuracy, probe
from vit_explorer.training.loop.events import Epoch, Event, Failed, Finished, Snapshot, Started, Step
from vit_explorer.training.loop.learner import Learner, check_last_batch
from vit_explorer.training.loop.looks import LookTimes, Pace
from vit_explorer.training.loop.metrics import BatchSums, RunningMetrics
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.loop.schedule import lr_factor
from vit_explorer.training.loop.start import Start, load_start
from vit_explorer.training.loop.stepper import Stepper, runs_as_graph


def train(recipe: Recipe, dataset: Dataset | None = None) -> Iterator[Event]:
    """Train a fresh model, yielding events. See :class:`Trainer` to save, resume or export it."""
    return Trainer(recipe, dataset).events()


class Trainer:
    """A run in memory: data, model, optimizer and place in the schedule.

    Where the recipe asks for an average of the weights, ``model`` is that average: it is measured, looked at and kept,
    while training goes on from the weights themselves.

    Args:
        recipe: what to do.
        dataset: the data, if already open; else ``open_dataset(recipe.data, img_size=recipe.img_size)``.
        state: what :meth:`state` gave, to go on from there.
        stride: steps between two looks at the clock and the loss, and so between two Step events, at most. With more
            than 1 nobody waits for the device after every step; on a GPU the step then runs as a CUDA graph.
        group: the processes that train it together. Each makes a trainer with the same arguments, asks it for all its
            events and gets the same ones, but for what the clock says.
    Raises:
        ValueError: for data that cannot be learned from, a model that does not fit them, a device that is not there,
            or a state of another run; the message is a sentence.
    """

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset | None = None,
        state: dict[str, Any] | None = None,
        group: Group | None = None,
        stride: int = 1,
    ) -> None:
        self.recipe = recipe
        self.group = group or Group()
        self.stride = stride
        self.dataset = dataset or open_dataset(recipe.data, img_size=recipe.img_size)
        self.source = BatchSource(self.dataset, recipe)
        self.device = self.source.device
        self.overrides = with_sizes(recipe, self.dataset)
        weights, self.start = None, None
        if recipe.start and state is None:
            weights, self.start = load_start(recipe, self.overrides)
        graphed = runs_as_graph(self.device, stride, self.group)
        with memory_sentences(recipe):
            self._learner = Learner(recipe, self.overrides, self.device, graphed, weights)
        check_last_batch(self._learner.network, len(self.source.train.y), recipe.batch_size)
        check_divisible(self._learner.network, self.group)
        self._metrics = RunningMetrics()
        self._look_times = LookTimes()
        self._looks = self.source.looks
        self._epochs_told, self._snapshot_told = 0, -1
        self._measured: tuple[int, float] | None = None  # a step and the test accuracy at it
        if state is not None:
            self._load(state)
        taught = recipe.teacher and self.step < self.total_steps
        with memory_sentences(recipe):
            teacher = Teacher(recipe, self.source, self.dataset.names) if taught else None
        self._stepper = Stepper(self.source, self._learner, teacher, self.group, stride)

    @property
    def model(self) -> Network:
        """The trained model as it is now."""
        return self._learner.model

    @property
    def step(self) -> int:
        """Optimizer steps done."""
        return self._metrics.step

    @property
    def steps_per_epoch(self) -> int:
        return self.source.steps_per_epoch

    @property
    def total_steps(self) -> int:
        return self.recipe.epochs * self.steps_per_epoch

    @property
    def next_epoch_end(self) -> int:
        """The step that ends the first epoch without an ``Epoch`` event so far."""
        return (self._epochs_told + 1) * self.steps_per_epoch

    @property
    def images(self) -> int:
        """Training images seen so far, each as often as it was seen."""
        return self.source.images_until(self.step)

    @property
    def seconds(self) -> float:
        """Seconds of training so far; evaluation, snapshots and waiting are left out."""
        return self._metrics.seconds

    @property
    def seconds_left(self) -> float:
        """Seconds of the steps, evaluations and snapshots to come, at the pace of the last ones."""
        steps = self._metrics.seconds_per_step() * (self.total_steps - self.step)
        return steps + self._look_times.ahead(self.source.plan, self.step, self.pace.training)

    @property
    def pace(self) -> Pace:
        """What an image and a snapshot took lately; known from the first step on."""
        recent = self._metrics.recent()
        return Pace(recent.seconds / recent.images, self._look_times.per_image, self._look_times.per_snapshot)

    @property
    def looks_next(self) -> bool:
        """Whether the next event evaluates the model, which may take longer than a step, or ends the run."""
        return self._due() != "step"

    @property
    def coming(self) -> str | None:
        """The next event in words, for a status line; None for a step."""
        due = self._due()
        if due == "end":
            return f"testing on all {len(self.dataset.test.y):,} test pictures"
        if due == "step":
            return None
        measured = self._measured is not None and self._measured[0] == self.step
        if self.recipe.test_each_epoch and self.step in self.source.curve.steps and not measured:
            return f"testing on {len(self.source.measured.y):,} pictures"
        return "looking at the probe picture" if due == "snapshot" else "ending an epoch"

    def change_lr(self, factor: float) -> None:
        """Multiply the schedule's learning rate by ``factor`` from the next step on; ``recipe`` notes it.

        Raises:
            ValueError: for a factor outside its range.
        """
        self.recipe = self.recipe.with_lr_change(self.step, factor)

    def state(self) -> dict[str, Any]:
        """A copy of all that is needed to resume from here, as tensors and plain values."""
        state = {
            "data": self._fingerprint,
            **self._learner.state(),
            **self._metrics.state(),
            "look_times": self._look_times.state(),
            "epochs_told": self._epochs_told,
            "snapshot_told": self._snapshot_told,
            "start": None if self.start is None else vars(self.start),
        }
        return copy.deepcopy(state)

    def events(self) -> Iterator[Event]:
        """Train to the end of the recipe. The state may be saved after any event."""
        splits = (self.source.train, self.source.validation, self.dataset.test, self.source.measured)
        n_train, n_validation, n_test, n_measured = (len(split.y) for split in splits)
        n_parameters = sum(parameter.numel() for parameter in self.model.parameters())
        yield Started(
            self.step, self.total_steps, self.steps_per_epoch, n_train, n_validation, n_test, n_measured, n_parameters
        )
        act: dict[str, Callable[[], Event]] = {
            "snapshot": self._snapshot, "epoch": self._end_epoch, "step": self._train_step, "end": self._finish,
        }  # fmt: skip
        over = False
        while not over:
            try:
                with memory_sentences(self.recipe):
                    event = act[self._due()]()
            except (NotFiniteError, OutOfMemory) as error:
                event = Failed(self.step, str(error))
            over = isinstance(event, Finished | Failed)
            yield event

    def accuracy(self, split: Split, precision: str = "float32") -> float:
        """Accuracy on a split, in eval mode.

        Raises:
            NotFiniteError: if the model no longer answers with numbers.
        """
        began = time.perf_counter()
        found = accuracy(self.model, self.source, split, precision, self.group)
        self._look_times.evaluated(len(split.y), time.perf_counter() - began)
        return found

    def _due(self) -> Literal["snapshot", "epoch", "step", "end"]:
        if self.step in self._looks and self._snapshot_told != self.step:
            return "snapshot"
        if self.step == (self._epochs_told + 1) * self.steps_per_epoch:
            return "epoch"
        return "end" if self.step == self.total_steps else "step"

    def _train_step(self) -> Step:
        """One step, or up to ``stride`` of them if nothing else is due before."""
        started = time.perf_counter()
        steps = self._steps_from(self.step)
        following = self._steps_from(steps.stop) if steps.stop < self.total_steps else range(0)
        done = self._stepper.train(steps, self._lr_of, following)
        seconds = time.perf_counter() - started
        self._metrics.add(BatchSums(done.loss, done.correct, done.images, seconds, len(steps)))
        recent = self._metrics.recent()
        return Step(
            step=self.step,
            total_steps=self.total_steps,
            epoch=math.ceil(self.step / self.steps_per_epoch),
            images=self.images,
            seconds=self.seconds,
            loss=done.loss / done.images,
            running_loss=recent.loss / recent.images,
            running_accuracy=recent.correct / recent.images,
            lr=done.lr,
            images_per_second=recent.images / recent.seconds,
            seconds_left=self.seconds_left,
        )

    def _lr_of(self, step: int) -> float:
        return self.recipe.lr * lr_factor(self.recipe, step, self.total_steps)

    def _steps_from(self, first: int) -> range:
        """The steps of one stride: nothing else than a step is due within it."""
        epoch_end = (first // self.steps_per_epoch + 1) * self.steps_per_epoch
        look = min(look for look in self._looks if look > first)
        return range(first, min(first + self.stride, epoch_end, look))

    def _end_epoch(self) -> Epoch:
        n_train = len(self.source.train.y)
        event = Epoch(
            epoch=self.step // self.steps_per_epoch,
            step=self.step,
            images=self.images,
            seconds=self.seconds,
            train_loss=self._metrics.loss_sum / n_train,
            train_accuracy=self._metrics.correct / n_train,
            validation_accuracy=self._validation_accuracy(self.recipe.precision),
            test_accuracy=self._curve_accuracy(),
        )
        self._metrics.end_epoch()
        self._epochs_told = event.epoch
        return event

    def _snapshot(self) -> Snapshot:
        began = time.perf_counter()
        probed = probe(self.model, self.source)
        self._look_times.snapped(time.perf_counter() - began)
        positions = self.model.position_table
        event = Snapshot(
            step=self.step,
            epoch=self.step / self.steps_per_epoch,
            images=self.images,
            seconds=self.seconds,
            test_accuracy=self._curve_accuracy(),
            positions=None if positions is None else positions.detach()[0].float().cpu().clone(),
            probe_map=probed.map,
            probe_answer=probed.answer,
            probe_probability=probed.probability,
        )
        self._snapshot_told = self.step
        return event

    def _finish(self) -> Finished:
        validation, test = self._validation_accuracy("float32"), self.accuracy(self.dataset.test)
        return Finished(self.step, self.images, self.seconds, validation, test, self.train_accuracy())

    def train_accuracy(self) -> float:
        """Accuracy on plain training images, as many as the test split has, or all. Raises as :meth:`accuracy`."""
        return self.accuracy(self.source.learned)

    def _curve_accuracy(self) -> float | None:
        """Accuracy on the test images of the curve, in the recipe's precision, once for a step; None at other steps."""
        if not self.recipe.test_each_epoch or self.step not in self.source.curve.steps:
            return None
        if self._measured is None or self._measured[0] != self.step:
            self._measured = self.step, self.accuracy(self.source.measured, self.recipe.precision)
        return self._measured[1]

    def _validation_accuracy(self, precision: str) -> float | None:
        split = self.source.validation
        return self.accuracy(split, precision) if len(split.y) else None

    @cached_property
    def _fingerprint(self) -> dict[str, str]:
        return self.dataset.fingerprint()

    def _load(self, state: dict[str, Any]) -> None:
        try:
            began_with = state["data"]
            differ = [what for what, value in self._fingerprint.items() if began_with[what] != value]
            if not differ:
                self._learner.load(state)
                self._metrics.load(state)
                self._look_times.load(state.get("look_times") or LookTimes().state())  # not kept until November 2026
                self._epochs_told, self._snapshot_told = state["epochs_told"], state["snapshot_told"]
                if (start := state.get("start")) is not None:
                    self.start = Start(**start)
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise ValueError("the saved state of this run does not fit its recipe: start the run anew") from error
        if differ:
            raise ValueError(
                f"the pictures of {self.dataset.origin} are not those that this run began with (other "
                f"{', '.join(differ)}): bring those back, or start the run anew"
            )
