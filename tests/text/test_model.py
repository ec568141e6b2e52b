"""The Transformer is torch's own to rounding, causal, blind to padding, and refuses bad input in a sentence."""

import math

import pytest
import torch
from torch import nn

from tests.text.small import network, sequences
from vit_explorer.text import BOUNDARY, PAD, KVCache, Tape, TextTransformer, load_text_checkpoint
from vit_explorer.text.model import causal_mask, sinusoidal_positions

TOLERANCE = 1e-5


def peer(model):
    """torch.nn.Transformer with the same weights; its norms after the last blocks are not in the paper and left out."""
    sizes = {"d_model": model.d_model, "nhead": model.n_heads, "dim_feedforward": model.d_ff}
    theirs = nn.Transformer(
        num_encoder_layers=len(model.encoder),
        num_decoder_layers=len(model.decoder),
        dropout=0.0,
        batch_first=True,
        **sizes,
    ).eval()
    theirs.encoder.norm = theirs.decoder.norm = None
    theirs.encoder.use_nested_tensor = False  # a prototype that warns

    def copy_attention(ours, into):
        parts = (ours.query, ours.key, ours.value)
        into.in_proj_weight.data = torch.cat([part.weight for part in parts])
        into.in_proj_bias.data = torch.cat([part.bias for part in parts])
        into.out_proj.load_state_dict(ours.projection.state_dict())

    layers = [*theirs.encoder.layers, *theirs.decoder.layers]
    for ours, into in zip([*model.encoder, *model.decoder], layers, strict=True):
        copy_attention(ours.self_attention, into.self_attn)
        if hasattr(ours, "cross_attention"):
            copy_attention(ours.cross_attention, into.multihead_attn)
            into.norm3.load_state_dict(ours.norm3.state_dict())
        into.linear1.load_state_dict(ours.mlp[0].state_dict())
        into.linear2.load_state_dict(ours.mlp[2].state_dict())
        into.norm1.load_state_dict(ours.norm1.state_dict())
        into.norm2.load_state_dict(ours.norm2.state_dict())
    return theirs.to(model.head.weight.dtype)


def embedded(model, embedding, tokens):
    return embedding(tokens) * math.sqrt(model.d_model) + sinusoidal_positions(tokens.shape[1], model.d_model)


def targets(*lengths, seed=1):
    tokens = sequences(*lengths, seed=seed)
    tokens[:, 0] = BOUNDARY
    return tokens


def torchs_logits(model, source, target, **padding):
    """Of torch.nn.Transformer with the same weights and the causal mask, and the padding masks that are given."""
    return model.head(
        peer(model)(
            embedded(model, model.source_embedding, source),
            embedded(model, model.target_embedding, target),
            tgt_mask=~causal_mask(target.shape[1], target.shape[1]),
            **padding,
        )
    )


def padding_masks(source, target):
    return {
        "src_key_padding_mask": source == PAD,
        "tgt_key_padding_mask": target == PAD,
        "memory_key_padding_mask": source == PAD,
    }


@pytest.mark.parametrize("sizes", [{}, {"d_model": 48, "n_heads": 2, "n_encoder_layers": 1, "n_decoder_layers": 3}])
@torch.no_grad()
def test_the_network_is_torchs_transformer_with_masks(sizes):
    model = network(**sizes)
    source, target = sequences(10, 4, 7), targets(9, 11, 2)
    real = target != PAD
    ours = model(source, target)
    assert (ours - torchs_logits(model, source, target, **padding_masks(source, target)))[real].abs().max() < TOLERANCE
    # Without the padding masks both would differ: the masks are part of the comparison.
    assert (ours - torchs_logits(model, source, target))[real].abs().max() > 0.01


@torch.no_grad()
def test_with_trained_weights_it_is_torchs_transformer_beyond_the_rounding_of_float32():
    model = load_text_checkpoint().model.double()
    source, target = sequences(10, 4, 7), targets(9, 11, 2)
    theirs = torchs_logits(model, source, target, **padding_masks(source, target))
    assert (model(source, target) - theirs)[target != PAD].abs().max() < 1e-12


def test_the_default_sizes_and_their_parameters():
    model = TextTransformer()
    assert model.sizes == {
        "vocabulary": 20,
        "d_model": 64,
        "n_heads": 4,
        "n_encoder_layers": 2,
        "n_decoder_layers": 2,
        "d_ff": 128,
        "max_length": 256,
    }
    assert sum(parameter.numel() for parameter in model.parameters()) == 171_284
    assert TextTransformer(**model.sizes).sizes == model.sizes


def test_the_position_table_is_the_formula():
    table = sinusoidal_positions(300, 64)
    for position in (0, 1, 17, 299):
        for pair in (0, 1, 31):
            angle = position / 10000 ** (2 * pair / 64)
            assert table[position, 2 * pair] == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[position, 2 * pair + 1] == pytest.approx(math.cos(angle), abs=1e-6)


@torch.no_grad()
def test_a_changed_target_token_changes_nothing_before_it_and_something_from_it_on():
    model, source, target = network(), sequences(10, 6), targets(9, 9)
    before = model(source, target)
    for place in range(1, 9):
        changed = target.clone()
        changed[:, place] = 2 + (changed[:, place] - 1) % 18
        after = model(source, changed)
        assert torch.equal(before[:, :place], after[:, :place])
        assert (before[:, place:] - after[:, place:]).abs().amax(dim=(0, 2)).min() > 1e-4


@torch.no_grad()
def test_padding_is_never_attended_and_changes_no_output():
    model, source, target, tape = network(), sequences(10, 4), targets(8, 3), Tape()
    model(source, target, tape)
    for weights in (*tape.encoder_self, *tape.cross):
        assert weights[1, :, :, 4:].abs().max() == 0
    for weights in tape.decoder_self:
        assert weights[1, :, :, 3:].abs().max() == 0
        assert weights[0].triu(1).abs().max() == 0
    alone = model(source[1:, :4], target[1:, :3])
    assert (model(source, target)[1:, :3] - alone).abs().max() < TOLERANCE
    # Whatever stands behind the mask: another embedding of padding gives the same.
    model.source_embedding.weight[PAD] += 5
    model.target_embedding.weight[PAD] -= 5
    assert (model(source, target)[1:, :3] - alone).abs().max() < TOLERANCE


@torch.no_grad()
def test_a_permuted_batch_gives_permuted_outputs():
    model, source, target = network(), sequences(10, 3, 7, 5), targets(4, 9, 6, 2)
    order = torch.tensor([2, 0, 3, 1])
    assert (model(source, target)[order] - model(source[order], target[order])).abs().max() < TOLERANCE


@torch.no_grad()
def test_a_tape_holds_every_attention_and_does_not_change_a_bit():
    model, source, target, tape = network(), sequences(10, 6), targets(7, 5), Tape()
    assert torch.equal(model(source, target), model(source, target, tape))
    assert [weights.shape for weights in tape.encoder_self] == [(2, 4, 10, 10)] * 2
    assert [weights.shape for weights in tape.decoder_self] == [(2, 4, 7, 7)] * 2
    assert [weights.shape for weights in tape.cross] == [(2, 4, 7, 10)] * 2
    for weights in (*tape.encoder_self, *tape.decoder_self, *tape.cross):
        assert torch.allclose(weights.sum(dim=-1), torch.ones(()), atol=1e-6)
    memory, (plain, recorded) = model.encode(source), (KVCache(), KVCache())
    for part in (target[:, :4], target[:, 4:]):  # nor does it with a cache
        expected = model.decode(part, memory, source, cache=plain)
        assert torch.equal(model.decode(part, memory, source, Tape(), recorded), expected)


@torch.no_grad()
def test_the_recorded_weights_are_those_that_the_output_is_made_of():
    model, source, target, tape = network(n_decoder_layers=1), sequences(6), targets(5), Tape()
    memory = model.encode(source)
    model.decode(target, memory, source, tape)
    block = model.decoder[0]
    _, value = block.self_attention.keys_values(embedded(model, model.target_embedding, target))
    mixed = block.self_attention.projection((tape.decoder_self[0] @ value).transpose(1, 2).flatten(2))
    tokens = block.norm1(embedded(model, model.target_embedding, target) + mixed)
    _, value = block.cross_attention.keys_values(memory)
    mixed = block.cross_attention.projection((tape.cross[0] @ value).transpose(1, 2).flatten(2))
    tokens = block.norm2(tokens + mixed)
    logits = model.head(block.norm3(tokens + block.mlp(tokens)))
    assert (logits - model.decode(target, memory, source)).abs().max() < TOLERANCE


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ([[2, 20]], [[1]], ("20", "source", "0 to 19")),
        ([[2, -1]], [[1]], ("-1", "source", "0 to 19")),
        ([[2]], [[1, 99]], ("99", "target", "0 to 19")),
        ([[]], [[1]], ("source", "empty", "1 to 256")),
        ([[2]], [[]], ("target", "empty", "1 to 256")),
        ([[2] * 257], [[1]], ("source", "257", "256")),
        ([[2]], [[1] * 257], ("target", "257", "256")),
        ([[2, 3], [0, 0]], [[1], [1]], ("source", "padding")),
        ([[2]], [[0, 3]], ("target", "padding")),
        ([2, 3], [[1]], ("source", "(2,)")),
    ],
)
def test_bad_input_is_refused_with_the_limit(source, target, words):
    with pytest.raises(ValueError) as refused:
        network()(torch.tensor(source, dtype=torch.int64), torch.tensor(target, dtype=torch.int64))
    assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"n_heads": 5}, "5 heads .* 64"),
        ({"d_model": 9, "n_heads": 3}, "even, not 9"),
        ({"vocabulary": 2}, "vocabulary of 2"),
        ({"max_length": 0}, "1 or more"),
    ],
)
def test_sizes_that_cannot_work_are_refused(sizes, words):
    with pytest.raises(ValueError, match=words):
        TextTransformer(**sizes)
