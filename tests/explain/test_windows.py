"""Windows as data: by hand, by loops over pairs, and by disturbing the real network."""

from itertools import product

import pytest
import torch

from tests.explain.swin import small_swin
from vit_explorer.explain import trace
from vit_explorer.explain.windows import (
    attention_on_map,
    block_reach,
    layout_of,
    merge_tokens,
    merged_tokens,
    reach,
    scatter_windows,
    through_windows,
    window_layout,
)
from vit_explorer.models.swin import SwinTransformer, shift_mask
from vit_explorer.models.windows import window_plan


def test_window_and_region_of_each_token_by_hand():
    plain, shifted = window_layout(4, 4, 2, 0), window_layout(4, 4, 2, 1)
    assert plain.window_of.reshape(4, 4).tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    assert plain.region_of.unique().tolist() == [0]
    # Rolled up and left by one: row 0 and column 0 end up behind the others.
    assert shifted.window_of.reshape(4, 4).tolist() == [[3, 2, 2, 3], [1, 0, 0, 1], [1, 0, 0, 1], [3, 2, 2, 3]]
    assert shifted.region_of.reshape(4, 4).tolist() == [[3, 2, 2, 2], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]


@pytest.mark.parametrize(
    ("height", "width", "window", "shift"), [(8, 8, 4, 2), (7, 5, 4, 2), (8, 6, 3, 1), (3, 3, 4, 0)]
)
def test_mask_regions_and_reach_say_the_same(height, width, window, shift):
    layout = window_layout(height, width, window, shift)
    assert torch.equal(layout.mask, shift_mask(height, width, window, shift))
    assert torch.equal(layout.mask, layout.regions[:, :, None] == layout.regions[:, None, :])
    reached = block_reach(layout)
    for a, b in product(range(height * width), repeat=2):
        together = layout.window_of[a] == layout.window_of[b] and layout.region_of[a] == layout.region_of[b]
        assert reached[a, b] == together


def test_a_window_over_the_whole_map_reaches_everything_at_once_and_is_not_shifted():
    layout = window_layout(4, 4, 4, 2)
    assert layout.plan.shift == (0, 0) and block_reach(layout).all()
    assert block_reach(window_layout(1, 1, 4, 2)).tolist() == [[True]]
    assert torch.equal(block_reach(window_layout(5, 5, 1, 0)), torch.eye(25, dtype=torch.bool))


@pytest.mark.parametrize(("window", "shift"), [(0, 0), (-2, 0), (2.0, 1), (4, 4), (4, -1)])
def test_what_cannot_be_is_refused(window, shift):
    with pytest.raises(ValueError, match="must be"):
        window_layout(8, 8, window, shift)


def test_merging_makes_one_of_four_and_of_what_is_left_at_odd_edges():
    assert merged_tokens(4, 4).reshape(4, 4).tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    flow = merge_tokens(torch.eye(9), (3, 3), (2, 2))
    assert flow.shape == (4, 9) and torch.allclose(flow.sum(1), torch.ones(4))
    assert flow[0].tolist() == [0.25, 0.25, 0, 0.25, 0.25, 0, 0, 0, 0]
    assert flow[3].tolist() == [0] * 8 + [1]


def test_grids_that_do_not_follow_from_each_other_are_refused():
    with pytest.raises(ValueError, match="merging a map of 8 x 8 tokens does not make 3 x 3"):
        reach([window_layout(8, 8, 4, 0), window_layout(3, 3, 3, 0)])


@pytest.mark.parametrize("side", [16, 14, 10])
def test_a_disturbed_patch_changes_exactly_the_tokens_that_reach_names(side):
    """On the real network, block after block, through a merging, with and without padding."""
    model = small_swin(side)
    images = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    before = trace(model, images)
    reached = reach([layout_of(record.grid, record.plan) for record in before.windows])
    rows, cols = before.windows[0].grid
    for patch in range(rows * cols):
        changed = images.clone()
        row, col = divmod(patch, cols)
        changed[:, :, 2 * row : 2 * row + 2, 2 * col : 2 * col + 2] += 1
        after = trace(model, changed)
        for block, names in enumerate(reached):
            moved = (after.hidden[block + 1] - before.hidden[block + 1])[0].abs().amax(1) > 1e-13
            assert torch.equal(moved, names[:, patch]), (block, patch)


@pytest.mark.parametrize("side", [16, 14, 10])
def test_through_windows_is_the_product_with_the_attention_on_the_map(side):
    traced = trace(small_swin(side), torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(2)).double())
    for record in traced.windows:
        values = torch.randn(2, record.grid[0] * record.grid[1], 5, dtype=torch.float64)
        expected = scatter_windows(record.weights, record.plan).mean(dim=1) @ values
        assert torch.allclose(through_windows(record.weights.mean(dim=2), record.plan, values), expected)


def test_reach_grows_to_the_whole_picture():
    model = small_swin(16)
    found = reach([layout_of(r.grid, r.plan) for r in trace(model, torch.zeros(1, 3, 16, 16).double()).windows])
    shares = [one.float().mean().item() for one in found]
    assert shares == sorted(shares) and shares[0] < 0.3 and shares[-1] == 1


@pytest.mark.parametrize("side", [16, 10])
def test_attention_on_the_map_is_the_windows_put_where_they_belong(side):
    model = small_swin(side)
    traced = trace(model, torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(2)).double())
    for record in traced.windows:
        on_map, reachable = attention_on_map(record)
        size, n = record.plan.window**2, record.grid[0] * record.grid[1]
        assert torch.allclose(on_map.sum(-1), torch.ones((), dtype=on_map.dtype))
        assert (on_map[:, :, ~reachable] == 0).all() and (on_map[:, :, reachable] > 0).all()
        for a, b in [(0, 0), (0, 1), (n - 1, n - 2), (n // 2, n // 2 + 1), (3, n - 1)]:
            (one, place), (other, other_place) = (divmod(int(record.plan.inverse[t]), size) for t in (a, b))
            expected = record.weights[:, one, :, place, other_place] if one == other else torch.zeros(2, 2).double()
            assert torch.equal(on_map[:, :, a, b], expected.to(on_map))


def test_a_padding_that_is_attended_to_is_no_token():
    model = SwinTransformer(10, 2, d_model=8, depths=(2,), n_heads=(2,), window=4, padding="timm").eval()
    record = trace(model, torch.randn(1, 3, 10, 10)).windows[0]
    sums = attention_on_map(record)[0].sum(-1)
    assert sums.max() <= 1 + 1e-6 and sums[0, 0, -1] < 0.9  # the last token's window is padding for the most part


@pytest.mark.parametrize("padding", ["masked", "timm", "torchvision"])
def test_regions_say_what_the_mask_of_the_plan_says(padding):
    plan = window_plan(10, 10, 4, 2, padding)
    layout = layout_of((10, 10), plan)
    assert torch.equal(layout.mask, layout.regions[:, :, None] == layout.regions[:, None, :])
    assert ((layout.region_of < 0).any() == False) and (layout.regions < 0).any() == (padding == "masked")  # noqa: E712
