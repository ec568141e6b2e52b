"""A recipe refuses what makes no sense, and survives being written down."""

import json
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from vit_explorer.training import Recipe
from vit_explorer.training.recipe import CHOICES, LIMITS

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
        ("seed", "0", "2.14748e+09", -1, 2**31),
    ],
)
def test_a_number_outside_its_range_is_refused_with_the_range(name, low, high, below, above):
    for value in (below, above, NAN):
        with pytest.raises(ValueError) as caught:
            Recipe(**{name: value})
        assert str(caught.value) == f"{name} must lie between {low} and {high}, not {value}"
    for edge in LIMITS[name]:
        assert getattr(Recipe(**{name: edge}), name) == edge


def test_every_number_of_a_recipe_has_limits():
    numbers = {field.name for field in fields(Recipe) if type(field.default) in (int, float)}
    assert numbers == set(LIMITS)


@pytest.mark.parametrize("name", CHOICES)
def test_a_word_that_is_no_choice_is_refused_with_the_choices(name):
    with pytest.raises(ValueError) as caught:
        Recipe(**{name: "sideways"})
    assert all(word in str(caught.value) for word in (name, *CHOICES[name], "'sideways'"))
    for choice in CHOICES[name]:
        assert getattr(Recipe(**{name: choice}), name) == choice


@pytest.mark.parametrize(("name", "value"), [("epochs", 2.5), ("batch_size", 64.0), ("seed", 0.5)])
def test_half_an_epoch_is_refused(name, value):
    with pytest.raises(ValueError, match=rf"{name} must be a whole number between .* not {value}"):
        Recipe(**{name: value})


@pytest.mark.parametrize("subset", [0, -5, 10.5])
def test_a_subset_of_less_than_a_picture_is_refused(subset):
    with pytest.raises(ValueError, match=rf"subset .* at least 1 picture, not {subset}"):
        Recipe(subset=subset)


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
    "subset": 100,
    "validation": 0.25,
    "epochs": 3,
    "batch_size": 32,
    "optimizer": "muon",
    "lr": 3e-4,
    "schedule": "cosine",
    "warmup": 0.1,
    "weight_decay": 0.05,
    "augment": "crop-flip",
    "label_smoothing": 0.1,
    "seed": 7,
    "device": "cpu",
    "precision": "bfloat16",
    "test_each_epoch": False,
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
