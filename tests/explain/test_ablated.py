"""A prediction with something taken away: patches, their order, heads, positions."""

import copy

import pytest
import torch
from torch import Tensor, nn

from tests.explain.small import NAMES, VITS, images, make
from vit_explorer.explain import Ablation, trace, trace_ablated
from vit_explorer.explain.ablation import ablated_images, patch_order
from vit_explorer.explain.erasing import baseline_images
from vit_explorer.models.attention import attention_weights

every_model = pytest.mark.parametrize("case", NAMES)


def ablated(model: nn.Module, x: Tensor, **taken: object) -> Tensor:
    return trace_ablated(model, x, Ablation(**taken)).logits


@every_model
def test_with_nothing_taken_away_it_is_the_trace_to_the_last_bit(case):
    model, x = make(case), images()
    found, expected = trace_ablated(model, x, Ablation()), trace(model, x)
    assert torch.equal(found.logits, expected.logits)
    assert (found.grid, found.n_prefix) == (expected.grid, expected.n_prefix)
    for kind in ("attention", "hidden"):
        both = zip(getattr(found, kind), getattr(expected, kind), strict=True)
        assert all(torch.equal(one, other) for one, other in both)


@every_model
@pytest.mark.parametrize("baseline", ["blurred", "mean"])
def test_all_patches_erased_is_the_prediction_for_the_baseline(case, baseline):
    model, x = make(case), images()
    everything = tuple(range(model.grid[0] * model.grid[1]))
    with torch.no_grad():
        expected = model(baseline_images(x, baseline))
    assert torch.equal(ablated(model, x, erased=everything, baseline=baseline), expected)
    assert (ablated(model, x) - expected).abs().max() > 1e-3


@every_model
def test_erased_patches_are_those_that_are_named(case):
    model, x = make(case), images()
    side = 16 // model.grid[1]
    found = ablated_images(model, x, Ablation(erased=(1, model.grid[1]), baseline="mean"))
    expected = x.clone()
    expected[:, :, :side, side : 2 * side] = x.mean((2, 3), keepdim=True)  # patch 1
    expected[:, :, side : 2 * side, :side] = x.mean((2, 3), keepdim=True)  # the first of the second row
    assert torch.equal(found, expected)
    with torch.no_grad():
        assert torch.equal(ablated(model, x, erased=(model.grid[1], 1), baseline="mean"), model(expected))


@every_model
def test_a_shuffle_is_the_picture_with_its_patches_in_that_order(case):
    model, x = make(case), images()
    rows, cols = model.grid
    side, order = 16 // cols, patch_order(rows * cols, 7)
    expected = torch.empty_like(x)
    for place, patch in enumerate(order.tolist()):
        (row, col), (r, c) = (divmod(one, cols) for one in (place, patch))
        piece = x[:, :, side * r : side * (r + 1), side * c : side * (c + 1)]
        expected[:, :, side * row : side * (row + 1), side * col : side * (col + 1)] = piece
    assert torch.equal(ablated_images(model, x, Ablation(shuffle=7)), expected)
    with torch.no_grad():
        assert torch.equal(ablated(model, x, shuffle=7), model(expected))
    assert not torch.equal(ablated(model, x, shuffle=7), ablated(model, x, shuffle=8))


def test_patches_are_erased_at_their_places_after_the_shuffle():
    model, x = make("cls"), images()
    found = ablated_images(model, x, Ablation(shuffle=7, erased=(0,), baseline="mean"))
    shuffled = ablated_images(model, x, Ablation(shuffle=7))
    assert torch.equal(found[:, :, :, 4:], shuffled[:, :, :, 4:])
    assert torch.allclose(found[:, :, :4, :4], x.mean((2, 3), keepdim=True).expand(-1, -1, 4, 4), atol=1e-6)


@pytest.mark.parametrize("case", VITS)
def test_all_heads_of_a_layer_muted_leave_its_projections_bias(case):
    model, x = make(case), images()
    for layer in range(3):
        expected = copy.deepcopy(model)
        expected.blocks[layer].attention.forward = lambda tokens, tape=None, own=model.blocks[layer].attention: (
            own.projection.bias.expand_as(tokens)
        )
        with torch.no_grad():
            logits = expected(x)
        found = ablated(model, x, muted=((layer, 0), (layer, 1)))
        assert torch.allclose(found, logits, atol=1e-5)
        assert (found - ablated(model, x)).abs().max() > 1e-3


@torch.no_grad()
@pytest.mark.parametrize(("layer", "head"), [(0, 0), (1, 1), (2, 0)])
def test_one_head_muted_by_hand(layer, head):
    model, x = make("cls"), images()
    whole = trace(model, x)
    block, tokens = model.blocks[layer], whole.hidden[layer]
    query, key, value = block.attention.qkv(block.norm1(tokens)).reshape(2, 17, 3, 2, 8).permute(2, 0, 3, 1, 4)
    mixed = attention_weights(query, key) @ value  # (B, heads, N, d_head)
    mixed[:, head] = 0
    tokens = tokens + block.attention.projection(mixed.transpose(1, 2).reshape(2, 17, 16))
    tokens = tokens + block.mlp(block.norm2(tokens))
    found = trace_ablated(model, x, Ablation(muted=((layer, head), (layer, head))))  # twice is once
    assert torch.allclose(found.hidden[layer + 1], tokens, atol=1e-5)
    assert (found.hidden[layer + 1] - whole.hidden[layer + 1]).abs().max() > 0.01
    for before in range(layer + 1):
        assert torch.equal(found.hidden[before], whole.hidden[before])
        assert torch.equal(found.attention[before], whole.attention[before])


def test_every_head_of_every_layer_muted_leaves_the_tokens_apart():
    model, x = make("mean"), images(1)
    silent = tuple((layer, head) for layer in range(3) for head in range(2))
    other = x.clone()
    other[:, :, :4, :4] = 5  # patch 0
    before, after = (trace_ablated(model, one, Ablation(muted=silent)).hidden[-1] for one in (x, other))
    assert torch.equal(before[:, 1:], after[:, 1:])
    assert not torch.allclose(before[:, 0], after[:, 0], atol=0.01)
    heard = [trace(model, one).hidden[-1] for one in (x, other)]
    assert not torch.allclose(heard[0][:, 1:], heard[1][:, 1:], atol=1e-3)


@pytest.mark.parametrize("case", ["cls", "mean", "pool", "conv-cls"])
def test_without_positions_it_is_the_model_with_a_table_of_zeros(case):
    model, x = make(case), images()
    zeroed = copy.deepcopy(model)
    with torch.no_grad():
        zeroed.pos_embedding[:, model.n_prefix :] = 0  # CLS keeps what it has
        assert torch.equal(ablated(model, x, positions=False), zeroed(x))
    assert (ablated(model, x, positions=False) - ablated(model, x)).abs().max() > 1e-3


def test_all_of_it_at_once_is_one_after_the_other():
    model, x = make("cls"), images()
    taken = {"erased": (2, 5), "baseline": "mean", "shuffle": 3}
    pictures = ablated_images(model, x, Ablation(**taken))
    rest = {"muted": ((1, 0),), "positions": False}
    assert torch.equal(ablated(model, x, **taken, **rest), ablated(model, pictures, **rest))


@every_model
def test_the_model_is_untouched_afterwards(case):
    model, x = make(case), images()
    own, before = [*model.parameters()], copy.deepcopy(model.state_dict())
    taken = {} if case not in VITS else {"muted": ((0, 1),), "positions": case == "set"}
    ablated(model, x, erased=(0,), shuffle=1, **taken)
    assert all(one is other for one, other in zip(model.parameters(), own, strict=True))
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert torch.equal(x, images())


@pytest.mark.parametrize(
    ("case", "taken", "words"),
    [
        ("cls", {"erased": (16,)}, "patches are 0 to 15"),
        ("cls", {"erased": (0, -1)}, "patches are 0 to 15"),
        ("cnn", {"erased": (64,)}, "patches are 0 to 63"),
        ("cls", {"muted": ((0, 2),)}, "there is no head 2 in a layer 0: layers are 0 to 2, heads 0 to 1"),
        ("cls", {"muted": ((0, 0), (3, 0))}, "there is no head 0 in a layer 3: layers are 0 to 2, heads 0 to 1"),
        ("cls", {"muted": ((-1, 0),)}, "no head 0 in a layer -1"),
        ("cls", {"erased": (1,), "baseline": "black"}, "one of blurred, mean, not 'black'"),
        ("cnn", {"muted": ((0, 0),)}, "a ConvNet has no heads to mute"),
        ("cnn", {"positions": False}, "a ConvNet without position embeddings cannot lose them"),
        ("set", {"positions": False}, "a ViT without position embeddings cannot lose them"),
    ],
)
def test_what_is_not_there_cannot_be_taken_away(case, taken, words):
    with pytest.raises(ValueError, match=words):
        ablated(make(case), images(), **taken)
