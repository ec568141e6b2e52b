"""The clock of the curves counts training: a process that stood still did not train."""

from itertools import pairwise

import pytest

from tests.training.small import RECIPE
from vit_explorer.training.loop import trainer as trainer_module
from vit_explorer.training.loop.events import Step
from vit_explorer.training.loop.metrics import BatchSums, RunningMetrics
from vit_explorer.training.loop.trainer import Trainer


def counted(*seconds: float, steps: int = 1) -> RunningMetrics:
    metrics = RunningMetrics()
    for one in seconds:
        metrics.add(BatchSums(1.0, 1.0, 8, one, steps))
    return metrics


@pytest.mark.parametrize("usual", [0.01, 1.0])
def test_a_batch_in_which_the_process_stood_still_counts_as_long_as_the_others(usual):
    metrics = counted(usual, usual, 15 + usual, usual)
    assert metrics.seconds == pytest.approx(4 * usual) and metrics.step == 4
    assert metrics.seconds_per_step() == pytest.approx(usual)


@pytest.mark.parametrize("seconds", [(20.0, 0.1, 0.1), (0.1, 0.1, 2.9), (2.0, 9.0), (4.0, 4.0)])
def test_slow_batches_are_counted(seconds):
    assert counted(*seconds).seconds == pytest.approx(sum(seconds))


def test_strides_of_different_lengths_compare_by_their_steps():
    metrics = counted(0.5, steps=5)
    metrics.add(BatchSums(1.0, 1.0, 8, 5.0, 50))
    assert metrics.seconds == pytest.approx(5.5)


def test_a_run_that_was_stopped_for_15_seconds_shows_no_gap(tiny, monkeypatch):
    """The clock jumps within the fifth step, as it does for a process that gets SIGSTOP and later SIGCONT."""
    trainer, jump = Trainer(RECIPE, tiny), 0.0
    clock, gradients = trainer_module.time.perf_counter, trainer._stepper._gradients
    monkeypatch.setattr(trainer_module.time, "perf_counter", lambda: clock() + jump)

    def stopped(batch):
        nonlocal jump
        jump += 15 if trainer.step == 4 else 0
        return gradients(batch)

    monkeypatch.setattr(trainer._stepper, "_gradients", stopped)
    steps = [event for event in trainer.events() if isinstance(event, Step)]
    assert jump == 15 and steps[-1].seconds < 15
    assert max(after.seconds - before.seconds for before, after in pairwise(steps)) < 5
