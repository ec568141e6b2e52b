"""Greedy decoding, and the same with a cache: token for token, logit for logit, at every length."""

import pytest
import torch

from tests.text.small import ending_network, endless_network, network, sequences
from vit_explorer.text import (
    BOUNDARY,
    PAD,
    CacheStep,
    KVCache,
    Tape,
    beam_search,
    greedy_decode,
    load_text_checkpoint,
)
from vit_explorer.text.model import causal_mask

TOLERANCE = 1e-5


@torch.no_grad()
def test_each_token_is_the_most_likely_one_after_those_before_it():
    model, source = ending_network(), sequences(10, 2, 6, 9, 4)
    decoded = greedy_decode(model, source, max_tokens=18)
    target = torch.cat([torch.full((5, 1), BOUNDARY), decoded.tokens], dim=1)
    logits = model(source, target[:, :-1])
    going = (decoded.tokens == BOUNDARY).cumsum(dim=1) - (decoded.tokens == BOUNDARY).int() == 0
    assert (logits - decoded.logits)[going].abs().max() < TOLERANCE
    logits[:, :, PAD] = float("-inf")
    assert torch.equal(logits.argmax(dim=2)[going], decoded.tokens[going])
    assert (decoded.tokens[~going] == PAD).all()
    assert len(decoded.tokens.unique()) > 3, "an output that repeats itself shows little"
    chosen = decoded.probabilities.gather(2, decoded.tokens[:, :, None])[:, :, 0].log()
    assert torch.allclose((chosen * going).sum(dim=1), decoded.log_probability, atol=1e-4)
    assert decoded.finished.tolist() == [BOUNDARY in row for row in decoded.tokens.tolist()]


@torch.no_grad()
def test_a_row_stops_at_its_end_and_the_batch_when_all_have():
    model, source = network(), sequences(5, 5)
    model.head.bias[BOUNDARY] = 100
    decoded = greedy_decode(model, source)
    assert decoded.tokens.tolist() == [[BOUNDARY], [BOUNDARY]]
    assert decoded.finished.all()
    cut = greedy_decode(endless_network(), source)
    assert cut.tokens.shape == (2, 6) and not cut.finished.any(), "one token more than the source by default"


@torch.no_grad()
def test_padding_is_never_generated():
    model, source = endless_network(), sequences(5)
    model.head.bias[PAD] = 100
    assert (greedy_decode(model, source).tokens != PAD).all()


@torch.no_grad()
def test_the_cache_changes_no_token_and_no_logit_at_any_length():
    model, source = endless_network(3), sequences(10, 1, 7)
    plain = greedy_decode(model, source, max_tokens=256)
    cached = greedy_decode(model, source, max_tokens=256, cache=KVCache())
    assert torch.equal(plain.tokens, cached.tokens) and plain.tokens.shape[1] == 256
    difference = (plain.logits - cached.logits).abs().amax(dim=(0, 2))
    assert difference.shape == (256,) and difference.max() < TOLERANCE
    assert len(plain.tokens.unique()) > 1


@pytest.mark.parametrize(("sources", "targets"), [((10, 4), (60, 33)), ((10,), (30,)), ((1,), (30,))])
@torch.no_grad()
def test_the_cache_agrees_with_a_pass_of_every_prefix_of_any_target(sources, targets):
    model, source, target, cache = network(), sequences(*sources), sequences(*targets, seed=2), KVCache()
    memory = model.encode(source)
    for length in range(1, targets[0] + 1):
        cached = model.decode(target[:, length - 1 : length], memory, source, cache=cache)
        plain = model.decode(target[:, :length], memory, source)
        assert (cached[:, 0] - plain[:, -1]).abs().max() < TOLERANCE


@pytest.mark.parametrize(("precision", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-14)])
@torch.no_grad()
def test_with_trained_weights_the_cache_agrees_to_rounding(precision, tolerance):
    """Their logits reach 14, where a float32 is exact to 5e-7 alone: what may differ is a share of them."""
    shipped = load_text_checkpoint("reverse-3-to-10")
    model, source = shipped.model.to(precision), shipped.task.draw(1, 20, seed=7)[1].source
    plain, cached = (greedy_decode(model, source, cache=cache) for cache in (None, KVCache()))
    assert torch.equal(plain.tokens, cached.tokens)
    assert shipped.task.write(plain.tokens[0].tolist()) == shipped.task.write(source[0].tolist())[::-1]
    size = plain.logits.abs().max()
    assert size > 10 and (plain.logits - cached.logits).abs().max() < 5 * tolerance * size


@torch.no_grad()
def test_the_cache_agrees_when_rows_end_at_different_steps():
    model, source = ending_network(), sequences(10, 2, 6, 9, 4)
    plain = greedy_decode(model, source, max_tokens=40)
    cached = greedy_decode(model, source, max_tokens=40, cache=KVCache())
    assert torch.equal(plain.tokens, cached.tokens)
    assert (plain.logits - cached.logits).abs().max() < TOLERANCE
    assert [row.index(BOUNDARY) for row in plain.tokens.tolist()] == [14, 2, 13, 18, 15]


@torch.no_grad()
def test_a_cache_may_take_up_several_tokens_at_once_and_the_tape_agrees():
    model, source, target = network(), sequences(8, 5), sequences(9, 6, seed=2)
    memory, whole = model.encode(source), Tape()
    expected = model.decode(target, memory, source, whole)
    cache, parts, tape = KVCache(), [], Tape()
    for piece in (target[:, :4], target[:, 4:5], target[:, 5:]):
        tape = Tape()
        parts.append(model.decode(piece, memory, source, tape, cache))
    assert (torch.cat(parts, dim=1) - expected).abs().max() < TOLERANCE
    assert (tape.decoder_self[1] - whole.decoder_self[1][:, :, 5:]).abs().max() < TOLERANCE
    assert (tape.cross[1] - whole.cross[1][:, :, 5:]).abs().max() < TOLERANCE


@torch.no_grad()
def test_the_cache_says_what_each_step_computed_and_read_and_how_much_it_holds():
    model, source, cache = endless_network(), sequences(10, 4), KVCache()
    greedy_decode(model, source, max_tokens=20, cache=cache)
    assert cache.steps[0] == CacheStep(range(0, 1), range(0), range(10), range(0))
    assert cache.steps[19] == CacheStep(range(19, 20), range(19), range(0), range(10))
    assert len(cache.steps) == cache.length == 20
    assert cache.numbers == 2 * 2 * 2 * (20 + 10) * 64  # keys and values, layers, rows, tokens, d_model


@torch.no_grad()
def test_the_keys_that_are_read_are_those_that_the_whole_pass_computes():
    model, source, cache = network(n_decoder_layers=1), sequences(6), KVCache()
    target = sequences(20, seed=3)
    memory = model.encode(source)
    for place in range(20):
        model.decode(target[:, place : place + 1], memory, source, cache=cache)
    tokens = model.target_embedding(target) * 8 + model.positions[:20]
    key, value = model.decoder[0].self_attention.keys_values(tokens)
    kept_key, kept_value = cache.layers[0].extend((key[:, :, :0], value[:, :, :0]))
    assert (key - kept_key).abs().max() < TOLERANCE and (value - kept_value).abs().max() < TOLERANCE


def test_the_causal_mask_is_a_staircase():
    assert causal_mask(3, 3).int().tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert causal_mask(2, 4).int().tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]


@torch.no_grad()
def test_a_source_as_long_as_the_table_is_decoded_and_bad_sources_are_refused():
    model = endless_network(max_length=6, vocabulary=8)
    assert greedy_decode(model, sequences(6, vocabulary=8)).tokens.shape == (1, 6)
    for source, words in (([[2] * 7], "7 tokens .* 6"), ([[8]], "8 of the source .* 0 to 7"), ([2, 3], r"\(2,\)")):
        for decode in (greedy_decode, beam_search):
            with pytest.raises(ValueError, match=words):
                decode(model, torch.tensor(source))


@torch.no_grad()
def test_decoding_refuses_a_used_cache_and_an_impossible_limit():
    model, source, cache = network(), sequences(4), KVCache()
    greedy_decode(model, source, cache=cache)
    with pytest.raises(ValueError, match="new KVCache"):
        greedy_decode(model, source, cache=cache)
    for limit in (0, 257):
        with pytest.raises(ValueError, match=rf"{limit} tokens .* 1 to 256"):
            greedy_decode(model, source, max_tokens=limit)
    with pytest.raises(ValueError, match=r"target of 257 .* 256"):
        cache = KVCache()
        model.decode(torch.full((1, 256), 2), model.encode(source), source, cache=cache)
        model.decode(torch.full((1, 1), 2), model.encode(source), source, cache=cache)
