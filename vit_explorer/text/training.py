"""Training on a sequence task: one generator of events, the same for the same seed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vit_explorer.text.cache import KVCache
from vit_explorer.text.greedy import greedy_decode
from vit_explorer.text.model import BOUNDARY, PAD, TextTransformer
from vit_explorer.text.tasks import Pairs, SequenceTask


@dataclass(frozen=True)
class TextRecipe:
    """Everything that a training depends on, with the defaults of the shipped checkpoint.

    Attributes:
        lr: constant learning rate of Adam.
        clip: largest norm of the gradient.
        seed: of the sequences, the fresh weights and the order of the batches.
    Raises:
        ValueError: for a number that cannot work.
    """

    task: SequenceTask = field(default_factory=SequenceTask)
    n_train: int = 3_000
    n_test: int = 500
    epochs: int = 30
    batch_size: int = 64
    lr: float = 1e-3
    clip: float = 5.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("n_train", "n_test", "epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, not {getattr(self, name)}")
        if not (0 < self.lr < 1 and self.clip > 0):
            raise ValueError(f"lr must lie between 0 and 1 and clip above 0, not {self.lr} and {self.clip}")


@dataclass(frozen=True)
class Accuracy:
    """Shares from 0 to 1.

    Attributes:
        tokens: symbols of the answers that are right, each at its place; the end is not counted.
        sequences: answers that are right from the first symbol to the end.
    """

    tokens: float
    sequences: float


@dataclass(frozen=True)
class Measured:
    """A network on test sequences.

    Attributes:
        loss: mean cross-entropy of a token, the end among them, under teacher forcing.
        teacher_forced: each token predicted after the right ones before it.
        free_running: each token predicted after the network's own output, by greedy decoding.
    """

    loss: float
    teacher_forced: Accuracy
    free_running: Accuracy


@dataclass(frozen=True)
class StepDone:
    """One optimizer step; ``loss`` is that of its batch before the step."""

    step: int
    total_steps: int
    epoch: int
    loss: float


@dataclass(frozen=True)
class EpochDone:
    """One pass over the training sequences, or epoch 0: the untrained network.

    Attributes:
        seconds: training time so far; measuring is left out.
        train_loss: mean over the pass, None at epoch 0.
        weights: a copy of the state_dict.
    """

    epoch: int
    step: int
    seconds: float
    train_loss: float | None
    test: Measured
    weights: dict[str, Tensor]


def token_loss(logits: Tensor, expected: Tensor) -> Tensor:
    """Mean cross-entropy of the tokens that are not padding, (B, T, vocabulary) and (B, T) -> scalar."""
    return F.cross_entropy(logits.flatten(0, 1), expected.flatten(), ignore_index=PAD)


def accuracy(predicted: Tensor, expected: Tensor) -> Accuracy:
    """Compare tokens at each place, both (B, T) with the end; places where padding is expected do not count."""
    right = predicted == expected
    symbols = expected > BOUNDARY
    whole = (right | (expected == PAD)).all(dim=1)
    return Accuracy(right[symbols].float().mean().item(), whole.float().mean().item())


@torch.no_grad()
def measure(model: TextTransformer, pairs: Pairs) -> Measured:
    """Measure loss and accuracies on sequences."""
    logits = model(pairs.source, pairs.shown)
    decoded = greedy_decode(model, pairs.source, cache=KVCache()).tokens
    missing = pairs.expected.shape[1] - decoded.shape[1]
    return Measured(
        token_loss(logits, pairs.expected).item(),
        accuracy(logits.argmax(dim=2), pairs.expected),
        accuracy(F.pad(decoded, (0, missing), value=PAD), pairs.expected),
    )


def fresh_model(recipe: TextRecipe) -> TextTransformer:
    """A network of the default sizes for the task, its weights drawn by the recipe's seed."""
    with torch.random.fork_rng(devices=[]):  # the caller's generator is left as it was
        torch.manual_seed(recipe.seed)
        return TextTransformer(recipe.task.vocabulary)


def train_text(recipe: TextRecipe) -> Iterator[StepDone | EpochDone]:
    """Train a fresh network: an ``EpochDone`` at the start and after each pass, a ``StepDone`` after each step.

    The same recipe gives the same numbers on the same machine with the same number of threads. To stop, ask for no
    more events.

    Raises:
        ValueError: if there are too few different sequences.
    """
    train, test = recipe.task.draw(recipe.n_train, recipe.n_test, recipe.seed)
    model = fresh_model(recipe)
    optimizer = torch.optim.Adam(model.parameters(), recipe.lr)
    order = torch.Generator().manual_seed(recipe.seed)
    steps_per_epoch = -(-recipe.n_train // recipe.batch_size)
    step, seconds = 0, 0.0
    yield EpochDone(0, 0, 0.0, None, measure(model, test), _copy(model))
    for epoch in range(1, recipe.epochs + 1):
        total_loss = 0.0
        for rows in torch.randperm(recipe.n_train, generator=order).split(recipe.batch_size):
            began = time.perf_counter()
            batch = train[rows]
            loss = token_loss(model(batch.source, batch.shown), batch.expected)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
            optimizer.step()
            seconds += time.perf_counter() - began
            step += 1
            total_loss += loss.item() * len(rows)
            yield StepDone(step, recipe.epochs * steps_per_epoch, epoch, loss.item())
        yield EpochDone(epoch, step, seconds, total_loss / recipe.n_train, measure(model, test), _copy(model))


def _copy(model: TextTransformer) -> dict[str, Tensor]:
    return {key: value.detach().clone() for key, value in model.state_dict().items()}
