"""A race to take along: its curves as a table and as points, its settings in words, and the commands that repeat it."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from vit_explorer.models.zoo import Option
from vit_explorer.training.loop.events import Epoch, Event, Finished, Snapshot, Started, Step
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.runs.folder import RunFolder
from vit_explorer.training.runs.race import Race

COMMAND = "python -m vit_explorer.train"
COLUMNS = (
    "run",
    "kind",
    "epoch",
    "images",
    "seconds",
    "step",
    "loss",
    "running_loss",
    "running_accuracy",
    "train_loss",
    "train_accuracy",
    "validation_accuracy",
    "test_accuracy",
    "lr",
    "images_per_second",
    "probe_answer",
    "probe_probability",
)
_KINDS = {Step: "step", Epoch: "epoch", Snapshot: "snapshot", Finished: "finished"}


class AccuracyPoints(NamedTuple):
    """One run's curves, in the order in which ``figures.curves.Curve`` takes them after the label.

    Attributes:
        train, test: (n, 2) float64, the place on the axis and the accuracy as a share.
        final: accuracy on the whole test split at the end, None for a run that is not over.
    """

    train: np.ndarray
    test: np.ndarray
    final: float | None


def curves_csv(race: Race) -> str:
    """Everything that was measured in a race, one row an event, every number as the run wrote it.

    The columns are :data:`COLUMNS`; a cell is empty where an event of that kind has no such number. ``epoch`` counts
    the passes done at that moment, also within a pass; accuracies and probabilities are shares, 0 to 1.
    """
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for label, run in race.runs.items():
        for epoch, event in _measured(run.events()):
            values = {field.name: getattr(event, field.name) for field in fields(event)}
            table.writerow({**values, "run": label, "kind": _KINDS[type(event)], "epoch": epoch})
    return text.getvalue()


def accuracy_points(run: RunFolder, axis: Literal["epochs", "images", "seconds"]) -> AccuracyPoints:
    """The training curve (running mean over batches) and the test curve of a run, so far as it has come."""
    train: list[tuple[float, float]] = []
    test: list[tuple[float, float]] = []
    final = None
    for epoch, event in _measured(run.events()):
        place = {"epochs": epoch, "images": event.images, "seconds": event.seconds}[axis]
        if isinstance(event, Step):
            train.append((place, event.running_accuracy))
        elif isinstance(event, Finished):
            final = event.test_accuracy
        elif event.test_accuracy is not None:
            test.append((place, event.test_accuracy))
    curves = [np.array(points, np.float64).reshape(-1, 2) for points in (train, test)]
    return AccuracyPoints(curves[0], curves[1], final)


def caption(races: Sequence[Race]) -> str:
    """The settings of races in words: for each what its contenders share, and then what each one has for itself."""
    said = [_settings(race.recipes()) for race in races]
    if len(races) == 1:
        return said[0]
    return " ".join(f"{race.title}: {words}" for race, words in zip(races, said, strict=True))


def recipe_words(recipe: Recipe) -> str:
    """The settings of one run in words, as a sentence."""
    return _settings({"": recipe})


def command_line(recipe: Recipe) -> str:
    """The command that repeats the run, for a POSIX shell; what is as the command has it anyway is left out."""
    default = Recipe()
    words: list[str] = []
    for field in fields(Recipe):
        value = getattr(recipe, field.name)
        if value == getattr(default, field.name):
            continue
        for flag, argument in _arguments(field.name, value):
            if argument is None:
                words.append(flag)
            elif argument.startswith("-"):  # as a word of its own it would be taken for a flag
                words.append(f"{flag}={argument}")
            else:
                words += [flag, argument]
    return " ".join([COMMAND, *(shlex.quote(word) for word in words)])


def _measured(events: Iterable[Event]) -> Iterator[tuple[float, Step | Epoch | Snapshot | Finished]]:
    """The events that hold measurements, each with the passes done until then."""
    steps_per_epoch = 1
    for event in events:
        if isinstance(event, Started):
            steps_per_epoch = event.steps_per_epoch
        elif isinstance(event, Epoch | Snapshot):
            yield event.epoch, event
        elif isinstance(event, Step | Finished):
            yield event.step / steps_per_epoch, event


def _arguments(name: str, value: Any) -> list[tuple[str, str | None]]:
    """A field of the recipe as flags of the command and their arguments; None for a flag that takes none."""
    if name == "overrides":
        return [("--set", f"{option}={_option(said)}") for option, said in value.items()]
    if name == "lr_changes":
        return [("--lr-change", f"{step}:{factor}") for step, factor in value]
    if name == "test_each_epoch":
        return [("--test-at-end-only", None)]
    return [(f"--{name.replace('_', '-')}", str(value))]


def _option(value: Option) -> str:
    """As --set reads it: a comma makes several numbers, or one that stands alone, of it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) + ("," if len(value) == 1 else "")
    return str(value)


def _settings(recipes: Mapping[str, Recipe]) -> str:
    """What all have in common as one sentence, then a part for each that has something else."""
    words = {label: _words(recipe) for label, recipe in recipes.items()}
    first = next(iter(words.values()))
    common = {topic for topic in first if len({said[topic] for said in words.values()}) == 1}
    shared = ", ".join(said for topic, said in first.items() if topic in common and said)
    own = [
        f"{label}: {', '.join(text for topic, text in said.items() if topic not in common and text)}"
        for label, said in words.items()
    ]
    return f"{shared}." if len(common) == len(first) else f"{shared}; {'; '.join(own)}."


def _words(recipe: Recipe) -> dict[str, str]:
    """A recipe in words by topic; empty where there is nothing to say."""
    size = f" at {recipe.img_size} pixels" if recipe.img_size else ""
    pictures = f"{recipe.subset:,}" if recipe.subset else "all"
    options = ", ".join(f"{name}={_option(value)}" for name, value in recipe.overrides.items())
    tested = f"at most {recipe.test_subset:,} test pictures" if recipe.test_subset else "the test split"
    return {
        "data": f"{pictures} training pictures of {Path(recipe.data).name}{size}",
        "validation": f"less {recipe.validation:.0%} for validation" if recipe.validation else "",
        "model": f"model {recipe.model}" + (f" with {options}" if options else ""),
        "start": f"started from {recipe.start}" if recipe.start else "",
        "epochs": f"{recipe.epochs} epoch{'s' if recipe.epochs > 1 else ''}",
        "batch": f"batches of {recipe.batch_size}",
        "optimizer": f"{recipe.optimizer} at learning rate {recipe.lr:g}",
        "schedule": _schedule(recipe),
        "weight decay": f"weight decay {recipe.weight_decay:g}" if recipe.weight_decay else "",
        "augmentation": _augmentation(recipe),
        "repeats": f"each picture {recipe.repeats} times in its batch" if recipe.repeats > 1 else "",
        "teacher": _teacher(recipe),
        "smoothing": f"label smoothing {recipe.label_smoothing:g}" if recipe.label_smoothing else "",
        "average": f"average of the weights, {recipe.ema:g} of it left after a step" if recipe.ema else "",
        "test": f"test curve on {tested}" if recipe.test_each_epoch else "tested at the end only",
        "machine": f"{recipe.precision} on {recipe.device}",
        "seed": f"seed {recipe.seed}",
    }


def _augmentation(recipe: Recipe) -> str:
    parts = [
        recipe.augment if recipe.augment != "none" else "",
        f"RandAugment {recipe.rand_augment}" if recipe.rand_augment else "",
        f"random erasing {recipe.erasing:g}" if recipe.erasing else "",
        f"mixup {recipe.mixup:g}" if recipe.mixup else "",
        f"CutMix {recipe.cutmix:g}" if recipe.cutmix else "",
    ]
    said = ", ".join(part for part in parts if part)
    return f"augmentation {said}" if said else "no augmentation"


def _teacher(recipe: Recipe) -> str:
    if not recipe.teacher:
        return ""
    how = "" if recipe.distillation == "hard" else f" at temperature {recipe.temperature:g}"
    return f"{recipe.distillation} distillation from {recipe.teacher}{how}"


def _schedule(recipe: Recipe) -> str:
    warmup = f" after a warm-up over {recipe.warmup:.0%} of the steps" if recipe.warmup else ""
    turned = "".join(f", turned to {factor:g} times that from step {step:,} on" for step, factor in recipe.lr_changes)
    shape = "constant" if recipe.schedule == "constant" else f"{recipe.schedule} decay"
    return f"{shape}{warmup}{turned}"
