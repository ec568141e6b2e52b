"""What is due at which step."""

import math
from itertools import pairwise
from typing import Any

import pytest

from vit_explorer.training import Recipe
from vit_explorer.training.loop.schedule import (
    FORWARD_SHARE,
    FREE_IMAGES,
    LOOK_SHARE,
    SMALLEST_LOOK,
    CurvePlan,
    lr_factor,
    plan_test_curve,
    snapshot_steps,
)


def factors(total: int = 100, **recipe: Any) -> list[float]:
    return [lr_factor(Recipe(**recipe), step, total) for step in range(total)]


def test_warm_up_rises_evenly_to_the_peak():
    found = factors(warmup=0.2)
    assert found[:20] == pytest.approx([(step + 1) / 20 for step in range(20)])
    assert found[20:] == [1.0] * 80


def test_without_warm_up_the_first_step_is_the_peak():
    for schedule in ("constant", "linear", "cosine"):
        assert factors(schedule=schedule)[0] == 1.0


def test_linear_falls_evenly_to_zero():
    found = factors(schedule="linear", warmup=0.2)
    assert found[20:] == pytest.approx([1 - step / 80 for step in range(80)])
    assert lr_factor(Recipe(schedule="linear", warmup=0.2), 100, 100) == 0


def test_cosine_is_halfway_in_the_middle():
    found = factors(schedule="cosine", warmup=0.2)
    assert found[60] == pytest.approx(0.5)
    assert found[40] == pytest.approx(0.5 * (1 + math.cos(math.pi / 4)))
    assert found[20:] == sorted(found[20:], reverse=True)
    assert lr_factor(Recipe(schedule="cosine", warmup=0.2), 100, 100) == pytest.approx(0)


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
@pytest.mark.parametrize("warmup", [0, 0.4, 0.9])
@pytest.mark.parametrize("total", [1, 2, 3, 10])
def test_no_step_of_a_short_run_stands_still_or_overshoots(total, warmup, schedule):
    assert all(0 < factor <= 1 for factor in factors(total, warmup=warmup, schedule=schedule))


def test_a_change_holds_from_its_step_on_and_replaces_the_one_before():
    changes = ((3, 0.5), (6, 4.0), (8, 1.0))
    assert factors(10, lr_changes=changes) == [1, 1, 1, 0.5, 0.5, 0.5, 4, 4, 1, 1]
    turned, scheduled = factors(10, schedule="linear", lr_changes=changes), factors(10, schedule="linear")
    assert [turned[step] / scheduled[step] for step in (2, 3, 6, 9)] == pytest.approx([1, 0.5, 4, 1])


def test_a_change_during_the_warm_up_counts_too():
    assert factors(10, warmup=0.4, lr_changes=((0, 2.0),))[:5] == [0.5, 1.0, 1.5, 2.0, 2.0]


@pytest.mark.parametrize("count", [2, 3, 5, 16, 200])
@pytest.mark.parametrize("total", [1, 2, 5, 15, 100, 11_730, 1_000_000])
def test_snapshots_begin_and_end_with_the_run_and_are_not_more_than_asked(total, count):
    steps = sorted(snapshot_steps(total, count))
    assert (steps[0], steps[-1]) == (0, total)
    assert all(0 <= step <= total for step in steps)
    assert len(steps) <= count
    if total >= 10_000:
        assert len(steps) == count


def test_snapshots_are_early_and_each_about_the_same_factor_later():
    steps = sorted(snapshot_steps(10_000, 16))
    assert steps[:2] == [0, 100]
    growth = [later / step for step, later in pairwise(steps[1:])]
    assert growth == pytest.approx([100 ** (1 / 14)] * 14, rel=0.02)


@pytest.mark.parametrize("n_trained", [1_500 * 2, 500 * 3, 5_000 * 20, 50_000 * 20, 200])
@pytest.mark.parametrize("n_test", [100, 1_000, 10_000])
def test_a_run_mainly_trains(n_trained, n_test):
    looks = snapshot_steps(max(30, n_trained // 128), 16) | {10, 20, 30}
    curve = plan_test_curve(looks, n_test, n_trained)
    evaluated = len(curve.steps) * curve.n_images
    assert evaluated * FORWARD_SHARE <= max(LOOK_SHARE * n_trained, FREE_IMAGES * FORWARD_SHARE)
    assert {min(looks), max(looks)} <= curve.steps <= looks
    assert min(n_test, SMALLEST_LOOK) <= curve.n_images <= n_test


def test_a_long_run_measures_every_look_on_all_images():
    looks = snapshot_steps(10_000, 16)
    curve = plan_test_curve(looks, 10_000, 50_000 * 20)
    assert (curve.steps, curve.n_images) == (looks, 10_000)


def test_fewer_images_are_evaluated_before_fewer_steps():
    looks = frozenset(range(20))
    assert plan_test_curve(looks, 10_000, 10_000) == CurvePlan(looks, 225)  # 4,500 images in all
    short = plan_test_curve(looks, 10_000, 3_000)  # 1,350 images in all
    assert short.n_images == SMALLEST_LOOK and len(short.steps) == 13
