"""What twice the side of a picture costs: counted on real networks, against the formulas and by hand."""

import pytest
import torch

from vit_explorer.cost.growth import AttentionGrowth, attention_growth, doubled_cost
from vit_explorer.cost.multiply_adds import count_multiply_adds, vit_multiply_adds
from vit_explorer.models import create_model, model_names


@pytest.mark.parametrize("name", model_names())
def test_once_and_twice_are_what_the_networks_of_both_sizes_cost(name):
    cost = doubled_cost(name, {}, 32)
    assert cost.once == count_multiply_adds(create_model(name), 32)
    assert cost.twice == count_multiply_adds(create_model(name, img_size=64), 64)
    assert cost.factor == cost.twice / cost.once and cost.side == 32


def test_a_vit_grows_by_its_formula_between_the_pixels_and_their_square():
    cost = doubled_cost("vit", {}, 32)
    sizes = {"patch_values": 48, "d_model": 128, "n_layers": 4, "d_ff": 512, "n_classes": 10}
    once, twice = vit_multiply_adds(64, **sizes), vit_multiply_adds(256, **sizes)
    assert (cost.once, cost.twice) == (once["total"], twice["total"])
    assert twice["attention"] / once["attention"] == pytest.approx((257 / 65) ** 2)  # near 16: N squared
    assert twice["mlp"] / once["mlp"] == pytest.approx(257 / 65)  # near 4: N
    assert 4 < cost.factor < 16


def test_what_has_no_attention_among_all_tokens_keeps_step_with_the_pixels():
    head = {"cnn": 256 * 10, "swin": 128 * 10}  # the one part that does not grow
    for name, fixed in head.items():
        cost = doubled_cost(name, {}, 32)
        assert cost.twice - fixed == 4 * (cost.once - fixed), name


def test_overrides_are_kept_and_the_size_among_them_is_replaced():
    cost = doubled_cost(
        "vit", {"img_size": 8, "patch_size": 2, "d_model": 12, "n_heads": 3, "n_layers": 1, "d_ff": 20}, 8
    )
    by_formula = [vit_multiply_adds(n, 12, 12, 1, 20, 10)["total"] for n in (16, 64)]
    assert [cost.once, cost.twice] == by_formula


def test_counting_draws_no_random_numbers():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    doubled_cost("swin", {}, 32)
    doubled_cost("vit-conv", {}, 32)
    assert torch.equal(torch.rand(4), expected)


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match="there is no model 'lenet'"):
        doubled_cost("lenet", {}, 32)


@pytest.mark.parametrize(
    ("name", "growth"),
    [
        ("vit", AttentionGrowth("N²", 65)),
        ("vit-conv", AttentionGrowth("N²", 64)),  # pooled: no token in front
        ("deit", AttentionGrowth("N²", 66)),
        ("hybrid", AttentionGrowth("N²", 65)),
        ("swin", AttentionGrowth("N · 4²", 256, 4)),
        ("cnn", AttentionGrowth(None)),
    ],
)
def test_the_law_is_read_off_the_structure(name, growth):
    assert attention_growth(create_model(name)) == growth


def test_the_law_names_the_window_that_is_there():
    assert attention_growth(create_model("swin", window=2)).law == "N · 2²"
