"""Models by name: their sizes, options that replace the usual ones, and what cannot be built."""

import pytest
import torch

from vit_explorer.models import create_model, model_names
from vit_explorer.models.zoo import MODELS

SIZES = {"img_size": 8, "patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 2, "d_ff": 24, "n_classes": 3}
COUNTS = {"vit": 809_354, "vit-conv": 482_955, "deit": 810_900, "hybrid": 1_458_890, "swin": 929_822, "cnn": 373_386}


@pytest.mark.parametrize("name", model_names())
def test_every_name_has_its_count_and_counts_it(name):
    assert sum(parameter.numel() for parameter in create_model(name).parameters()) == COUNTS[name]
    assert MODELS[name].parameters == COUNTS[name]


def test_no_name_is_missing_from_the_table():
    assert set(model_names()) == set(COUNTS)


def test_overrides_replace_the_options_of_a_name():
    assert create_model("vit-conv").n_prefix == 0
    assert create_model("vit-conv", pooling="cls").n_prefix == 1
    assert create_model("cnn", widths=(4, 8), n_classes=7).head.weight.shape == (7, 8)


def test_weights_are_drawn_from_the_global_generator():
    first, second, other = ((torch.manual_seed(seed), create_model("vit", **SIZES))[1] for seed in (3, 3, 4))
    assert torch.equal(first.head.weight, second.head.weight)
    assert not torch.equal(first.head.weight, other.head.weight)


@pytest.mark.parametrize(
    ("name", "overrides", "sentence"),
    [
        ("vgg", {}, "there is no model 'vgg': choose one of vit, "),
        ("vit", {"colour": 3}, "model 'vit': .*colour"),
        ("vit", {"patch_size": 5}, "32 .* 5"),
        ("vit", {"n_heads": 3}, "3 heads .* 128"),
        ("vit", {"d_model": "wide"}, "model 'vit': "),
        ("vit", {"d_ff": -8}, "model 'vit': .*-8"),
        ("cnn", {"widths": (8, -8)}, "model 'cnn': "),
    ],
)
def test_what_cannot_be_built_is_a_value_error(name, overrides, sentence):
    with pytest.raises(ValueError, match=sentence):
        create_model(name, **overrides)


# --- out and back ---
