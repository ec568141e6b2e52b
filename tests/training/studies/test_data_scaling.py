"""The sweep of data scaling: as many updates for all, and the curves that are drawn of it."""

from dataclasses import replace

import pytest

from vit_explorer.training.studies.data_scaling import (
    MODELS,
    SIZES,
    UPDATES,
    curves,
    is_point,
    on_curve,
    possible_sizes,
    scaling_cells,
    scaling_recipe,
    updates_of,
)
from vit_explorer.training.studies.data_scaling_findings import expectations, sated, settings, shortage


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("model", MODELS)
def test_every_run_makes_as_many_updates(model, size):
    recipe = scaling_recipe(model, size, 3)
    assert recipe.epochs * (size // recipe.batch_size) == UPDATES and size % recipe.batch_size == 0
    assert (recipe.subset, recipe.seed, recipe.model) == (size, 3, model)
    same = scaling_recipe("cnn", 500, 3)
    assert replace(recipe, model="cnn", subset=500, epochs=same.epochs) == same


@pytest.mark.parametrize(("size", "multiple"), [(40_000, 800), (30, 1), (525, 10)])
def test_updates_that_make_no_whole_epochs_are_refused(size, multiple):
    with pytest.raises(
        ValueError, match=f"1000 updates are no whole epochs of {size:,} pictures: take a multiple of {multiple}"
    ):
        scaling_recipe("vit", size)


def test_a_seed_is_whole_before_the_next_begins(tmp_path):
    planned = scaling_cells(tmp_path, seeds=2)
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


def results_of(**accuracies: dict[int, float | list[float]]) -> dict:
    """A sweep's results: by model the accuracy at each size, or one for each seed."""
    points = [
        {
            "model": model.replace("_", "-"),
            "size": size,
            "seed": seed,
            "images": 50_000,
            "test_accuracy": accuracy,
            "train_accuracy": 1.0,
        }
        for model, sizes in accuracies.items()
        for size, values in sizes.items()
        for seed, accuracy in enumerate(values if isinstance(values, list) else [values])
    ]
    return {"points": points, "runs": len(points), "recipe": {"data": "cifar10"}}


def test_the_cnn_is_ahead_where_its_mean_is_higher_at_every_size_below_ten_thousand():
    cnn = {500: [0.4, 0.42], 5_000: 0.55, 10_000: 0.5}
    ahead = expectations(results_of(cnn=cnn, vit={500: 0.3, 5_000: 0.549, 10_000: 0.9}))[0]
    assert ahead.agrees is True and ahead.found == "CNN minus ViT, in points: +11.0 at 500, +0.1 at 5,000."
    behind = expectations(results_of(cnn=cnn, vit={500: 0.3, 5_000: 0.57}))[0]
    assert behind.agrees is False and behind.found.endswith("+11.0 at 500, \N{MINUS SIGN}2.0 at 5,000.")


@pytest.mark.parametrize(("vit", "close"), [(0.621, True), (0.64, True), (0.679, True), (0.61, False), (0.69, False)])
def test_close_is_three_points_either_way_at_every_size_from_ten_thousand(vit, close):
    sizes = dict.fromkeys((10_000, 50_000), 0.65)
    found = expectations(results_of(cnn=sizes | {500: 0.5}, vit={10_000: 0.65, 50_000: vit, 500: 0.1}))[1]
    assert found.agrees is close and "3 points" in found.criterion and "500" not in found.found.replace("50,000", "")


@pytest.mark.parametrize(("stem", "narrower"), [(0.45, True), (0.6, True), (0.404, False), (0.3, False)])
def test_a_gap_is_narrower_by_half_a_point_in_the_mean(stem, narrower):
    results = results_of(
        cnn={500: 0.4, 5_000: 0.6}, vit={500: 0.3, 5_000: 0.5}, vit_conv={500: 0.3, 5_000: 2 * stem - 0.3}
    )
    found = expectations(results)[2]
    assert found.expected == "A convolutional stem narrows the gap." and found.agrees is narrower
    gap = 100 * (0.5 - stem)
    side = f"{abs(gap):.1f} points {'behind' if gap >= 0 else 'ahead of'}"
    assert found.found == f"With it {side} the CNN in the mean over 2 sizes, the plain ViT 10.0 points behind it."


def test_where_the_plain_vit_is_ahead_there_is_no_gap_to_narrow():
    found = expectations(results_of(cnn={500: 0.4}, vit={500: 0.5}, hybrid={500: 0.45}))
    assert [one.agrees for one in found] == [False, None, None, False, None]


def test_what_no_run_tells_stays_open():
    assert [one.agrees for one in expectations(results_of())] == [None] * 5
    only = expectations(results_of(cnn={500: 0.4}, deit={1_000: 0.3}))
    assert [one.agrees for one in only] == [None] * 5
    assert all(one.agrees is None and "No run" in one.found for one in only)


def test_possible_sizes_make_whole_epochs_of_the_pictures_there_are():
    assert set(SIZES) <= set(possible_sizes(UPDATES, 50_000))
    assert possible_sizes(UPDATES, 1_234) == [50, 100, 200, 250, 400, 500, 1_000]
    assert possible_sizes(UPDATES, 49) == []
    for size in possible_sizes(12, 50_000):
        assert scaling_recipe("vit", size, updates=12).epochs * size == 12 * 50


def test_between_two_points_a_curve_is_read_off_the_drawn_line():
    curve = [(500, 0.2, 0.0, 1), (2_000, 0.4, 0.0, 1), (8_000, 0.3, 0.0, 1)]
    assert on_curve(curve, 2_000) == 0.4
    assert on_curve(curve, 1_000) == pytest.approx(0.3)  # half-way on a logarithmic axis
    assert on_curve(curve, 4_000) == pytest.approx(0.35)
    assert on_curve(curve, 400) is on_curve(curve, 9_000) is on_curve([], 500) is None


def test_only_a_run_of_the_same_recipe_is_a_point():
    recipe = scaling_recipe("vit", 1_250, 7, 50, data="shapes", device="cuda", precision="bfloat16")
    assert is_point(recipe, 50)
    assert not is_point(recipe, 1_000)
    for other in ({"lr": 2e-3}, {"lr_changes": ((3, 0.5),)}, {"subset": None}, {"epochs": 3}, {"model": "swin"}):
        assert not is_point(replace(recipe, **other), 50), other


def test_the_settings_say_how_often_a_picture_is_seen():
    said = settings(results_of(cnn={500: [0.1, 0.2], 50_000: 0.3}))
    assert (
        "1,000 updates of 50 pictures, and so sees each of 500 pictures 100 times and each of 50,000 pictures once"
        in said
    )
    assert "means of 2 seeds" in settings(results_of(cnn={500: [0.1, 0.2], 50_000: [0.3, 0.4]}))
    assert "up to 2 seeds" in said and "one seed" in settings(results_of(cnn={500: 0.1}))
    few = results_of(cnn={500: 0.1})
    few["points"][0]["images"] = 250
    assert updates_of(few) == 5 and "5 updates" in settings(few) and "each of 500 pictures 0.5 times" in settings(few)
    assert updates_of(results_of()) == UPDATES


def test_runs_lack_updates_from_where_they_are_hardly_better_on_their_training_pictures():
    results = results_of(cnn={500: [0.4, 0.5], 5_000: 0.6, 50_000: 0.6}, vit={500: 0.3, 5_000: 0.4, 50_000: 0.4})
    leads = iter([0.1, -0.14, 0.1, -0.1, 0.2, 0.01, 0.019])  # as results_of lists them
    for point in results["points"]:
        point["train_accuracy"] = point["test_accuracy"] + next(leads)
    assert sated(results) == {"cnn": 50_000, "vit": 5_000}  # 500 pictures fed the CNN as well, 5,000 did not
    assert "from 5,000 on, ViT; from 50,000 on, CNN. These runs lack" in (shortage(results) or "")
    for point in results["points"]:
        point["train_accuracy"] = point["test_accuracy"] + 0.03
    assert sated(results) == {} and shortage(results) is None
