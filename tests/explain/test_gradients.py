"""Gradient rollout and Grad-CAM against references in float64 that are written with hooks and retained gradients."""

import copy

import pytest
import torch
from torch import Tensor, nn

from tests.explain.small import CONVOLUTIONAL, VITS, images, make
from vit_explorer.explain import explanation_maps, gradient_rollout
from vit_explorer.explain.gradients import grad_cam, has_feature_map, trace_gradients


def reference_relevance(model: nn.Module, image: Tensor, target: int) -> Tensor:
    """Chefer's relevance of one picture, (N, N), with attention written out behind hooks."""
    model, kept = copy.deepcopy(model).double(), []

    def explicit(layer: nn.Module, inputs: tuple[Tensor, ...], _: Tensor) -> Tensor:
        n, width = inputs[0].shape[1:]
        query, key, value = layer.qkv(inputs[0]).reshape(n, 3, layer.n_heads, -1).permute(1, 2, 0, 3)
        weights = torch.softmax(query @ key.mT / (width / layer.n_heads) ** 0.5, dim=-1)
        weights.retain_grad()
        kept.append(weights)
        return layer.projection((weights @ value).transpose(0, 1).reshape(1, n, width))

    for block in model.blocks:
        block.attention.register_forward_hook(explicit)
    model(image[None].double())[0, target].backward()
    relevance = torch.eye(kept[0].shape[-1]).double()
    for weights in kept:
        relevance = relevance + torch.relu(weights * weights.grad).mean(0) @ relevance
    return relevance.detach()


def reference_cam(model: nn.Module, image: Tensor, target: int) -> Tensor:
    """Grad-CAM of one picture, (rows, cols)."""
    model, kept = copy.deepcopy(model).double(), []

    def keep(_: nn.Module, __: tuple[Tensor, ...], maps: Tensor) -> None:
        maps.retain_grad()
        kept.append(maps)

    place = model.patch_embedding.stages()[-1][-1] if model.stem is not None else model.stages[-1]
    place.register_forward_hook(keep)
    model(image[None].double())[0, target].backward()
    alpha = kept[0].grad[0].mean((1, 2))
    return torch.relu(torch.einsum("c,chw->hw", alpha, kept[0][0])).detach()


@pytest.mark.parametrize("case", VITS)
def test_gradient_rollout_of_every_class_is_the_references(case):
    model, x = make(case), images()
    for target in range(5):
        found = gradient_rollout(model, x, target)
        expected = torch.stack([reference_relevance(model, image, target) for image in x])
        shares = expected - torch.eye(expected.shape[-1])
        assert ((found - expected).abs().max() / shares.abs().max()).item() < 1e-4
        assert shares.abs().max() > 1e-4
        assert (found >= torch.eye(found.shape[-1])).all()


@pytest.mark.parametrize("case", CONVOLUTIONAL)
def test_grad_cam_of_every_class_is_the_formula(case):
    model, x, strongest = make(case), images(), 0.0
    for target in range(5):
        found = grad_cam(trace_gradients(model, x, target))
        expected = torch.stack([reference_cam(model, image, target) for image in x])
        assert found.shape == (2, *model.grid)
        assert (found - expected).abs().max() < 1e-4 * max(1.0, float(expected.max()))
        strongest = max(strongest, float(expected.max()))
    assert strongest > 0.01


@pytest.mark.parametrize("case", ["cls", "pool", "cnn"])
def test_what_grad_cam_reads_is_the_convolutional_map_alone(case):
    model, x = make(case), images()
    assert has_feature_map(model) == (case != "cls")
    passed = trace_gradients(model, x)
    if case == "cls":
        assert passed.features is None and passed.feature_gradients is None
        with pytest.raises(ValueError, match="needs a convolutional map"):
            grad_cam(passed)
    elif case == "pool":
        assert torch.allclose(passed.features, model.patch_embedding(x), atol=1e-6)
    else:
        assert torch.equal(passed.features, passed.traced.hidden[-1])


@pytest.mark.parametrize("case", ["cls", "mean", "cnn"])
def test_each_picture_may_have_a_class_of_its_own(case):
    model, x = make(case), images(3)
    mixed = explanation_maps(model, x, torch.tensor([4, 0, 2]))
    alone = [explanation_maps(model, x, target) for target in range(5)]
    for name, maps in mixed.items():
        for picture, target in enumerate((4, 0, 2)):
            assert torch.allclose(maps[picture], alone[target][name][picture], atol=1e-6)


@pytest.mark.parametrize("case", ["cls", "cnn"])
def test_without_a_class_it_is_the_predicted_one(case):
    model, x = make(case), images(4)
    passed = trace_gradients(model, x)
    assert torch.equal(passed.target, model(x).argmax(1))
    found = explanation_maps(model, x)
    named = explanation_maps(model, x, passed.target.int())  # of another kind of whole number
    assert all(torch.allclose(maps, named[name], atol=1e-6) for name, maps in found.items())


@pytest.mark.parametrize("target", [5, -1, torch.tensor([0, 5]), torch.tensor([-1, 0])])
def test_a_class_that_the_model_does_not_have_is_refused_with_the_range(target):
    with pytest.raises(ValueError, match="a class must be 0 to 4"):
        gradient_rollout(make("cls"), images(), target)


@pytest.mark.parametrize("target", [1.0, True, torch.tensor([0.5, 1])])
def test_a_class_is_a_whole_number(target):
    with pytest.raises(ValueError, match="a whole number from 0 to 4"):
        gradient_rollout(make("cls"), images(), target)


@pytest.mark.parametrize("target", [torch.tensor([0, 1, 2]), torch.tensor([[0], [1]])])
def test_classes_must_be_as_many_as_pictures(target):
    with pytest.raises(ValueError, match="2 pictures need one class, or one for each"):
        gradient_rollout(make("cls"), images(), target)


def test_a_model_without_attention_has_no_gradient_rollout():
    with pytest.raises(ValueError, match="this model has none"):
        gradient_rollout(make("cnn"), images())
