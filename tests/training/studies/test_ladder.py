"""The ladder: each rung keeps what is below it and adds what it says, and its teacher saw the same pictures."""

import json
from dataclasses import fields

import pytest

from tests.training.sweeps import shrunk, tiny_dataset
from vit_explorer.training.loop.events import Finished
from vit_explorer.training.studies.ladder import (
    LENGTHS,
    RUNGS,
    TEACHER,
    ladder_cells,
    rung_recipes,
    steps,
    summary,
    teacher_step,
)
from vit_explorer.training.studies.sweep import Sweep, read_results
from vit_explorer.training.studies.sweep_figures import sweep_figure


def changed(before, after):
    return {one.name for one in fields(before) if getattr(before, one.name) != getattr(after, one.name)}


def test_each_rung_adds_what_it_says_to_all_below_it(tmp_path):
    recipes = [cell.recipe for cell in ladder_cells(tmp_path) if cell.facts["rung"] != TEACHER]
    assert len(recipes) == len(RUNGS)
    for rung, before, after in zip(RUNGS[1:], recipes, recipes[1:], strict=False):
        said = set(rung.fields) | ({"teacher"} if rung.name == "distillation" else set())
        assert changed(before, after) == said
        assert all(getattr(after, field) == value for field, value in rung.fields.items())
    assert recipes[0].augment == "none" and recipes[0].label_smoothing == 0 and recipes[0].subset == 5_000


def test_the_teacher_comes_before_its_pupil_and_knows_the_same_pictures(tmp_path):
    cells = ladder_cells(tmp_path, seeds=2)
    for seed in (0, 1):
        of_seed = [cell for cell in cells if cell.recipe.seed == seed]
        teacher, pupil = of_seed[-2:]
        assert pupil.recipe.model == "deit" and pupil.recipe.teacher.endswith(f"/{teacher.export_as}")
        assert teacher.recipe.model == "cnn" and teacher.recipe.subset == pupil.recipe.subset == 5_000
    assert len({cell.name for cell in cells}) == 2 * (len(RUNGS) + 1)


def test_the_long_ladder_is_the_same_on_all_pictures(tmp_path):
    short, long = ladder_cells(tmp_path), ladder_cells(tmp_path, length=LENGTHS["ladder-long"])
    for one, other in zip(short, long, strict=True):
        assert one.name == other.name and changed(one.recipe, other.recipe) == {"subset", "epochs", "batch_size"}
        assert (other.recipe.subset, other.recipe.epochs) == (50_000, 100)
        assert all(cell.recipe.batch_size % 3 == 0 for cell in (one, other))  # so that a picture can stand in it thrice


def test_seeds_of_the_long_ladder_train_and_show_their_spread(tmp_path):
    cells = [
        shrunk(cell, subset=120, epochs=1)
        for cell in ladder_cells(tmp_path, seeds=3, length=LENGTHS["ladder-long"])
        if cell.facts["rung"] in ("plain", "crop-flip")
    ]
    sweep = Sweep("ladder-long", tmp_path, cells, lambda _: tiny_dataset())
    assert sum(isinstance(event, Finished) for _, event in sweep.events()) == 6
    results = read_results(tmp_path / "results.json")
    plain, cropped = steps(results)
    assert list(plain.tests) == list(cropped.gains) == [0, 1, 2]
    figure = sweep_figure("ladder-long", results)
    told = " ".join(text.get_text() for one in (figure, *figure.axes) for text in one.texts)
    assert f"{100 * plain.mean:.1f} ± {100 * plain.spread:.1f}" in told
    assert "120 training pictures, 1 epochs, batches of 480" in " ".join(told.split())


def test_the_whole_ladder_trains(tmp_path):
    cells = [shrunk(cell, subset=120, epochs=1) for cell in ladder_cells(tmp_path)]
    sweep = Sweep("ladder", tmp_path, cells, lambda _: tiny_dataset())
    finished = [cell.name for cell, event in sweep.events() if isinstance(event, Finished)]
    assert finished == [cell.name for cell in cells]
    results = sweep.results()
    assert [point["rung"] for point in results["points"]] == [
        *(rung.name for rung in RUNGS[:-1]),
        TEACHER,
        "distillation",
    ]
    assert results["recipe"]["subset"] == 120 and "augment" not in results["recipe"]


# --- what came out ---


def results_of(points: dict[str, dict[int, tuple[float, float]]], **recipe) -> dict:
    """Results in which a rung has (test, training accuracy) by seed."""
    made = [
        {"rung": rung, "seed": seed, "images": 1, "test_accuracy": test, "train_accuracy": train, "seconds": 1.0}
        for rung, by_seed in points.items()
        for seed, (test, train) in by_seed.items()
    ]
    return {"sweep": "ladder", "points": made, "runs": 20, "recipe": recipe}


PARTS = results_of(
    {
        "depth": {0: (0.5, 0.4)},
        "plain": {0: (0.40, 0.9), 1: (0.44, 0.8)},
        "smoothing": {0: (0.50, 0.5), 1: (0.48, 0.5), 2: (0.99, 0.2)},
        "crop-flip": {0: (0.46, 0.7), 1: (0.47, 0.6)},
        "rand-augment": {1: (0.42, 0.4)},
        "erasing": {1: (0.41, 0.4)},
        "teacher": {0: (0.6, 0.95), 1: (0.7, 0.85)},
    }
)


def test_steps_are_gains_over_the_rung_below_for_the_seeds_that_both_have():
    found = steps(PARTS)
    assert [step.rung.name for step in found] == ["plain", "crop-flip", "smoothing", "rand-augment", "erasing", "depth"]
    plain, crop, smoothing, rand_augment, _, depth = found
    assert plain.gain is None and plain.mean == pytest.approx(0.42) and plain.train == pytest.approx(0.85)
    assert plain.spread == pytest.approx(0.04 / 2**0.5)  # of two values: their distance / sqrt(2)
    assert crop.gains == pytest.approx({0: 0.06, 1: 0.03}) and crop.gain == pytest.approx(0.045) and crop.clear
    assert crop.gain_spread == pytest.approx(0.03 / 2**0.5)
    assert smoothing.gains == pytest.approx({0: 0.04, 1: 0.01}) and smoothing.mean == pytest.approx(1.97 / 3)
    assert rand_augment.gain == pytest.approx(-0.06) and rand_augment.spread == 0 and not rand_augment.clear
    assert depth.gain is None  # the rung below it has no result


def test_a_gain_is_clear_where_all_seeds_agree_on_its_sign():
    def gained(first: float, second: float) -> bool:
        return steps(results_of({"plain": {0: (0.5, 0), 1: (0.5, 0)}, "crop-flip": {0: (first, 0), 1: (second, 0)}}))[
            1
        ].clear

    assert gained(0.6, 0.51) and gained(0.4, 0.3)
    assert not gained(0.6, 0.5) and not gained(0.7, 0.49)


def test_the_teacher_stands_on_no_rung():
    teacher = teacher_step(PARTS)
    assert teacher.mean == pytest.approx(0.65) and teacher.train == pytest.approx(0.9) and teacher.gain is None
    assert teacher_step(results_of({"plain": {0: (0.4, 0.9)}})) is None


def test_the_summary_names_gain_losses_and_sum():
    said = summary(steps(PARTS))
    assert said.best.rung.name == "crop-flip"
    assert [step.rung.name for step in said.hurt] == ["rand-augment", "erasing"]
    assert said.top.rung.name == "depth" and said.total == pytest.approx(0.1)  # of seed 0 alone


@pytest.mark.parametrize(
    ("points", "total"),
    [
        ({}, None),
        ({"plain": {0: (0.4, 0.4)}}, None),
        ({"crop-flip": {0: (0.4, 0.4)}, "smoothing": {0: (0.3, 0.4)}}, None),  # no plain ViT to begin with
        ({"plain": {0: (0.4, 0.4)}, "crop-flip": {1: (0.5, 0.4)}}, None),  # no seed in common
        ({"plain": {0: (0.4, 0.4)}, "crop-flip": {0: (0.3, 0.4)}}, -0.1),
    ],
)
def test_where_nothing_gained_there_is_no_best(points, total):
    said = summary(steps(results_of(points)))
    assert said.best is None
    assert said.total == pytest.approx(total)
    assert (said.top is None) == (not points)


def test_results_of_a_rung_that_is_not_there_are_refused():
    with pytest.raises(ValueError, match="no rung 'salt'"):
        steps(results_of({"salt": {0: (0.4, 0.4)}}))


def test_the_recipes_behind_results_are_those_of_the_runs(tmp_path):
    cells = [shrunk(cell, subset=120, epochs=1) for cell in ladder_cells(tmp_path, device="cpu")]
    results = Sweep("ladder", tmp_path, cells, lambda _: tiny_dataset()).results()
    recipes = rung_recipes(results, tmp_path)
    assert list(recipes) == [cell.facts["rung"] for cell in cells]
    for cell in cells:
        recipe = recipes[cell.facts["rung"]]
        assert changed(recipe, cell.recipe) == {"overrides"}  # which `shrunk` has changed
        assert recipe.subset == 120 and recipe.epochs == 1


def test_recipes_of_sweeps_over_more_seeds_are_those_of_the_first(tmp_path):
    cells = ladder_cells(tmp_path, seeds=2)
    results = Sweep("ladder", tmp_path, cells, lambda _: tiny_dataset()).results()
    recipes = rung_recipes(json.loads(json.dumps(results)), tmp_path)
    assert list(recipes.values()) == [cell.recipe for cell in cells if cell.recipe.seed == 0]
