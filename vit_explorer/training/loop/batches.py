"""The batches of a run: its images as resident tensors on the device, and a batch for each step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vit_explorer.data.augment import apply_crop_and_flip, channel_statistics, draw_crop_and_flip, normalise
from vit_explorer.data.dataset import Dataset, Split
from vit_explorer.data.mixing import Mix, draw_cutmix, draw_mixup, mix_images, mix_targets, soft_targets
from vit_explorer.data.rand_augment import OPERATIONS_AN_IMAGE, Drawn, apply_operations, draw_operations
from vit_explorer.data.random_erasing import random_erasing
from vit_explorer.data.subsets import balanced_subset, cut_validation
from vit_explorer.data.transfer import sent
from vit_explorer.training.loop.device import memory_sentences, usable_device
from vit_explorer.training.loop.looks import plan_looks
from vit_explorer.training.loop.recipe import Recipe

# What a random number is for; it keeps the streams of one seed apart.
_ORDER, _AUGMENT, _RAND_AUGMENT, _ERASING, _MIXING, _DROPPING = range(6)


@dataclass(frozen=True)
class Batch:
    """The images and targets of one step.

    Attributes:
        images: uint8 (B, 3, H, W), augmented and mixed.
        labels: (B,) int64, of the pictures themselves.
        targets: what is to be learned: the labels, or where pictures are mixed (B, classes) that sum to 1 each.
        places: (B,) int64, of the pictures in the training split.
    """

    images: Tensor
    labels: Tensor
    targets: Tensor
    places: Tensor


class BatchSource:
    """The splits of one run, and its batches.

    A batch is a function of the recipe and the number of its step, and of nothing else.

    Attributes:
        device: that the recipe names.
        train, validation: uint8 pictures on the device; validation may be empty.
        plan: when the model is looked at, and at how many images.
        looks: the steps of the snapshots.
        curve: the steps at which the test curve is measured, and on how many images.
        measured: the test pictures that the curves are measured on, on the device.
        learned: training pictures, as many as the test split has or all, on the device.
        probe: (1, 3, H, W) uint8, the one picture whose map is shown.
        mean, std: (3,) of the training pictures, in units of 0..255.
    Raises:
        ValueError: for a device that is not there, or splits that cannot be had of these data or from which nothing can
            be learned.
    """

    def __init__(self, dataset: Dataset, recipe: Recipe) -> None:
        self.recipe = recipe
        self.device = device = usable_device(recipe.device)
        n_test = len(dataset.test.y)
        if recipe.probe >= n_test:
            raise ValueError(f"probe must lie between 0 and {n_test - 1}, the last test picture, not {recipe.probe}")
        if recipe.test_subset is not None and recipe.test_subset > n_test:
            raise ValueError(
                f"test_subset must lie between 1 and {n_test}, all test pictures, not {recipe.test_subset}"
            )
        remaining, validation = cut_validation(dataset.train, recipe.validation, recipe.seed)
        chosen = balanced_subset(remaining, recipe.subset or len(remaining.y), recipe.seed)
        _check_classes(dataset.names, chosen)
        self.plan = plan_looks(recipe, len(chosen.y), len(validation.y), n_test)
        self.looks, self.curve = self.plan.snapshots, self.plan.curve
        measured = balanced_subset(dataset.test, self.curve.n_images, recipe.seed)
        learned = balanced_subset(chosen, min(len(chosen.y), n_test), recipe.seed)
        self.mean, self.std = (value.to(device) for value in channel_statistics(chosen.x))
        with memory_sentences(recipe):
            self.train, self.validation, self.measured, self.learned = (
                Split(split.x.to(device), split.y.to(device)) for split in (chosen, validation, measured, learned)
            )
        self.n_classes = len(dataset.names)
        self.probe = dataset.test.x[recipe.probe : recipe.probe + 1].to(device)
        self._order: tuple[int, Tensor] = -1, torch.empty(0)  # an epoch and the order of its pictures

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch; the last one is smaller if the batch size does not divide the images."""
        return math.ceil(len(self.train.y) / self.recipe.batch_size)

    def images_until(self, step: int) -> int:
        """Training pictures seen when ``step`` steps are done, each as often as it was seen."""
        epochs, steps = divmod(step, self.steps_per_epoch)
        return epochs * len(self.train.y) + steps * self.recipe.batch_size

    def batch(self, step: int) -> Batch:
        """The batch of step number ``step``, from 0."""
        return next(self.batches(step, 1))

    def batches(self, first: int, n: int) -> Iterator[Batch]:
        """The batches of ``n`` steps from step number ``first`` on, augmented together.

        On a GPU one operation on many images costs little more than on a few; the batches are those of :meth:`batch`,
        but for the noise of random erasing, which each kind of device draws for itself.
        """
        steps = range(first, first + n)
        places = [self._places(step) for step in steps]
        images = self._augmented(self.train.x[torch.cat(places)], steps, [len(some) for some in places])
        for step, some, part in zip(steps, places, images.split([len(some) for some in places]), strict=True):
            labels = self.train.y[some]
            mix = self._mix(len(labels), step)
            if mix is None:
                yield Batch(part, labels, labels, some)
            else:
                targets = mix_targets(soft_targets(labels, self.n_classes), mix)
                yield Batch(mix_images(part, mix), labels, targets, some)

    def dropping_seed(self, step: int, rank: int) -> int:
        """Seed of a network's own random numbers in a step, such as those of stochastic depth."""
        return _seed(self.recipe.seed, _DROPPING, step, rank)

    def _places(self, step: int) -> Tensor:
        """Indices of a step's images in the training split; with ``repeats`` each one several times in a row."""
        epoch, index = divmod(step, self.steps_per_epoch)
        if self._order[0] != epoch:
            order = torch.randperm(len(self.train.y), generator=_generator(self.recipe.seed, _ORDER, epoch))
            self._order = epoch, sent(order.repeat_interleave(self.recipe.repeats)[: len(order)], self.device)
        return self._order[1][index * self.recipe.batch_size : (index + 1) * self.recipe.batch_size]

    def _augmented(self, images: Tensor, steps: range, sizes: Sequence[int]) -> Tensor:
        """The images of several steps, end to end, each changed as its own step draws it."""
        recipe = self.recipe

        def drawn(stream: int, draw: Callable[[int, torch.Generator], Any]) -> list[Any]:
            return [draw(n, _generator(recipe.seed, stream, step)) for n, step in zip(sizes, steps, strict=True)]

        if recipe.augment != "none":
            draw = partial(draw_crop_and_flip, flips=recipe.augment == "crop-flip")
            images = apply_crop_and_flip(images, torch.cat(drawn(_AUGMENT, draw)))
        if recipe.rand_augment:
            operations = drawn(_RAND_AUGMENT, lambda n, generator: draw_operations(n, OPERATIONS_AN_IMAGE, generator))
            together = Drawn(*(torch.cat(parts) for parts in zip(*operations, strict=True)))
            images = apply_operations(images, together, recipe.rand_augment)
        if recipe.erasing:
            parts = zip(images.split(list(sizes)), steps, strict=True)
            generators = ((part, _generator(recipe.seed, _ERASING, step)) for part, step in parts)
            images = torch.cat([random_erasing(part, recipe.erasing, generator) for part, generator in generators])
        return images

    def _mix(self, n: int, step: int) -> Mix | None:
        """How the images of a step are mixed; None if they are not."""
        recipe, seed = self.recipe, _seed(self.recipe.seed, _MIXING, step)
        if not recipe.mixup and not recipe.cutmix:
            return None
        cut = bool(recipe.cutmix) and (not recipe.mixup or seed % 2 == 0)
        height, width = self.train.x.shape[-2:]
        return draw_cutmix(n, height, width, recipe.cutmix, seed) if cut else draw_mixup(n, recipe.mixup, seed)

    def normalised(self, images: Tensor) -> Tensor:
        """Normalise uint8 images from any device -> float32 on the run's device."""
        images = normalise(images.to(self.device), self.mean, self.std)
        return images.contiguous(memory_format=torch.channels_last)


def with_sizes(recipe: Recipe, dataset: Dataset) -> dict[str, Any]:
    """The options of the recipe's model, with the sizes that come from the data. Raises ValueError for other sizes."""
    sizes = {"img_size": dataset.img_size, "n_classes": len(dataset.names)}
    for name, value in sizes.items():
        if recipe.overrides.get(name, value) != value:
            raise ValueError(f"{name} is {value} in these data and cannot be set to {recipe.overrides[name]}")
    return {**sizes, **recipe.overrides}


def _check_classes(names: tuple[str, ...], train: Split) -> None:
    counts = torch.bincount(train.y, minlength=len(names))
    if int((counts > 0).sum()) < 2:
        only = names[int(counts.argmax())]
        raise ValueError(
            f"all {len(train.y):,} training pictures are of one class, {only!r}: there must be two at least"
        )
    missing = [name for name, count in zip(names, counts.tolist(), strict=True) if count == 0]
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ValueError(
            f"class {missing[0]!r}{others} has no picture among the {len(train.y):,} for training: give it some, or "
            "leave the class out"
        )


def _generator(seed: int, stream: int, index: int) -> torch.Generator:
    """A generator for one purpose at one moment of a run."""
    return torch.Generator().manual_seed(_seed(seed, stream, index))


def _seed(*parts: int) -> int:
    """A seed of 63 bits for whole numbers that say what it is for."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))
