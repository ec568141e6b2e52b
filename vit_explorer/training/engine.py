"""How a model learns: one loop over resident tensors that tells what it does through events and knows no page.

All randomness of a step is a function of (seed, step), never of what came before. So a run that is saved after any
step and resumed goes on exactly as if nothing had happened.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vit_explorer.data.augment import channel_statistics, crop_and_flip, normalise
from vit_explorer.data.sources import Dataset, Split, balanced_subset, cut_validation, open_dataset
from vit_explorer.models.zoo import create_model
from vit_explorer.training.events import Epoch, Event, Failed, Finished, Snapshot, Started, Step
from vit_explorer.training.recipe import Recipe

EVALUATION_BATCH = 500
N_SNAPSHOTS = 16  # of the position embeddings, the untrained ones among them
BETAS = (0.9, 0.999)

# What a random number is for; it keeps the streams of one seed apart.
_ORDER, _AUGMENT = range(2)


def train(recipe: Recipe, dataset: Dataset | None = None) -> Iterator[Event]:
    """Train a fresh model and tell what happens, event by event. See :class:`Trainer` to save, resume or keep it."""
    return Trainer(recipe, dataset).events()


class Trainer:
    """A run in memory: model, optimiser and place in the schedule.

    Args:
        recipe: what to do.
        dataset: the data, if already open; else ``open_dataset(recipe.data)``.
        state: what :meth:`state` gave, to go on from there.
    """

    def __init__(self, recipe: Recipe, dataset: Dataset | None = None, state: dict[str, Any] | None = None) -> None:
        self.recipe = recipe
        self.dataset = dataset or open_dataset(recipe.data)
        remaining, self.validation = cut_validation(self.dataset.train, recipe.validation, recipe.seed)
        self.train_split = balanced_subset(remaining, recipe.subset or len(remaining.y), recipe.seed)
        self.mean, self.std = channel_statistics(self.train_split.x)

        self.device = _usable_device(recipe.device)
        sizes = {"img_size": self.dataset.img_size, "n_classes": len(self.dataset.names)}
        self.overrides = {**sizes, **recipe.overrides}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            self.model = create_model(recipe.model, **self.overrides)
        self.model = self.model.to(self.device, memory_format=torch.channels_last)
        self.optimizers = _optimizers(self.model, recipe)

        self.step = 0
        self.seconds = 0.0  # of training, evaluation and waiting left out
        self._loss_sum, self._correct = 0.0, 0  # over the epoch under way
        self._epochs_told, self._snapshot_told = 0, -1
        if state is not None:
            self._load(state)

    @property
    def steps_per_epoch(self) -> int:
        """The last batch of an epoch is smaller where the batch size does not divide the pictures."""
        return math.ceil(len(self.train_split.y) / self.recipe.batch_size)

    @property
    def total_steps(self) -> int:
        return self.recipe.epochs * self.steps_per_epoch

    def state(self) -> dict[str, Any]:
        """All that is needed to go on from here, as tensors and plain values: a copy that training on leaves alone."""
        state = {
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "seconds": self.seconds,
            "loss_sum": self._loss_sum,
            "correct": self._correct,
            "epochs_told": self._epochs_told,
            "snapshot_told": self._snapshot_told,
        }
        return copy.deepcopy(state)

    def events(self) -> Iterator[Event]:
        """Train to the end of the recipe. The state may be saved whenever an event has been received."""
        yield Started(
            self.step,
            self.total_steps,
            len(self.train_split.y),
            len(self.validation.y),
            len(self.dataset.test.y),
            sum(parameter.numel() for parameter in self.model.parameters()),
        )
        due = snapshot_steps(self.total_steps) if hasattr(self.model, "pos_embedding") else frozenset()
        while True:
            if self.step in due and self._snapshot_told != self.step:
                yield self._snapshot()
            if self.step == (self._epochs_told + 1) * self.steps_per_epoch:
                yield self._end_epoch()
            if self.step == self.total_steps:
                break
            event = self._train_step()
            yield event
            if isinstance(event, Failed):
                return
        yield Finished(
            self.step, self.seconds, self._accuracy_or_none(self.validation), self.accuracy(self.dataset.test)
        )

    @torch.inference_mode()
    def accuracy(self, split: Split) -> float:
        """Share of a split that is classified rightly, in eval mode and full precision."""
        self.model.eval()
        correct = 0
        for x, y in zip(split.x.split(EVALUATION_BATCH), split.y.split(EVALUATION_BATCH), strict=True):
            correct += int((self.model(self._input(x)).argmax(dim=1).cpu() == y).sum())
        return correct / len(split.y)

    def _train_step(self) -> Step | Failed:
        started = time.perf_counter()
        epoch, index = divmod(self.step, self.steps_per_epoch)
        order = torch.randperm(len(self.train_split.y), generator=_generator(self.recipe.seed, _ORDER, epoch))
        batch = order[index * self.recipe.batch_size : (index + 1) * self.recipe.batch_size]
        images, labels = self.train_split.x[batch], self.train_split.y[batch].to(self.device)
        if self.recipe.augment == "crop-flip":
            images = crop_and_flip(images, _generator(self.recipe.seed, _AUGMENT, self.step))

        lr = self.recipe.lr * lr_factor(self.recipe, self.step, self.total_steps)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr
        self.model.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bfloat16"):
            logits = self.model(self._input(images))
            loss = F.cross_entropy(logits, labels, label_smoothing=self.recipe.label_smoothing)
        value = loss.item()
        if not math.isfinite(value):
            return Failed(self.step, f"The loss became {value} at step {self.step + 1}: try a lower learning rate.")
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

        self.step += 1
        self.seconds += time.perf_counter() - started
        self._loss_sum += value * len(labels)
        self._correct += int((logits.argmax(dim=1) == labels).sum())
        per_step = self.seconds / self.step
        return Step(
            step=self.step,
            total_steps=self.total_steps,
            epoch=epoch + 1,
            loss=value,
            lr=lr,
            images_per_second=self._images_seen() / self.seconds,
            seconds_left=per_step * (self.total_steps - self.step),
        )

    def _end_epoch(self) -> Epoch:
        n_train = len(self.train_split.y)
        event = Epoch(
            epoch=self.step // self.steps_per_epoch,
            step=self.step,
            images=self._images_seen(),
            seconds=self.seconds,
            train_loss=self._loss_sum / n_train,
            train_accuracy=self._correct / n_train,
            validation_accuracy=self._accuracy_or_none(self.validation),
            test_accuracy=self.accuracy(self.dataset.test) if self.recipe.test_each_epoch else None,
        )
        self._loss_sum, self._correct = 0.0, 0
        self._epochs_told = event.epoch
        return event

    def _snapshot(self) -> Snapshot:
        self._snapshot_told = self.step
        positions = self.model.pos_embedding.detach()[0].float().cpu().clone()
        return Snapshot(self.step, self.step / self.steps_per_epoch, positions)

    def _input(self, images: Tensor) -> Tensor:
        images = images.to(self.device)
        return normalise(images, self.mean.to(self.device), self.std.to(self.device)).contiguous(
            memory_format=torch.channels_last
        )

    def _accuracy_or_none(self, split: Split) -> float | None:
        return self.accuracy(split) if len(split.y) else None

    def _images_seen(self) -> int:
        epochs, steps = divmod(self.step, self.steps_per_epoch)
        return epochs * len(self.train_split.y) + steps * self.recipe.batch_size

    def _load(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(copy.deepcopy(saved))  # torch would go on writing into the tensors it is given
        self.step, self.seconds = state["step"], state["seconds"]
        self._loss_sum, self._correct = state["loss_sum"], state["correct"]
        self._epochs_told, self._snapshot_told = state["epochs_told"], state["snapshot_told"]


def lr_factor(recipe: Recipe, step: int, total_steps: int) -> float:
    """The share of the peak learning rate that step number ``step`` (from 0) uses."""
    warmup_steps = round(recipe.warmup * total_steps)
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    if recipe.schedule == "constant":
        return 1.0
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return 1 - progress if recipe.schedule == "linear" else 0.5 * (1 + math.cos(math.pi * progress))


def snapshot_steps(total_steps: int, count: int = N_SNAPSHOTS) -> frozenset[int]:
    """0 and ``count - 1`` more steps up to the last, each about the same factor later: most happens early."""
    return frozenset({0, *(round(total_steps ** (i / (count - 1))) for i in range(1, count))})


def _usable_device(name: str) -> torch.device:
    """The device of that name, tried out, so that one that is not there is a ValueError with a sentence."""
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:  # AssertionError: a torch that was built without it
        reason = str(error).splitlines()[0]
        raise ValueError(f"device {name!r} cannot be used here: {reason}") from error


def _generator(seed: int, stream: int, index: int) -> torch.Generator:
    """A generator for one purpose at one moment of a run."""
    mixed = np.random.SeedSequence((seed, stream, index)).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(mixed >> np.uint64(1)))


def _optimizers(model: nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    if recipe.optimizer == "adam":
        return [torch.optim.Adam(model.parameters(), recipe.lr, BETAS, weight_decay=recipe.weight_decay, fused=True)]
    named = dict(model.named_parameters())
    for_muon = {
        name for name in named if recipe.optimizer == "muon" and name.startswith("blocks.") and named[name].ndim == 2
    }
    others = [named[name] for name in named if name not in for_muon]
    matrices = [parameter for name, parameter in named.items() if name not in for_muon and name.endswith("weight")]
    matrices = [parameter for parameter in matrices if parameter.ndim > 1]
    decayed = {id(parameter) for parameter in matrices}
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": [parameter for parameter in others if id(parameter) not in decayed], "weight_decay": 0.0},
    ]
    optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, recipe.lr, BETAS, fused=True)]
    if for_muon:
        blocks = [named[name] for name in sorted(for_muon)]
        optimizers.append(
            torch.optim.Muon(blocks, recipe.lr, weight_decay=recipe.weight_decay, adjust_lr_fn="match_rms_adamw")
        )
    return optimizers
