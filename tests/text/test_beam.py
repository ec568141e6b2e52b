"""Beam search: scores of an independent pass, exhaustive at full width, greedy at width 1, every hypothesis kept."""

from itertools import pairwise, product

import pytest
import torch

from tests.text.small import ending_network, network, sequences
from vit_explorer.text import BOUNDARY, PAD, KVCache, beam_search, greedy_decode
from vit_explorer.text.beam import length_penalty

TINY = {"vocabulary": 5, "d_model": 16, "n_heads": 2, "n_encoder_layers": 1, "n_decoder_layers": 1, "d_ff": 32}


@torch.no_grad()
def log_probability(model, source, tokens):
    """Of an output, by one forward pass of the whole."""
    target = torch.tensor([[BOUNDARY, *tokens]])
    logits = model(source, target[:, :-1]).log_softmax(dim=2)
    return logits[0].gather(1, target[0, 1:, None]).sum().item()


def outputs(n_symbols, limit):
    """All outputs that end, or have ``limit`` tokens."""
    symbols = range(2, 2 + n_symbols)
    for length in range(limit):
        yield from ([*middle, BOUNDARY] for middle in product(symbols, repeat=length))
    yield from (list(whole) for whole in product(symbols, repeat=limit))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("penalty", [0.0, 0.8])
def test_a_beam_of_full_width_is_exhaustive_search(seed, penalty):
    model, source = network(seed, **TINY), sequences(4, vocabulary=5, seed=seed)
    (found,) = beam_search(model, source, width=200, penalty=penalty, max_tokens=4)
    scored = {
        tuple(tokens): log_probability(model, source, tokens) / length_penalty(len(tokens), penalty)
        for tokens in outputs(3, 4)
    }
    assert len(scored) == len(found.ranking) == 121
    best = sorted(scored, key=lambda tokens: -scored[tokens])
    assert [tuple(found.tokens(number)) for number in found.ranking[:10]] == best[:10]
    assert found.scores == pytest.approx(sorted(scored.values(), reverse=True), abs=1e-4)
    assert all(hypothesis.kept for hypothesis in found.hypotheses)


def test_a_score_is_the_sum_of_log_probabilities_of_an_independent_pass():
    model, source = network(2), sequences(10, 4)
    for row, found in enumerate(beam_search(model, source, width=4, max_tokens=9)):
        for number, score in zip(found.ranking, found.scores, strict=True):
            tokens = found.tokens(number)
            assert score == pytest.approx(log_probability(model, source[row : row + 1], tokens), abs=1e-4)
            steps = found.path(number)
            assert score == pytest.approx(sum(step.token_log_probability for step in steps), abs=1e-5)
            assert [step.step for step in steps] == list(range(1, len(tokens) + 1))


def test_a_beam_of_width_1_is_greedy_decoding():
    model, source = ending_network(), sequences(10, 2, 6, 9, 4)
    decoded = greedy_decode(model, source, max_tokens=30)
    for row, found in enumerate(beam_search(model, source, width=1, max_tokens=30)):
        expected = [token for token in decoded.tokens[row].tolist() if token != PAD]
        assert found.best == expected
        assert found.scores[0] == pytest.approx(decoded.log_probability[row].item(), abs=1e-4)
        assert all(hypothesis.greedy for hypothesis in found.path(found.ranking[0]))
    assert decoded.tokens.shape == (5, 19) and decoded.finished.all()


def test_a_batch_is_searched_as_each_source_alone_and_the_cache_changes_nothing():
    model, source = ending_network(), sequences(10, 2, 6)
    together = beam_search(model, source, width=3, max_tokens=15)
    cached = beam_search(model, source, width=3, max_tokens=15, cache=KVCache())
    for row, length in enumerate((10, 2, 6)):
        (alone,) = beam_search(model, source[row : row + 1, :length], width=3, max_tokens=15)
        for other in (together[row], cached[row]):
            assert [other.tokens(number) for number in other.ranking] == [alone.tokens(n) for n in alone.ranking]
            assert other.scores == pytest.approx(alone.scores, abs=1e-4)
    assert len({len(found.best) for found in together}) > 1, "rows that end at different steps are the hard case"


def test_the_tree_holds_every_candidate_and_says_which_were_kept():
    found = beam_search(ending_network(), sequences(10, 2, 6, 9, 4), width=3, max_tokens=5)[0]
    tree = found.hypotheses
    assert [hypothesis.number for hypothesis in tree] == list(range(len(tree)))
    finished = 0
    for step in range(1, 6):
        level = [hypothesis for hypothesis in tree if hypothesis.step == step]
        parents = {hypothesis.parent for hypothesis in level}
        live = {h.number for h in tree if h.step == step - 1 and h.kept and not h.finished} or {None}
        assert parents == live and len(level) == 19 * len(parents), "each live one is extended by all but padding"
        assert [h.kept for h in level] == [place < 3 - finished for place in range(len(level))]
        assert all(one.log_probability >= other.log_probability for one, other in pairwise(level))
        for parent in parents:
            children = [hypothesis for hypothesis in level if hypothesis.parent == parent]
            assert [h.greedy for h in children] == [True] + [False] * 18
            before = 0 if parent is None else tree[parent].log_probability
            for child in children:
                assert child.log_probability == pytest.approx(before + child.token_log_probability, abs=1e-5)
            assert sum(torch.tensor([h.token_log_probability for h in children]).exp()) <= 1 + 1e-5
        finished += sum(h.kept and h.finished for h in level)
    assert {h.token for h in tree} == set(range(1, 20))
    assert [h.step for h in tree if h.kept and h.finished] == [1], "the beam narrows on the way"
    assert len(found.ranking) == 3


def test_a_wider_beam_finds_what_greedy_decoding_misses():
    better = 0
    for seed in range(10):
        model, source = network(seed), sequences(6)
        greedy, wide = (beam_search(model, source, width=width, max_tokens=6)[0].scores[0] for width in (1, 8))
        better += wide > greedy + 1e-3
    assert better >= 1


def test_the_length_penalty_is_gnmts_and_favours_longer_outputs():
    assert length_penalty(1, 0.6) == 1 and length_penalty(9, 0) == 1
    assert length_penalty(7, 1) == 2 and length_penalty(19, 0.5) == 2
    model, source = network(**TINY), sequences(4, vocabulary=5)
    model.head.bias.data[BOUNDARY] += 2
    short, long = (beam_search(model, source, width=200, penalty=strength)[0] for strength in (0.0, 20.0))
    assert (len(short.best), len(long.best)) == (1, 5)
    assert {tuple(short.tokens(n)) for n in short.ranking} == {tuple(long.tokens(n)) for n in long.ranking}


def test_a_beam_refuses_a_width_of_none_and_a_used_cache():
    model, source, cache = network(), sequences(4), KVCache()
    with pytest.raises(ValueError, match="not 0"):
        beam_search(model, source, width=0)
    beam_search(model, source, cache=cache)
    with pytest.raises(ValueError, match="new KVCache"):
        beam_search(model, source, cache=cache)
