"""The card of a trained model: everything one must know to judge it and to train it again."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from vit_explorer.cost.multiply_adds import count_multiply_adds
from vit_explorer.data.dataset import Dataset
from vit_explorer.models.folders import checkout
from vit_explorer.training.loop.events import Epoch, Finished
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.loop.schedule import CurvePlan
from vit_explorer.training.loop.trainer import Trainer


def make_card(trainer: Trainer, finished: Finished, epochs: list[Epoch]) -> dict[str, Any]:
    """The card of a run that has ended, as JSON values: accuracies are shares, 0 to 1, seconds are training time.

    "epochs_trained" are the passes done; of a run that was stopped they are fewer than its recipe has. A run that began
    with a checkpoint's weights has "start", see :class:`Start`: passes and seconds then count from fresh weights on,
    those of the start and of its own starts included.
    """
    recipe, dataset, start = trainer.recipe, trainer.dataset, trainer.start
    continued = {} if start is None else {"start": start.facts}
    epochs_before, seconds_before = (0.0, 0.0) if start is None else (start.epochs, start.seconds)
    return {
        "model": recipe.model,
        "overrides": trainer.overrides,
        "parameters": sum(parameter.numel() for parameter in trainer.model.parameters()),
        "multiply_adds": count_multiply_adds(trainer.model, dataset.img_size),
        "test_accuracy": finished.test_accuracy,
        "validation_accuracy": finished.validation_accuracy,
        "dataset": {
            "name": dataset.name,
            "classes": list(dataset.names),
            "n_train": len(trainer.source.train.y),
            "n_validation": len(trainer.source.validation.y),
            "n_test": len(dataset.test.y),
            "split": describe_split(dataset, recipe, trainer.source.curve),
        },
        "normalise": {"mean": trainer.source.mean.tolist(), "std": trainer.source.std.tolist()},
        "recipe": json.loads(json.dumps(recipe.to_dict())),  # JSON has no tuples
        "seed": recipe.seed,
        "epochs_trained": round(epochs_before + trainer.step / trainer.steps_per_epoch, 4),
        "seconds": round(seconds_before + finished.seconds, 1),
        **continued,
        "hardware": describe_hardware(recipe.device),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "commit": current_commit(),
        "history": {
            "epoch": [epoch.epoch for epoch in epochs],
            "seconds": [round(epoch.seconds, 1) for epoch in epochs],
            "train_loss": [round(epoch.train_loss, 4) for epoch in epochs],
            "train_accuracy": [round(epoch.train_accuracy, 4) for epoch in epochs],
            "validation_accuracy": [epoch.validation_accuracy for epoch in epochs],
            "test_accuracy": [epoch.test_accuracy for epoch in epochs],
        },
    }


def describe_split(dataset: Dataset, recipe: Recipe, curve: CurvePlan) -> str:
    """Describe the origin of the three splits and how often the test split was looked at.

    Args:
        curve: the points of the run's test curve.
    """
    validation = "no validation split"
    if recipe.validation:
        validation = f"validation: {100 * recipe.validation:g}% of the training split, drawn by seed {recipe.seed}"
    looks = "once, at the end"
    if recipe.test_each_epoch:
        part = f"{curve.n_images:,} pictures of it" if curve.n_images < len(dataset.test.y) else "all of it"
        looks = f"on the way ({part}, {len(curve.steps)} times) and at the end"
    return f"{dataset.split}; {validation}; test split looked at {looks}"


def circumstances(complete: bool) -> dict[str, Any]:
    """When and where something was measured, and whether to its end."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe_hardware("cpu"),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "complete": complete,
    }


def describe_hardware(device: str) -> str:
    """The GPU's name, or the processor's name as the system gives it and the number of threads torch uses."""
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        processor = names[0] if names else processor
    threads = torch.get_num_threads()
    return f"{processor}, {threads} thread{'' if threads == 1 else 's'} of {os.cpu_count()}"


def current_commit() -> str | None:
    """The commit of the checkout this package lies in, or None outside of one."""
    source = checkout()
    if source is None:  # a repository around an installed package is not this package's
        return None
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=source, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
