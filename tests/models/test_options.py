"""Options that no network can be built from are refused before, with their range."""

from inspect import signature

import pytest

from vit_explorer.models import create_model
from vit_explorer.models.options import check_options
from vit_explorer.models.zoo import LARGE_MODELS, MODELS


@pytest.mark.parametrize(
    ("model", "option", "value", "words"),
    [
        ("vit", "n_layers", 0, "n_layers must be a whole number between 1 and 1,000, not 0"),
        ("deit", "n_layers", 0, "between 1 and 1,000"),
        ("hybrid", "n_layers", -1, "between 1 and 1,000"),
        ("vit", "n_layers", 1.5, "whole number"),
        ("vit", "n_layers", True, "whole number"),
        ("vit", "d_ff", 0, "between 1 and 65,536, not 0"),
        ("vit", "d_model", 10**9, "between 1 and 65,536"),
        ("vit", "n_registers", -1, "between 0 and 65,536"),
        ("vit", "stochastic_depth", 1.5, "from 0 to 1"),
        ("vit", "eps", "small", "from 0 up"),
        ("vit", "layer_scale", "maybe", "true or false"),
        ("vit", "cls_token", 3, "true or false"),
        ("vit", "pooling", "most", "cls, mean"),
        ("vit", "patch_embedding", "conv", "only code"),
        ("cnn", "widths", "", "one or more whole numbers between 1 and 65,536"),
        ("cnn", "widths", (), "one or more"),
        ("cnn", "widths", (64, 0), "one or more"),
        ("cnn", "widths", 64, "one or more"),
        ("swin", "depths", (2, 0), "between 1 and 1,000"),
        ("swin", "patch_size", 0, "between 1 and"),
        ("swin", "activation", "relu", "gelu"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_range(model, option, value, words):
    with pytest.raises(ValueError, match=option) as caught:
        create_model(model, **{option: value})
    assert words in str(caught.value) and f"model {model!r}" in str(caught.value)


@pytest.mark.parametrize("name", [*MODELS, *LARGE_MODELS])
def test_every_default_passes(name):
    spec = (MODELS | LARGE_MODELS)[name]
    defaults = {one.name: one.default for one in signature(spec.build).parameters.values()}
    check_options(spec.build, defaults | spec.options)


def test_lists_of_json_and_numbers_without_a_point_pass():
    check_options(MODELS["cnn"].build, {"widths": [4, 8]})
    check_options(MODELS["vit"].build, {"stochastic_depth": 0, "cls_token": None, "n_registers": 0, "n_classes": 0})
