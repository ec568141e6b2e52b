"""The ladder: each rung keeps what is below it and adds what it says, and its teacher saw the same pictures."""

from dataclasses import fields

from tests.training.sweeps import shrunk, tiny_dataset
from vit_explorer.training.events import Finished
from vit_explorer.training.ladder import PICTURES, RUNGS, TEACHER, ladder_cells
from vit_explorer.training.sweep import Sweep


def changed(before, after):
    return {one.name for one in fields(before) if getattr(before, one.name) != getattr(after, one.name)}


def test_each_rung_adds_what_it_says_to_all_below_it(tmp_path):
    recipes = [cell.recipe for cell in ladder_cells(tmp_path) if cell.facts["rung"] != TEACHER]
    assert len(recipes) == len(RUNGS)
    for rung, before, after in zip(RUNGS[1:], recipes, recipes[1:], strict=False):
        said = set(rung.fields) | ({"teacher"} if rung.name == "distillation" else set())
        assert changed(before, after) == said
        assert all(getattr(after, field) == value for field, value in rung.fields.items())
    assert recipes[0].augment == "none" and recipes[0].label_smoothing == 0 and recipes[0].subset == PICTURES


def test_the_teacher_comes_before_its_pupil_and_knows_the_same_pictures(tmp_path):
    cells = ladder_cells(tmp_path, seeds=2)
    for seed in (0, 1):
        of_seed = [cell for cell in cells if cell.recipe.seed == seed]
        teacher, pupil = of_seed[-2:]
        assert pupil.recipe.model == "deit" and pupil.recipe.teacher.endswith(f"/{teacher.kept_as}")
        assert teacher.recipe.model == "cnn" and teacher.recipe.subset == pupil.recipe.subset == PICTURES
    assert len({cell.name for cell in cells}) == 2 * (len(RUNGS) + 1)


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
