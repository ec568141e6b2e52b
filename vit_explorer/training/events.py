"""What a run says while it goes on. Events are frozen and hold plain numbers, so that they can be written and sent."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Started:
    """The run begins (``step`` 0) or goes on from a saved state."""

    step: int
    total_steps: int
    n_train: int
    n_validation: int
    n_test: int
    parameters: int


@dataclass(frozen=True)
class Step:
    """One optimiser step is done. ``loss`` is this batch's, ``images_per_second`` counts training time alone."""

    step: int
    total_steps: int
    epoch: int
    loss: float
    lr: float
    images_per_second: float
    seconds_left: float


@dataclass(frozen=True)
class Epoch:
    """One pass is done. Training loss and accuracy are those seen on the way, on augmented pictures.

    Accuracies are shares, 0 to 1; None where that split was not looked at. ``seconds`` and ``images`` count from the
    start of the run, ``seconds`` training time alone.
    """

    epoch: int
    step: int
    images: int
    seconds: float
    train_loss: float
    train_accuracy: float
    validation_accuracy: float | None
    test_accuracy: float | None


@dataclass(frozen=True)
class Snapshot:
    """The position embeddings at this moment, (n_prefix + N, d_model) float32."""

    step: int
    epoch: float
    positions: Tensor


@dataclass(frozen=True)
class Finished:
    """The run is over and the test split has been looked at."""

    step: int
    seconds: float
    validation_accuracy: float | None
    test_accuracy: float


@dataclass(frozen=True)
class Failed:
    """The run stopped because it could not go on; ``reason`` is a sentence."""

    step: int
    reason: str


Event = Started | Step | Epoch | Snapshot | Finished | Failed
