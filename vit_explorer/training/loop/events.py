"""What a run says while it goes on. Events are frozen and hold plain numbers, so that they can be written and sent.

Accuracies are shares, 0 to 1; None where that split was not looked at. ``seconds`` and ``images`` count from the start
of the run; ``seconds`` is training time alone: evaluation, snapshots and waiting are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Started:
    """The run begins (``step`` 0) or goes on from a saved state. ``n_measured``: test pictures behind the curves."""

    step: int
    total_steps: int
    steps_per_epoch: int
    n_train: int
    n_validation: int
    n_test: int
    n_measured: int
    parameters: int


@dataclass(frozen=True)
class Step:
    """One optimiser step is done.

    ``loss`` is this batch's; ``running_loss`` and ``running_accuracy`` are means over about the last 50 batches;
    ``images_per_second`` counts training time alone; ``seconds_left`` is what remains of the run, steps, evaluation and
    snapshots, at the pace of the last ones; ``lr`` is the rate this step used.
    """

    step: int
    total_steps: int
    epoch: int
    images: int
    seconds: float
    loss: float
    running_loss: float
    running_accuracy: float
    lr: float
    images_per_second: float
    seconds_left: float


@dataclass(frozen=True)
class Epoch:
    """One epoch is done. Training loss and accuracy are running means, on augmented images."""

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
    """State of the model at one step of the run.

    Attributes:
        epoch: passes done so far; 0 is untrained.
        test_accuracy: on the pictures behind the curves.
        positions: position embeddings, (n_prefix + N, d_model) float32; None for a model that has none.
        probe_map: (rows, cols) float32, where the model reads its answer on the probe picture; see
            ``explain.probe.probe_map`` for what it is in which model.
        probe_answer: the class it gives the probe picture, and ``probe_probability`` how sure it is.
    """

    step: int
    epoch: float
    images: int
    seconds: float
    test_accuracy: float | None
    positions: Tensor | None
    probe_map: Tensor
    probe_answer: int
    probe_probability: float


@dataclass(frozen=True)
class Finished:
    """The run is over and evaluated on the whole test split, in full precision.

    ``train_accuracy`` is measured as that of the test split is, on training pictures as they are, of which as many are
    drawn as there are test pictures: so the two compare. None in runs that were made before it was measured.
    """

    step: int
    images: int
    seconds: float
    validation_accuracy: float | None
    test_accuracy: float
    train_accuracy: float | None = None


@dataclass(frozen=True)
class Failed:
    """The run stopped because it could not go on; ``reason`` is a sentence."""

    step: int
    reason: str


Event = Started | Step | Epoch | Snapshot | Finished | Failed
