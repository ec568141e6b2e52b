"""Looking changes nothing: the same logits to the last bit, no hook, no gradient, no other weight."""

import copy

import pytest
import torch
from torch import nn

from tests.explain.small import NAMES, images, make
from vit_explorer.explain import Ablation, explanation_maps, methods_for, trace, trace_ablated
from vit_explorer.explain.gradients import trace_gradients

LOOKS = {
    "trace": lambda model, x: trace(model, x).logits,
    "gradients": lambda model, x: trace_gradients(model, x, 1).traced.logits,
    "ablated": lambda model, x: trace_ablated(model, x, Ablation(erased=(3,), shuffle=1)).logits,
    "maps": lambda model, x: next(iter(explanation_maps(model, x).values())),
}
every_model = pytest.mark.parametrize("case", NAMES)
every_look = pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)


def hooks(model: nn.Module) -> int:
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(module, kind)) for module in model.modules() for kind in kinds)


@every_model
@every_look
def test_the_model_is_the_same_before_during_and_after(case, look):
    model, x = make(case), images()
    weights, attributes = copy.deepcopy(model.state_dict()), [set(vars(module)) for module in model.modules()]
    next(model.parameters()).requires_grad_(False)  # some are frozen, some are not
    wanted = [parameter.requires_grad for parameter in model.parameters()]
    own, during = [*model.parameters()], []

    def watch(*_: object) -> None:  # in the middle of the look the model still predicts as ever
        if not during:
            during.append(None)
            with torch.no_grad():
                during[0] = model(x)
            assert all(a is b for a, b in zip(model.parameters(), own, strict=True))

    with torch.no_grad():
        before = model(x)
    handle = model.head.register_forward_hook(watch)
    look(model, x)
    handle.remove()
    with torch.no_grad():
        after = model(x)
    assert torch.equal(before, after)
    assert torch.equal(before, during[0])
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())
    assert [parameter.requires_grad for parameter in model.parameters()] == wanted
    assert all(parameter.grad is None for parameter in model.parameters())
    assert [set(vars(module)) for module in model.modules()] == attributes
    assert hooks(model) == 0
    assert not any(module.training for module in model.modules())


@every_model
@every_look
def test_the_pictures_are_the_same_after(case, look):
    x = images().requires_grad_(True)
    look(make(case), x)
    assert torch.equal(x.detach(), images())
    assert x.requires_grad and x.grad is None


@every_model
def test_a_trace_has_the_models_logits_and_one_for_gradients_to_rounding(case):
    model, x = make(case), images()
    with torch.no_grad():
        logits = model(x)
    assert torch.equal(trace(model, x).logits, logits)
    assert torch.equal(trace_ablated(model, x, Ablation()).logits, logits)
    assert (trace_gradients(model, x).traced.logits - logits).abs().max() < 1e-4 * logits.abs().max()


@every_model
@every_look
def test_frozen_weights_and_inference_mode_give_the_same(case, look):
    model, x = make(case), images()
    expected = look(model, x)
    frozen = copy.deepcopy(model).requires_grad_(False)
    assert torch.equal(look(frozen, x), expected)
    with torch.no_grad():
        assert torch.equal(look(model, x), expected)
    with torch.inference_mode():
        assert torch.equal(look(frozen, x.clone()), expected)
        assert torch.equal(look(model, x.clone()), expected)


@every_model
def test_nothing_that_comes_back_holds_on_to_a_graph(case):
    model, x = make(case), images()
    passed = trace_gradients(model, x)
    kept = [passed.traced.logits, *passed.traced.attention, *passed.traced.hidden, *passed.gradients]
    kept += [found for found in (passed.features, passed.feature_gradients) if found is not None]
    kept += explanation_maps(model, x).values()
    assert len(kept) >= 2 + len(methods_for(model))
    assert not any(tensor.requires_grad for tensor in kept)


@every_model
def test_classes_may_come_from_inference_mode_too(case):
    model, x = make(case), images()
    expected = explanation_maps(model, x, torch.tensor([1, 4]))
    with torch.inference_mode():
        found = explanation_maps(model, x.clone(), torch.tensor([1, 4]))
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
