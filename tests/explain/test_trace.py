"""A trace is what the pass did, and leaves nothing behind."""

import pytest
import torch
from torch import nn

from vit_explorer.explain import trace
from vit_explorer.models import create_model

SIZES = {"img_size": 8, "patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 3, "d_ff": 24, "n_classes": 5}
MODELS = {
    "vit": ("vit", SIZES, 1),
    "mean": ("vit", SIZES | {"pooling": "mean"}, 0),
    "vit-conv": ("vit-conv", SIZES, 0),
    "cnn": ("cnn", {"img_size": 8, "widths": (4, 8), "n_classes": 5}, 0),
}


@pytest.fixture(params=MODELS)
def model(request) -> nn.Module:
    torch.manual_seed(0)
    name, overrides, _ = MODELS[request.param]
    return create_model(name, **overrides).eval()


def images(n: int = 2) -> torch.Tensor:
    return torch.randn(n, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def test_logits_are_those_of_the_model_to_the_last_bit(model):
    found = trace(model, images())
    assert torch.equal(found.logits, model(images()))
    assert torch.allclose(found.probabilities, found.logits.exp() / found.logits.exp().sum(1, keepdim=True), atol=1e-6)
    assert not found.logits.requires_grad


def test_two_pictures_at_once_are_two_pictures_one_by_one(model):
    both = trace(model, images())
    alone = [trace(model, picture[None]) for picture in images()]
    assert torch.allclose(both.logits, torch.cat([one.logits for one in alone]), atol=1e-5)
    for kind in ("attention", "hidden"):
        for i, together in enumerate(getattr(both, kind)):
            assert torch.allclose(together, torch.cat([getattr(one, kind)[i] for one in alone]), atol=1e-5)


@pytest.mark.parametrize("case", ["vit", "mean", "vit-conv"])
def test_what_a_transformer_writes_down(case):
    torch.manual_seed(0)
    name, overrides, n_prefix = MODELS[case]
    model = create_model(name, **overrides).eval()
    found = trace(model, images())
    assert (found.grid, found.n_prefix) == ((2, 2), n_prefix)
    n = n_prefix + 4
    assert [tuple(weights.shape) for weights in found.attention] == [(2, 2, n, n)] * 3
    assert all((weights.sum(-1) - 1).abs().max() < 1e-6 for weights in found.attention)
    assert len(found.hidden) == 3 + 1
    assert torch.equal(found.hidden[0], model.tokens(images()))
    for block, before, after in zip(model.blocks, found.hidden, found.hidden[1:], strict=False):
        assert torch.equal(block(before), after)
    assert torch.equal(model.classify(found.hidden[-1]), found.logits)


def test_a_cnn_has_maps_and_no_attention():
    name, overrides, n_prefix = MODELS["cnn"]
    model = create_model(name, **overrides)
    found = trace(model, images())
    assert found.attention == []
    assert (found.grid, found.n_prefix) == ((4, 4), n_prefix)
    assert [tuple(maps.shape) for maps in found.hidden] == [(2, 64, 4), (2, 16, 8)]
    assert torch.allclose(model.head(found.hidden[-1].amax(dim=1)), found.logits, atol=1e-6)
    assert all((maps >= 0).all() for maps in found.hidden)


@pytest.mark.parametrize("training", [False, True])
def test_nothing_stays_on_the_model(model, training):
    model.train(training)
    modules = list(model.modules())
    attributes = [set(vars(module)) for module in modules]
    weights = [parameter.clone() for parameter in model.parameters()]
    trace(model, images())
    assert [set(vars(module)) for module in model.modules()] == attributes
    for module in modules:
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not module._backward_hooks
        assert module.training == training
    assert all(torch.equal(before, after) for before, after in zip(weights, model.parameters(), strict=True))
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())


def test_two_traces_share_nothing():
    torch.manual_seed(0)
    model = create_model("vit", **SIZES).eval()
    first = trace(model, images())
    kept = first.attention[0].clone()
    trace(model, -images())
    assert len(first.attention) == 3
    assert torch.equal(first.attention[0], kept)
