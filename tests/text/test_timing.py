"""Decoding is timed for outputs of the length asked for."""

import pytest
import torch

from vit_explorer.text import KVCache, greedy_decode, step_cost
from vit_explorer.text.timing import (
    N_SOURCE,
    DecodeProgress,
    DecodeTime,
    counted_ratio,
    endless_network,
    time_decoding,
    total_cost,
)


def test_a_result_for_each_length_and_progress_before_each_pass():
    events = list(time_decoding((3, 6), rounds=2))
    results = [event for event in events if isinstance(event, DecodeTime)]
    assert [result.n_tokens for result in results] == [3, 6]
    passes = [event for event in events if isinstance(event, DecodeProgress)]
    assert [one.n_tokens for one in passes] == [3] * 6 + [6] * 6
    assert [one.cached for one in passes] == [False, True] * 6
    assert passes[0].share == 0 and passes[6].share == pytest.approx(1 / 3) and passes[-1].share < 1
    assert all(result.without_cache > 0 and result.with_cache > 0 and result.ratio > 0 for result in results)


@pytest.mark.parametrize("n_tokens", [1, 7])
def test_the_endless_network_writes_as_many_tokens_as_asked_for(n_tokens):
    model = endless_network()
    for cache in (None, KVCache()):
        assert greedy_decode(model, torch.full((1, N_SOURCE), 2), n_tokens, cache).tokens.shape == (1, n_tokens)


def test_costs_are_sums_of_steps_and_their_ratio_grows():
    model = endless_network()
    assert total_cost(model, 2, cached=False) == sum(step_cost(model, N_SOURCE, step, False).total for step in (0, 1))
    ratios = [counted_ratio(model, n) for n in (1, 10, 50)]
    assert ratios[0] == 1 and ratios[0] < ratios[1] < ratios[2]
