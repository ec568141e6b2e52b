"""What a run still has to do and how long that takes, by clocks that are made up."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.training.small import RECIPE
from vit_explorer.training.loop.events import Step
from vit_explorer.training.loop.looks import LookTimes, plan_looks
from vit_explorer.training.loop.trainer import Trainer

PLAN = plan_looks(RECIPE, n_train=18, n_validation=6, n_test=9)  # 9 steps, 3 an epoch; snapshots at 0, 1, 2, 4 and 9


def test_the_plan_counts_every_image_that_is_evaluated():
    assert (PLAN.total_steps, PLAN.steps_per_epoch, sorted(PLAN.snapshots)) == (9, 3, [0, 1, 2, 4, 9])
    last = 6 + 9 + 9  # behind the last step: validation, all test images, and as many of training
    curve = sorted(PLAN.curve.steps)
    for step in range(10):
        points = sum(at >= step for at in curve)
        epochs = sum(end >= step for end in (3, 6, 9))
        assert PLAN.evaluated_from(step) == points * PLAN.curve.n_images + epochs * 6 + last
        assert PLAN.snapshots_from(step) == sum(at >= step for at in (0, 1, 2, 4, 9))
    blind = plan_looks(replace(RECIPE, test_each_epoch=False), n_train=18, n_validation=0, n_test=9)
    assert blind.evaluated_from(0) == 18


def test_times_are_medians_so_that_a_first_slow_look_does_not_promise_hours():
    times = LookTimes()
    assert times.ahead(PLAN, 9, seconds_per_image=0.3) == pytest.approx(0.1 * PLAN.evaluated_from(9))
    for images, seconds in ((100, 50.0), (100, 1.0), (200, 2.0)):
        times.evaluated(images, seconds)
    times.evaluated(0, 5.0)  # an empty split is no measurement
    times.snapped(3.0)
    assert times.per_image == 0.01
    expected = 0.01 * PLAN.evaluated_from(4) + 3.0 * 2  # the snapshots at 4 and 9
    assert times.ahead(PLAN, 4, seconds_per_image=0.3) == pytest.approx(expected)
    again = LookTimes()
    again.load(times.state())
    assert again.ahead(PLAN, 4, 0.3) == times.ahead(PLAN, 4, 0.3)


def test_what_is_left_counts_steps_evaluation_and_snapshots(tiny, monkeypatch):
    """A clock that goes on by a second with each look at it: a step, an evaluation and a snapshot take one each."""
    ticks = iter(range(10_000))
    clock = SimpleNamespace(perf_counter=lambda: float(next(ticks)))
    monkeypatch.setattr("vit_explorer.training.loop.trainer.time", clock)
    trainer = Trainer(RECIPE, tiny)
    assert trainer.source.plan == PLAN
    for event in trainer.events():
        if isinstance(event, Step):
            looks = PLAN.evaluated_from(event.step) / 6 + PLAN.snapshots_from(event.step)  # 6 images a second
            assert event.seconds_left == pytest.approx(9 - event.step + looks)
    assert trainer.pace.snapshot == 1 and trainer.pace.training == pytest.approx(9 / 54)
