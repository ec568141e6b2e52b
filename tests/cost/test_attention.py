"""Attention counted by formula, against torch's counter on the real modules and the numbers that are published."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from vit_explorer.cost.attention import global_attention_cost, windowed_attention_cost
from vit_explorer.models.attention import SelfAttention
from vit_explorer.models.swin import WindowAttention


def counted(module: torch.nn.Module, x: torch.Tensor) -> int:
    """Multiply-adds of a forward pass as torch counts them; the kernel made of plain products is one it knows."""
    kernel = torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH)
    with torch.no_grad(), kernel, FlopCounterMode(display=False) as counter:
        module.eval()(x)
    return counter.get_total_flops() // 2


def test_the_numbers_of_56_by_56_tokens():
    """Swin's first stage: "64 x" is the matrix, and the module with its projections 13.8 x."""
    whole, windows = global_attention_cost(56, 56, 96, 3), windowed_attention_cost(56, 56, 96, 3, 7)
    assert (whole.module, windows.module) == (2_003_828_736, 145_108_992)
    assert (whole.entries, windows.entries) == (9_834_496, 153_664)
    assert whole.entries == 64 * windows.entries and whole.attention == 64 * windows.attention
    assert whole.module / windows.module == pytest.approx(13.8, abs=0.05)
    assert whole.projections == windows.projections == 4 * 3136 * 96**2


@pytest.mark.parametrize(("height", "width", "d_model", "n_heads"), [(5, 7, 12, 3), (8, 8, 32, 2), (1, 1, 4, 4)])
def test_global_attention_is_what_torch_counts(height, width, d_model, n_heads):
    cost = global_attention_cost(height, width, d_model, n_heads)
    assert counted(SelfAttention(d_model, n_heads), torch.zeros(1, height * width, d_model)) == cost.module


@pytest.mark.parametrize(
    ("height", "width", "d_model", "n_heads", "window", "shift"),
    [(8, 8, 12, 3, 4, 2), (14, 21, 8, 2, 7, 0), (9, 6, 8, 2, 4, 2), (3, 5, 8, 1, 7, 3), (1, 1, 4, 2, 1, 0)],
)
def test_windowed_attention_is_what_torch_counts(height, width, d_model, n_heads, window, shift):
    """Padding included: three of these maps are not made of whole windows."""
    cost = windowed_attention_cost(height, width, d_model, n_heads, window)
    module = WindowAttention(d_model, n_heads, window, shift)
    assert counted(module, torch.zeros(1, height, width, d_model)) == cost.module
    tape_entries = module.plan(height, width).n_windows * window**4
    assert cost.entries == tape_entries and cost.n_heads == n_heads


def test_one_window_over_the_map_costs_what_global_attention_costs():
    assert windowed_attention_cost(7, 7, 96, 3, 7) == global_attention_cost(7, 7, 96, 3)


def test_twice_the_side_is_four_times_the_windows_and_sixteen_times_the_matrix():
    small, large = (windowed_attention_cost(side, side, 96, 3, 7) for side in (28, 56))
    assert (large.module, large.entries) == (4 * small.module, 4 * small.entries)
    small, large = (global_attention_cost(side, side, 96, 3) for side in (28, 56))
    assert (large.attention, large.entries) == (16 * small.attention, 16 * small.entries)


def test_sizes_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="at least one token, not 0 x 3"):
        global_attention_cost(0, 3, 8, 2)
    with pytest.raises(ValueError, match="3 heads cannot share 8 dimensions"):
        windowed_attention_cost(4, 4, 8, 3, 2)
    with pytest.raises(ValueError, match="a window must be a whole number from 1 up, not 0"):
        windowed_attention_cost(4, 4, 8, 2, 0)
