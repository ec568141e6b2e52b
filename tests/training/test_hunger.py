"""The hunger sweep: as many updates for all, and the curves that are drawn of it."""

from dataclasses import replace

import pytest

from vit_explorer.training.hunger import MODELS, SIZES, UPDATES, curves, hunger_cells, hunger_recipe


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("model", MODELS)
def test_every_run_makes_as_many_updates(model, size):
    recipe = hunger_recipe(model, size, 3)
    assert recipe.epochs * (size // recipe.batch_size) == UPDATES and size % recipe.batch_size == 0
    assert (recipe.subset, recipe.seed, recipe.model) == (size, 3, model)
    same = hunger_recipe("cnn", 500, 3)
    assert replace(recipe, model="cnn", subset=500, epochs=same.epochs) == same


@pytest.mark.parametrize(("size", "multiple"), [(40_000, 800), (30, 1), (525, 10)])
def test_updates_that_make_no_whole_epochs_are_refused(size, multiple):
    with pytest.raises(
        ValueError, match=f"1000 updates are no whole epochs of {size:,} pictures: take a multiple of {multiple}"
    ):
        hunger_recipe("vit", size)


def test_a_seed_is_whole_before_the_next_begins(tmp_path):
    planned = hunger_cells(tmp_path, seeds=2)
    names = [cell.name for cell in planned]
    assert len(set(names)) == 2 * len(MODELS) * len(SIZES)
    assert [cell.recipe.seed for cell in planned] == [0] * 35 + [1] * 35
    for cell in planned:
        if cell.recipe.model == "deit":
            assert names.index(f"cnn-{cell.facts['size']}-seed{cell.recipe.seed}") < names.index(cell.name)


def test_curves_are_means_over_seeds_with_their_spread():
    points = [
        {"model": "vit", "size": size, "seed": seed, "test_accuracy": accuracy}
        for size, seed, accuracy in ((1000, 0, 0.5), (500, 0, 0.3), (500, 1, 0.5), (500, 2, 0.4))
    ]
    assert curves({"points": points}) == {
        "vit": [(500, pytest.approx(0.4), pytest.approx(0.1), 3), (1000, 0.5, 0.0, 1)]
    }
