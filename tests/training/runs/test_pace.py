"""Estimates before a race, from what this machine measured last; clocks and machines are made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.training.small import RECIPE
from vit_explorer.models.checkpoint import find_card
from vit_explorer.training.loop.looks import Pace, plan_looks
from vit_explorer.training.runs import pace as paces
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import Runner

PLAN = plan_looks(RECIPE, n_train=18, n_validation=6, n_test=9)
HERE = paces.describe_hardware("cpu")
MEASURED = paces.MeasuredPace("vit", "cpu", HERE, 1e6, 0.5, 0.1, 2.0, 4.0, at=100.0)


def test_the_newest_pace_of_this_kind_and_machine_counts():
    others = [
        replace(MEASURED, at=90.0, training=9.0),
        replace(MEASURED, at=300.0, machine="another", training=9.0),
        replace(MEASURED, at=300.0, device="cuda", training=9.0),
        replace(MEASURED, at=200.0, model="cnn", training=9.0),
    ]
    found = paces.estimate(RECIPE, 2e6, PLAN, 54, [*others, MEASURED])  # a network twice as large
    assert (found.basis, found.at, found.start) == ("measured", 100.0, 4.0)
    assert found.training == pytest.approx(2 * 54 * 0.5)
    assert found.looks == pytest.approx(2 * (PLAN.evaluated_from(0) * 0.1 + 5 * 2.0))
    assert found.seconds == pytest.approx(found.start + found.training + found.looks)


def test_another_kind_is_taken_in_proportion_and_said():
    found = paces.estimate(RECIPE, 3e6, PLAN, 54, [replace(MEASURED, model="cnn")])
    assert found.basis == "other" and found.training == pytest.approx(3 * 54 * 0.5)


def test_without_a_measurement_the_value_is_called_rough():
    found = paces.estimate(RECIPE, 3e9, PLAN, 54, [replace(MEASURED, machine="another")])
    assert (found.basis, found.at) == ("rough", None)
    assert found.training == pytest.approx(54 * 3e9 / paces.ROUGH_RATES["cpu"])
    assert found.looks == pytest.approx(PLAN.evaluated_from(0) * 1e9 / paces.ROUGH_RATES["cpu"])


def test_work_is_three_forward_passes_and_the_teachers_one():
    overrides = {**RECIPE.overrides, "img_size": 8, "n_classes": 3}
    alone = paces.work_of(RECIPE, overrides)
    assert alone > 0 and alone == pytest.approx(3 * round(alone / 3))
    taught = paces.work_of(replace(RECIPE, teacher="cnn-shapes"), overrides)
    assert find_card("cnn-shapes").is_file() and taught - alone == pytest.approx(39_520_768)


def test_a_race_leaves_its_pace_beside_it_and_damaged_files_count_as_none(tmp_path, tiny):
    race = Race.create(tmp_path, {"one": RECIPE, "two": replace(RECIPE, seed=4)}, title="Two")
    with Runner(race, lambda recipe: tiny) as runner:
        for _ in runner.events():
            pass
    found = paces.read_paces([race.path])
    assert [(one.model, one.device, one.machine) for one in found] == [("vit", "cpu", HERE)] * 2
    assert all(min(one.training, one.evaluating, one.snapshot, one.start, one.at) > 0 for one in found)
    assert paces.estimate(RECIPE, found[0].work, PLAN, 54, found).basis == "measured"
    (race.path / paces.FILE).write_text("{", encoding="utf-8")
    assert paces.read_paces([race.path, tmp_path / "gone"]) == []


def test_before_an_evaluation_its_time_is_a_third_of_training():
    pace = paces.MeasuredPace.of(Pace(0.3, None, 0.0), RECIPE, 1.0, 0.0)
    assert pace.evaluating == pytest.approx(0.1)
