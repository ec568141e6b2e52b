"""Attention: the formula, the same numbers with and without a Tape, and what the Tape holds."""

import math

import pytest
import torch

from vit_explorer.models import Tape, ViT
from vit_explorer.models.attention import PLAIN_TOKENS, AttentionPooling, SelfAttention, attention_weights

SMALL = {"img_size": 8, "patch_size": 2, "d_model": 24, "n_heads": 3, "n_layers": 2, "d_ff": 32, "n_classes": 5}


@pytest.fixture
def layer() -> SelfAttention:
    torch.manual_seed(0)
    return SelfAttention(24, 3)


def naive(layer: SelfAttention, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The paper's formula, one picture, head and query at a time: (output, weights)."""
    batch, n, d_model = tokens.shape
    d_head = d_model // layer.n_heads
    query_weight, key_weight, value_weight = layer.qkv.weight.chunk(3)
    query_bias, key_bias, value_bias = layer.qkv.bias.chunk(3)
    mixed, weights = torch.zeros_like(tokens), torch.zeros(batch, layer.n_heads, n, n)
    for b in range(batch):
        for h in range(layer.n_heads):
            part = slice(h * d_head, (h + 1) * d_head)
            key = tokens[b] @ key_weight[part].T + key_bias[part]
            value = tokens[b] @ value_weight[part].T + value_bias[part]
            for i in range(n):
                query = query_weight[part] @ tokens[b, i] + query_bias[part]
                exponential = torch.exp(key @ query / math.sqrt(d_head))
                weights[b, h, i] = exponential / exponential.sum()
                mixed[b, i, part] = weights[b, h, i] @ value
    return layer.projection(mixed), weights


@torch.no_grad()
def test_both_ways_give_the_numbers_of_the_formula(layer):
    tokens = torch.randn(2, 7, 24)
    output, weights = naive(layer, tokens)
    tape = Tape(differentiable=True)
    explicit, fused = layer(tokens, tape), layer(tokens)
    assert (tape.attention[0] - weights).abs().max() < 1e-6
    assert (explicit - output).abs().max() < 1e-6
    assert (fused - explicit).abs().max() < 1e-6


def test_weights_by_hand():
    query = torch.tensor([[[[1.0, 0.0, 0.0, 0.0]]]])
    key = torch.tensor([[[[2 * math.log(3.0), 5.0, 5.0, 5.0], [0.0, 7.0, 7.0, 7.0]]]])
    assert torch.allclose(attention_weights(query, key), torch.tensor([[[[0.75, 0.25]]]]))


def test_a_mask_is_added_to_the_scores():
    query, key = torch.randn(2, 3, 4, 8), torch.randn(2, 3, 4, 8)
    mask = torch.zeros(4, 4)
    mask[:, 2] = -torch.inf
    masked, free = attention_weights(query, key, mask), attention_weights(query, key)
    assert (masked[..., 2] == 0).all()
    rest = [0, 1, 3]
    assert torch.allclose(masked[..., rest], free[..., rest] / free[..., rest].sum(-1, keepdim=True), atol=1e-6)


@torch.no_grad()
def test_rows_sum_to_one_in_every_layer_and_head():
    tape = Tape()
    ViT(**SMALL)(torch.randn(2, 3, 8, 8), tape)
    assert [weights.shape for weights in tape.attention] == [(2, 3, 17, 17)] * 2
    for weights in tape.attention:
        assert (weights >= 0).all()
        assert (weights.sum(-1) - 1).abs().max() < 1e-6


@pytest.mark.parametrize("train", [False, True])
def test_looking_does_not_change_a_bit_of_the_logits(train):
    model = ViT(**SMALL).train(train)
    images = torch.randn(3, 3, 8, 8)
    with torch.set_grad_enabled(not train):  # a step of training leaves out what nobody reads: equal to rounding
        assert torch.equal(model(images, Tape()), model(images))


def test_gradients_reach_the_weights_of_every_layer_if_asked_for():
    torch.manual_seed(1)
    model = ViT(**SMALL)
    images = torch.randn(2, 3, 8, 8)
    tape = Tape(differentiable=True)
    logits = model(images, tape)
    assert (logits - model(images)).abs().max() < 1e-6
    gradients = torch.autograd.grad(logits[:, 3].sum(), tape.attention)
    assert all(gradient.abs().max() > 0 for gradient in gradients)

    # The last layer's gradient is what a nudge of one weight does.
    last = tape.attention[-1].detach()
    values = model.blocks[-1].norm1(tape.hidden[-2]).detach() @ model.blocks[-1].attention.qkv.weight[48:].T
    values = (values + model.blocks[-1].attention.qkv.bias[48:]).reshape(2, 17, 3, 8).transpose(1, 2)

    def logit(weights: torch.Tensor) -> torch.Tensor:
        block = model.blocks[-1]
        mixed = (weights.double() @ values.double()).transpose(1, 2).reshape(2, 17, 24)
        tokens = tape.hidden[-2].double() + block.attention.projection(mixed)
        return model.classify(tokens + block.mlp(block.norm2(tokens)))[:, 3].sum()

    model.double()
    nudge = torch.zeros_like(last)
    nudge[1, 2, 0, 5] = 1e-4
    with torch.no_grad():
        slope = (logit(last + nudge) - logit(last - nudge)) / 2e-4
    assert slope.item() == pytest.approx(gradients[-1][1, 2, 0, 5].item(), rel=1e-2)


def test_without_asking_no_gradient_reaches_the_weights():
    tape = Tape()
    logits = ViT(**SMALL)(torch.randn(1, 3, 8, 8), tape)
    assert torch.autograd.grad(logits.sum(), tape.attention, allow_unused=True) == (None, None)


@pytest.mark.parametrize(("d_model", "n_heads"), [(128, 3), (10, 4), (8, 0), (0, 4)])
def test_heads_that_do_not_divide_the_dimensions_are_refused_with_both_numbers(d_model, n_heads):
    with pytest.raises(ValueError, match=rf"{n_heads} heads .* {d_model} dimensions"):
        SelfAttention(d_model, n_heads)


def test_attention_pooling_by_hand():
    pool = AttentionPooling(2)
    with torch.no_grad():
        pool.score.weight.copy_(torch.tensor([[math.log(2.0), 0.0]]))
        pool.score.bias.fill_(5.0)  # the same for all tokens, so it changes nothing
    tokens = torch.tensor([[[0.0, 10.0], [1.0, 20.0], [2.0, 40.0]]])  # weights 1 : 2 : 4
    assert torch.allclose(pool(tokens), torch.tensor([[10 / 7, 210 / 7]]))


@pytest.mark.parametrize("precision", [None, torch.bfloat16])
def test_training_on_a_cpu_gives_the_gradients_of_the_fused_kernel(layer, monkeypatch, precision):
    """Plain operations take the kernel's place there; they must be the same function."""
    tokens, target = torch.randn(3, 7, 24), torch.randn(3, 7, 24)

    def gradients(precision: torch.dtype | None) -> list[torch.Tensor]:
        layer.zero_grad()
        with torch.autocast("cpu", precision or torch.bfloat16, enabled=precision is not None):
            output = layer(tokens)
        torch.sum(output.float() * target).backward()
        return [parameter.grad.clone() for parameter in layer.parameters()]

    plain = gradients(precision)
    monkeypatch.setattr("vit_explorer.models.attention.PLAIN_TOKENS", 0)
    for exact, found in zip(gradients(None), plain, strict=True):
        assert (exact - found).norm() < (1e-5 if precision is None else 0.03) * exact.norm() + 1e-3


def test_many_tokens_are_trained_by_the_fused_kernel(layer, monkeypatch):
    def kernels(n_tokens: int) -> set[str]:
        with torch.profiler.profile() as profile:
            layer(torch.randn(1, n_tokens, 24))
        return {event.key for event in profile.key_averages()}

    assert "aten::softmax" in kernels(7)
    assert "aten::softmax" not in kernels(PLAIN_TOKENS + 1)


def test_outside_of_training_attention_stays_fused(layer):
    layer.eval()
    with torch.profiler.profile() as profile:
        layer(torch.randn(3, 7, 24))
    kernels = {event.key for event in profile.key_averages()}
    assert any("scaled_dot_product" in kernel for kernel in kernels)
    assert "aten::softmax" not in kernels
