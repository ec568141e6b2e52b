"""Optimizer steps: one at a time, or on a GPU many as a CUDA graph with nobody waiting in between."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_explorer.models.network import Network
from vit_explorer.training.loop.batches import Batch, BatchSource
from vit_explorer.training.loop.distillation import Teacher, distilled_loss
from vit_explorer.training.loop.distributed import Group
from vit_explorer.training.loop.evaluation import NotFiniteError, autocast
from vit_explorer.training.loop.graphed import GraphedStep
from vit_explorer.training.loop.learner import Learner


class Stepped(NamedTuple):
    """Sums over the images of some steps, and the learning rate of the last one."""

    loss: float
    correct: float
    images: int
    lr: float


class Stepper:
    """Moves a learner along the gradients of a run's batches.

    Args:
        teacher: that the network learns from as well, or None.
        stride: with 1, a loss that is no number is found before the weights take it up; with more, nobody waits for the
            device after every step.
    """

    def __init__(
        self, source: BatchSource, learner: Learner, teacher: Teacher | None, group: Group, stride: int
    ) -> None:
        self._source, self._learner, self._group = source, learner, group
        self._recipe = source.recipe
        self.teacher = teacher
        self._stride = stride
        self._runs_as_graph = runs_as_graph(source.device, stride, group)
        self._graphed: GraphedStep | None = None
        self._ahead: tuple[range, list[Batch]] = range(0), []  # batches made while the GPU was still busy

    def train(self, steps: range, lr_of: Callable[[int], float], following: range) -> Stepped:
        """Do some steps.

        Args:
            lr_of: the learning rate of a step.
            following: the steps that come next, whose batches are made while a GPU is still busy; may be empty.
        Raises:
            NotFiniteError: if loss or gradients became something else than numbers.
        """
        sums, images, lr = [], 0, 0.0
        self._learner.network.train()
        for step, batch in zip(steps, self._batches(steps), strict=True):
            lr = lr_of(step)
            self._learner.set_lr(lr)
            with self._own_randomness(step):
                if self._stride == 1:
                    sums.append(self._gradients(batch))
                    _check_finite(sums[0], steps)  # before the weights take it up
                    self._learner.optimizer_step()
                else:
                    sums.append(self._advance(batch).clone())
            images += len(batch.labels)
        seen = torch.stack(sums)  # (steps, 3)
        if self._stride > 1:
            if self._runs_as_graph and following:  # the GPU still has these steps to do
                self._ahead = following, list(self._source.batches(following.start, len(following)))
            _check_finite(seen.sum(dim=0), steps)
        loss, correct = seen[:, :2].sum(dim=0).tolist()
        return Stepped(loss, correct, images, lr)

    def _batches(self, steps: range) -> Iterable[Batch]:
        """The batches of some steps, which may have been made ahead."""
        (ready, batches), self._ahead = self._ahead, (range(0), [])
        return batches if ready == steps else self._source.batches(steps.start, len(steps))

    def _advance(self, batch: Batch) -> Tensor:
        """One step without waiting for the device. Returns what :meth:`_gradients` does."""
        if not self._runs_as_graph:
            return self._eager_step(batch)
        if self._graphed is None:
            self._graphed = GraphedStep(self._eager_step, batch)
        return self._graphed(batch) if self._graphed.fits(batch) else self._eager_step(batch)

    def _eager_step(self, batch: Batch) -> Tensor:
        sums = self._gradients(batch)
        self._learner.optimizer_step()
        return sums

    def _gradients(self, batch: Batch) -> Tensor:
        """Leave a batch's gradients in the parameters; (3,): loss and right answers summed, norm of the gradients."""
        part, weight = self._group.share(len(batch.labels))
        network = self._learner.network
        network.zero_grad(set_to_none=True)
        with autocast(self._source.device, self._recipe.precision):
            loss, logits = self._loss(network, batch, part)
        (loss * (weight / len(batch.labels))).backward()
        self._group.sum_gradients(network)
        correct = (logits.argmax(dim=1) == batch.labels[part]).sum()
        sums = self._group.sum(torch.stack([loss.detach(), correct]) * weight)
        return torch.cat([sums, _gradient_norm(network)])

    def _loss(self, network: Network, batch: Batch, part: slice) -> tuple[Tensor, Tensor]:
        """The loss summed over a part of a batch, and the logits of the network's answer."""
        inputs, targets = self._source.normalised(batch.images[part]), batch.targets[part]
        if self.teacher is not None:
            return distilled_loss(network, inputs, targets, self.teacher.logits(batch, part), self._recipe)
        logits = network(inputs).float()
        loss = F.cross_entropy(logits, targets, label_smoothing=self._recipe.label_smoothing, reduction="sum")
        return loss, logits

    @contextlib.contextmanager
    def _own_randomness(self, step: int) -> Iterator[None]:
        """Seed the network's own random numbers by step and process, and restore the generator afterwards."""
        devices = [self._source.device] if self._source.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(self._source.dropping_seed(step, self._group.rank))
            yield


def runs_as_graph(device: torch.device, stride: int, group: Group) -> bool:
    """Whether the steps of a run are recorded as a CUDA graph."""
    return device.type == "cuda" and stride > 1 and group.size == 1


def _check_finite(sums: Tensor, steps: range) -> None:
    loss, _, gradient = sums.tolist()
    for name, value in (("loss", loss), ("gradient", gradient)):
        if not math.isfinite(value):
            raise NotFiniteError(f"The {name} became {value} at step {steps.stop}")


def _gradient_norm(network: Network) -> Tensor:
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    return torch.nn.utils.get_total_norm(gradients).reshape(1)
