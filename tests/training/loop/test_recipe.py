"""A recipe refuses what makes no sense, and survives being written down."""

import json
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from vit_explorer.training import Recipe
from vit_explorer.training.loop.recipe import CHOICES, COUNTS, LIMITS, OPTIONAL_LIMITS

NAN = float("nan")


@pytest.mark.parametrize(
    ("name", "low", "high", "below", "above"),
    [
        ("validation", "0", "0.5", -0.01, 0.51),
        ("epochs", "1", "10000", 0, 10_001),
        ("batch_size", "1", "8192", 0, 8_193),
        ("lr", "1e-07", "10", 0.0, 10.1),
        ("warmup", "0", "0.9", -0.1, 1.0),
        ("weight_decay", "0", "1", -0.1, 1.1),
        ("label_smoothing", "0", "0.9", -0.1, 1.0),
        ("ema", "0", "0.99999", -0.1, 1.0),
        ("seed", "0", "2.14748e+09", -1, 2**31),
        ("snapshots", "2", "200", 1, 201),
        ("probe", "0", "1e+07", -1, 10_000_000),
        ("subset", "1", "1e+07", 0, 10_000_001),
        ("test_subset", "1", "1e+07", -5, 10_000_001),
        ("img_size", "8", "128", 7, 129),
    ],
)
def test_a_number_outside_its_range_is_refused_with_the_range(name, low, high, below, above):
    for value in (below, above, NAN):
        with pytest.raises(ValueError) as caught:
            Recipe(**{name: value})
        assert str(caught.value) == f"{name} must lie between {low} and {high}, not {value}"
    for edge in (LIMITS | OPTIONAL_LIMITS)[name]:
        assert getattr(Recipe(**{name: edge}), name) == edge


def test_every_number_of_a_recipe_has_limits():
    numbers = {field.name for field in fields(Recipe) if type(field.default) in (int, float)}
    assert numbers == set(LIMITS)
    assert {field.name for field in fields(Recipe) if field.default is None} == set(OPTIONAL_LIMITS)
    assert set(COUNTS) <= set(LIMITS) | set(OPTIONAL_LIMITS)


@pytest.mark.parametrize("name", CHOICES)
def test_a_word_that_is_no_choice_is_refused_with_the_choices(name):
    with pytest.raises(ValueError) as caught:
        Recipe(**{name: "sideways"})
    assert all(word in str(caught.value) for word in (name, *CHOICES[name], "'sideways'"))
    for choice in CHOICES[name]:
        assert getattr(Recipe(**{name: choice}), name) == choice


@pytest.mark.parametrize("name", COUNTS)
def test_half_an_epoch_is_refused(name):
    half = {**LIMITS, **OPTIONAL_LIMITS}[name][0] + 0.5
    with pytest.raises(ValueError, match=rf"{name} must be a whole number between .* not {half}"):
        Recipe(**{name: half})


@pytest.mark.parametrize("value", ["20", None, [20], True, 1j])
@pytest.mark.parametrize("name", LIMITS)
def test_what_is_no_number_is_refused_with_the_range(name, value):
    """As it may come from a file or a page."""
    with pytest.raises(ValueError, match=rf"{name} must lie between .* and .*, not "):
        Recipe(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("data", 3), ("device", None), ("test_each_epoch", "no"), ("overrides", [1]), ("model", 3), ("optimizer", None)],
)
def test_another_kind_of_value_is_refused_with_its_name(name, value):
    with pytest.raises(ValueError, match=rf"{name} must be .* not "):
        Recipe(**{name: value})


@pytest.mark.parametrize(
    "changes",
    [
        ((3, 0.5), (3, 2.0)),
        ((3, 0.5), (2, 2.0)),
        ((-1, 0.5),),
        ((1.5, 0.5),),
        ((1, 0.009),),
        ((1, 101.0),),
        ((1, NAN),),
        ((1, "2"),),
        ((1,),),
        (5,),
        [(1, 0.5)],
        3,
        tuple((step, 1.0) for step in range(1001)),
    ],
)
def test_changes_of_the_rate_that_make_no_sense_are_refused(changes):
    with pytest.raises(ValueError, match="lr_changes must be"):
        Recipe(lr_changes=changes)


def test_a_change_of_the_rate_takes_its_place():
    recipe = Recipe(lr_changes=((10, 0.5), (20, 2.0)))
    assert recipe.with_lr_change(15, 3.0).lr_changes == ((10, 0.5), (15, 3.0))
    assert recipe.with_lr_change(20, 0.1).lr_changes == ((10, 0.5), (20, 0.1))
    assert recipe.lr_changes == ((10, 0.5), (20, 2.0))


def test_an_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"vit, .*cnn.* not 'vgg'"):
        Recipe(model="vgg")


def test_a_recipe_is_not_changed_on_the_way():
    with pytest.raises(FrozenInstanceError):
        Recipe().lr = 1.0


FULL: dict[str, Any] = {
    "model": "cnn",
    "overrides": {"widths": (8, 16), "n_classes": 4},
    "data": "shapes",
    "img_size": 48,
    "subset": 100,
    "test_subset": 50,
    "validation": 0.25,
    "epochs": 3,
    "batch_size": 32,
    "optimizer": "muon",
    "lr": 3e-4,
    "schedule": "cosine",
    "warmup": 0.1,
    "lr_changes": ((5, 0.5), (9, 2.0)),
    "weight_decay": 0.05,
    "augment": "crop-flip",
    "rand_augment": 9,
    "erasing": 0.25,
    "mixup": 0.8,
    "cutmix": 1.0,
    "repeats": 2,
    "start": "vit-mine",
    "teacher": "cnn-cifar10",
    "distillation": "soft",
    "temperature": 4.0,
    "label_smoothing": 0.1,
    "ema": 0.9,
    "seed": 7,
    "device": "cpu",
    "precision": "bfloat16",
    "test_each_epoch": False,
    "snapshots": 40,
    "probe": 7,
}


def test_out_and_back_through_json():
    assert set(FULL) == {field.name for field in fields(Recipe)}
    for recipe in (Recipe(), Recipe(**FULL)):
        assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    assert Recipe(**FULL).to_dict() == FULL


def test_what_is_written_down_is_a_copy():
    recipe = Recipe(**FULL)
    recipe.to_dict()["overrides"]["n_classes"] = 99
    assert recipe.overrides["n_classes"] == 4


def test_reading_back_refuses_what_it_does_not_know():
    with pytest.raises(TypeError, match="momentum"):
        Recipe.from_dict({"momentum": 0.9})
    with pytest.raises(ValueError, match="lr must lie"):
        Recipe.from_dict({"lr": -1})
    for damaged in (3, [3], [[1, 2, 3]], {"1": 2}, "ab"):
        with pytest.raises(ValueError, match="lr_changes must be"):
            Recipe.from_dict({"lr_changes": damaged})


def test_repeats_must_divide_the_batch():
    assert Recipe(batch_size=96, repeats=3).repeats == 3
    with pytest.raises(ValueError, match="repeats must divide the batch size 128, which 3 does not"):
        Recipe(repeats=3)


INGREDIENTS = [{"augment": "crop-flip"}, {"rand_augment": 1}, {"erasing": 0.1}, {"mixup": 0.1}, {"cutmix": 1}]


@pytest.mark.parametrize("change", INGREDIENTS)
def test_each_augmentation_makes_a_picture_look_different_from_epoch_to_epoch(change):
    assert Recipe(**change).changes_pictures and not Recipe(label_smoothing=0.1, ema=0.9).changes_pictures
