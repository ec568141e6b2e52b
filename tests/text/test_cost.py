"""Multiply-adds by formula are those that torch counts on the real passes."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.text.small import network, sequences
from vit_explorer.text import KVCache, step_cost


def counted(run):
    with (
        torch.no_grad(),
        torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH),
        FlopCounterMode(display=False) as counter,
    ):
        run()
    return counter.get_total_flops() // 2


@pytest.mark.parametrize("sizes", [{}, {"d_model": 48, "n_heads": 3, "n_encoder_layers": 3, "n_decoder_layers": 1}])
@pytest.mark.parametrize("cached", [False, True])
def test_each_step_costs_what_torch_counts(sizes, cached):
    model, source, target = network(**sizes), sequences(7), sequences(6, seed=2)
    memory, cache = model.encode(source), KVCache() if cached else None
    assert counted(lambda: model.encode(source)) == step_cost(model, 7, 0, cached).encoder
    for step in range(6):
        new = target[:, step : step + 1] if cached else target[:, : step + 1]
        found = counted(lambda new=new: model.decode(new, memory, source, cache=cache))
        cost = step_cost(model, 7, step, cached)
        assert found == cost.total - cost.encoder
        assert (cost.encoder > 0) == (step == 0)


def test_the_parts_of_a_step_by_hand():
    model = network()
    cost = step_cost(model, 10, 49, cached=True)
    assert (cost.encoder, cost.mlp, cost.head) == (0, 2 * 2 * 64 * 128, 64 * 20)
    assert cost.projections == 2 * 6 * 64**2  # q, k, v, output of self-attention; q and output of cross-attention
    assert cost.self_attention == 2 * 2 * 50 * 64 and cost.cross_attention == 2 * 2 * 10 * 64
    plain = step_cost(model, 10, 49, cached=False)
    assert plain.self_attention == 50 * cost.self_attention and plain.mlp == 50 * cost.mlp
    assert plain.projections == 2 * (6 * 50 + 2 * 10) * 64**2
    assert step_cost(model, 10, 0, True) == step_cost(model, 10, 0, False), "the first step has nothing to read"
