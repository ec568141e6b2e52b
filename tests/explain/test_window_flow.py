"""Rollout and relevance through windows that shift and maps that shrink."""

import pytest
import torch

from tests.explain.swin import small_swin
from vit_explorer.explain import explanation_maps, methods_for, rollout, trace
from vit_explorer.explain.gradients import relevance_through_attention, trace_gradients
from vit_explorer.explain.window_flow import pool_map, window_relevance, window_rollout
from vit_explorer.explain.windows import attention_on_map, layout_of, merged_tokens, reach
from vit_explorer.models.swin import SwinTransformer


def pictures(side: int, n: int = 2) -> torch.Tensor:
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


@pytest.mark.parametrize("side", [16, 14, 10])
def test_rows_sum_to_one_and_nothing_flows_where_nothing_reaches(side):
    traced = trace(small_swin(side), pictures(side))
    steps = window_rollout(traced.windows)
    reached = reach([layout_of(record.grid, record.plan) for record in traced.windows])
    for step, may in zip(steps, reached, strict=True):
        assert torch.allclose(step.sum(-1), torch.ones((), dtype=step.dtype))
        assert torch.equal(step > 0, may.expand_as(step))


def test_within_one_stage_it_is_the_rollout_of_the_scattered_attention():
    model = SwinTransformer(16, 2, d_model=8, depths=(4,), n_heads=(2,), window=4).eval()
    traced = trace(model, pictures(16).float())
    scattered = [attention_on_map(record)[0] for record in traced.windows]
    for fusion in ("mean", "max", "min"):
        expected = rollout(scattered, fusion, n_prefix=0)
        assert torch.allclose(window_rollout(traced.windows, fusion)[-1], expected, atol=1e-6)


def test_identity_attention_leaves_merging_alone():
    traced = trace(small_swin(), pictures(16))
    for record in traced.windows:
        record.weights.copy_(torch.eye(16).expand_as(record.weights))
    last = window_rollout(traced.windows)[-1]
    assert torch.equal((last > 0).sum(-1), torch.full(last.shape[:2], 4)) and set(last.unique().tolist()) == {0, 0.25}


def test_two_pictures_are_twice_one():
    model, images = small_swin(), pictures(16)
    both = window_rollout(trace(model, images).windows)[-1]
    assert torch.allclose(both[1:], window_rollout(trace(model, images[1:]).windows)[-1], atol=1e-12)


def test_relevance_with_one_window_a_map_is_that_of_a_plain_transformer():
    """A Swin of one stage whose window is the map has attention among all tokens: both ways must agree."""
    model = SwinTransformer(8, 2, d_model=8, depths=(2,), n_heads=(2,), window=4).double().eval()
    passed = trace_gradients(model, pictures(8))
    flat = [record.weights[:, 0] for record in passed.traced.windows]
    plain = type(passed)(
        type(passed.traced)(passed.traced.logits, flat, passed.traced.hidden, passed.traced.grid, 0),
        passed.target,
        [gradient[:, 0] for gradient in passed.gradients],
        None,
        None,
    )
    assert passed.gradients[0].abs().max() > 0
    assert torch.allclose(window_relevance(passed.traced.windows, passed.gradients), relevance_through_attention(plain))


def test_the_gradient_of_the_last_map_is_right():
    """Against a finite difference along a random direction."""
    model, images = small_swin(), pictures(16, 1)
    passed = trace_gradients(model, images, 1)
    direction = torch.randn(passed.features.shape, generator=torch.Generator().manual_seed(4), dtype=torch.float64)

    def logit(step: float) -> float:
        moved = (passed.features + step * direction).reshape(1, *passed.traced.grid, -1)
        return model.head(model.norm(moved).mean(dim=(1, 2)))[0, 1].item()

    expected = (logit(1e-6) - logit(-1e-6)) / 2e-6
    assert abs(expected) > 1e-3
    assert (passed.feature_gradients * direction).sum().item() == pytest.approx(expected, rel=1e-5)
    assert [g.shape for g in passed.gradients] == [record.weights.shape for record in passed.traced.windows]


@pytest.mark.parametrize(("height", "width"), [(12, 12), (24, 24), (16, 24), (20, 12)])
def test_pictures_of_another_size_have_maps_of_their_own_grid(height, width):
    model = small_swin()
    images = torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    grid = (height // 4, width // 4)
    assert trace(model, images).grid == grid
    for name, found in explanation_maps(model, images, 0).items():
        assert found.shape == (1, *grid), name
    assert explanation_maps(model, images, 0)["rollout"].min() > 0


@pytest.mark.parametrize("side", [16, 12])
def test_all_maps_of_a_swin_are_on_the_grid_of_its_last_map(side):
    model = small_swin(side)
    maps = explanation_maps(model, pictures(side))
    assert list(maps) == list(methods_for(model)) == [
        "last_attention", "rollout", "attention_gradient", "gradient_rollout", "grad_cam",
    ]  # fmt: skip
    for name, found in maps.items():
        assert found.shape == (2, *model.grid) and (found >= 0).all() and found.any(), name
    for name in ("last_attention", "rollout"):
        assert torch.allclose(maps[name].sum((1, 2)), torch.ones(2).double())
    other = explanation_maps(model, pictures(side), target=0), explanation_maps(model, pictures(side), target=1)
    assert torch.equal(other[0]["rollout"], other[1]["rollout"])
    assert not torch.allclose(other[0]["gradient_rollout"], other[1]["gradient_rollout"])


def test_pooling_adds_up_what_lies_in_a_cell():
    values = torch.arange(25.0)[None]
    pooled = pool_map(values, (5, 5), (3, 3))
    assert pooled[0, 0, 0] == 0 + 1 + 5 + 6 and pooled[0, 2, 2] == 24 and pooled.sum() == values.sum()
    assert torch.equal(pool_map(values, (5, 5), (5, 5))[0], values.reshape(5, 5))


@pytest.mark.parametrize("fine", [(9, 9), (5, 5), (7, 12), (1, 6)])
def test_pooling_over_two_mergings_follows_them(fine):
    middle = tuple(-(-side // 2) for side in fine)
    coarse = tuple(-(-side // 2) for side in middle)
    cell = merged_tokens(*middle)[merged_tokens(*fine)]
    counted = torch.bincount(cell, minlength=coarse[0] * coarse[1]).float().reshape(coarse)
    assert torch.equal(pool_map(torch.ones(1, fine[0] * fine[1]), fine, coarse)[0], counted)
