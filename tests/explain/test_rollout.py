"""Rollout: what public code gets wrong (FIELD-NOTES.md), and the paper's product in five lines of float64."""

import itertools

import pytest
import torch
from torch import Tensor

from tests.explain.small import some_attention
from vit_explorer.explain.rollout import fuse_heads, layer_flow, rollout, rollout_steps

FUSIONS = ["mean", "max", "min"]
DISCARDS = [0.0, 0.3, 0.9, 0.99]


def one_hot_attention() -> list[Tensor]:
    """Two heads that agree on no key in any row."""
    head = torch.eye(17)
    return [torch.stack([head.roll(1, 0), head.roll(2, 0)])[None]] * 2


@pytest.mark.parametrize(
    ("fusion", "discard", "residual", "start", "n_prefix"),
    [*itertools.product(FUSIONS, DISCARDS, [True, False], [0, 2], [0, 1])],
)
def test_rows_sum_to_one_whatever_is_asked_for(fusion, discard, residual, start, n_prefix):
    for sharp in (0.0, 2.0, 60.0):
        found = rollout(some_attention(sharp=sharp), fusion, discard, residual, start, n_prefix)
        assert found.shape == (2, 17, 17)
        assert (found >= 0).all()
        assert (found.sum(-1) - 1).abs().max() < 1e-5


@pytest.mark.parametrize(("fusion", "residual"), [*itertools.product(FUSIONS, [True, False])])
def test_mean_max_and_min_against_five_lines_of_float64(fusion, residual):
    attention = some_attention()
    expected = torch.eye(17).double()
    for weights in attention:
        fused = {"mean": weights.mean(1), "max": weights.amax(1), "min": weights.amin(1)}[fusion].double()
        fused = fused + torch.eye(17).double() if residual else fused
        expected = fused / fused.sum(-1, keepdim=True) @ expected
    assert (rollout(attention, fusion, residual=residual) - expected).abs().max() < 1e-6


def test_the_later_layer_is_on_the_left():
    first = torch.tensor([[0.0, 1, 0], [0.5, 0.5, 0], [0, 0, 1]])[None, None]
    later = torch.tensor([[0.0, 0, 1], [1, 0, 0], [0.5, 0, 0.5]])[None, None]
    expected = torch.tensor([[[0.0, 0, 1], [0, 1, 0], [0, 0.5, 0.5]]])
    assert torch.equal(rollout([first, later], residual=False), expected)
    assert not torch.equal(rollout([later, first], residual=False), expected)


@pytest.mark.parametrize("residual", [True, False])
def test_attention_to_oneself_alone_gives_the_identity(residual):
    identity = torch.eye(17).expand(2, 3, 17, 17)
    for fusion, discard in itertools.product(FUSIONS, [0.0, 0.5]):
        found = rollout([identity] * 4, fusion, discard, residual)
        assert torch.equal(found, torch.eye(17).expand(2, 17, 17))


@pytest.mark.parametrize(("fusion", "discard"), [*itertools.product(FUSIONS, DISCARDS)])
def test_two_pictures_at_once_are_two_pictures_one_by_one(fusion, discard):
    attention = some_attention()
    both = rollout(attention, fusion, discard)
    for i in range(2):
        alone = rollout([weights[i : i + 1] for weights in attention], fusion, discard)
        assert torch.allclose(both[i : i + 1], alone, atol=1e-7)
    assert not torch.allclose(both[0], both[1], atol=1e-3)


@pytest.mark.parametrize(("discard", "n_prefix"), [*itertools.product([0.2, 0.5, 0.99], [0, 1])])
def test_each_row_loses_its_smallest_patches_and_never_cls(discard, n_prefix):
    (weights,) = some_attention(1)
    weights[..., 0] = 1e-6  # less than any patch
    found = layer_flow(weights, "mean", discard, residual=False, n_prefix=n_prefix)
    fused = weights.mean(1)
    n_lost = int(discard * (17 - n_prefix))
    for picture, row in itertools.product(range(2), range(17)):
        patches = fused[picture, row, n_prefix:]
        kept = patches >= patches.sort().values[n_lost]
        expected = torch.cat([fused[picture, row, :n_prefix], torch.where(kept, patches, 0.0)])
        assert torch.allclose(found[picture, row], expected / expected.sum(), atol=1e-6)
    assert (found[..., n_prefix:] > 0).sum(-1).unique().tolist() == [17 - n_prefix - n_lost]
    assert bool((found[..., 0] > 0).all()) == (n_prefix == 1)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_a_share_less_than_one_patch_discards_nothing(fusion):
    attention = some_attention()
    assert torch.equal(rollout(attention, fusion, 0.0), rollout(attention, fusion, 0.99 / 16))
    assert not torch.equal(rollout(attention, fusion, 0.0), rollout(attention, fusion, 1 / 16))


def test_steps_are_what_each_layer_adds():
    attention = some_attention(4)
    steps = rollout_steps(attention, "max", 0.5)
    assert len(steps) == 4
    for layer in range(4):
        assert torch.equal(steps[layer], rollout(attention[: layer + 1], "max", 0.5))
    assert torch.equal(steps[0], layer_flow(attention[0], "max", 0.5))


def test_layers_below_the_first_one_are_left_out():
    attention = some_attention(4)
    for start in range(4):
        assert torch.equal(rollout(attention, start_layer=start), rollout(attention[start:]))
    assert len(rollout_steps(attention, start_layer=3)) == 1


def test_a_row_in_which_nothing_is_left_passes_its_token_on():
    attention = one_hot_attention()
    assert fuse_heads(attention[0], "min").abs().max() == 0
    assert torch.equal(rollout(attention, "min", residual=False), torch.eye(17)[None])
    assert torch.equal(rollout(attention, "min"), torch.eye(17)[None])


def test_half_precision_rows_sum_to_one_too():
    found = rollout([weights.half() for weights in some_attention()], "min", 0.9, residual=False)
    assert (found.float().sum(-1) - 1).abs().max() < 5e-3


def test_the_callers_attention_stays_as_it_was():
    attention = some_attention()
    before = [weights.clone() for weights in attention]
    for fusion in FUSIONS:
        rollout(attention, fusion, 0.9, residual=False)
    assert all(torch.equal(one, other) for one, other in zip(attention, before, strict=True))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"head_fusion": "median"}, "one of mean, max, min, not 'median'"),
        ({"discard_ratio": 1.0}, "at least 0 and below 1, not 1.0"),
        ({"discard_ratio": -0.1}, "at least 0 and below 1, not -0.1"),
        ({"discard_ratio": float("nan")}, "at least 0 and below 1, not nan"),
        ({"start_layer": 3}, "0 to 2, not 3"),
        ({"start_layer": -1}, "0 to 2, not -1"),
    ],
)
def test_what_cannot_be_is_refused_with_its_range(options, words):
    with pytest.raises(ValueError, match=words):
        rollout(some_attention(), **options)


def test_a_model_without_attention_is_refused():
    with pytest.raises(ValueError, match="this model has none"):
        rollout([])
