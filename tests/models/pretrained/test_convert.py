"""Weights of timm, torchvision and transformers give the same logits in our networks, and no key is lost."""

from __future__ import annotations

import pytest
import torch

from tests.models.pretrained.others import (
    assert_complete,
    assert_same,
    huggingface,
    pictures,
    resnet,
    timm_named,
    timm_swin,
    timm_vit,
    torchvision_swin,
    torchvision_vit,
)
from vit_explorer.models import DeiT, SwinTransformer, ViT, create_model, from_state_dict
from vit_explorer.models.resnet import ResNet

CASES = {
    "timm ViT": (timm_vit, {}, ViT),
    "timm ViT of mean and fc_norm": (lambda: timm_vit(global_pool="avg"), {}, ViT),
    "timm ViT without CLS": (lambda: timm_vit(global_pool="avg", class_token=False), {}, ViT),
    "timm DeiT-3": (lambda: timm_vit(no_embed_class=True, init_values=0.1), {}, ViT),
    "timm registers": (lambda: timm_vit(no_embed_class=True, init_values=0.1, reg_tokens=4), {}, ViT),
    "timm registers with positions": (lambda: timm_vit(reg_tokens=3, init_values=0.1), {}, ViT),
    "timm without bias of q, k, v": (lambda: timm_vit(qkv_bias=False), {}, ViT),
    "timm deit_tiny": (lambda: timm_named("deit_tiny_patch16_224", depth=2), {}, ViT),
    "timm deit_tiny_distilled": (lambda: timm_named("deit_tiny_distilled_patch16_224", depth=2), {}, DeiT),
    "timm Swin": (timm_swin, {"img_size": 32}, SwinTransformer),
    "torchvision ViT": (torchvision_vit, {}, ViT),
    "torchvision Swin": (torchvision_swin, {"img_size": 32}, SwinTransformer),
    "torchvision ResNet": (resnet, {"img_size": 64}, ResNet),
    "Hugging Face ViT": (lambda: huggingface("ViT"), {}, ViT),
    "Hugging Face DeiT": (lambda: huggingface("DeiT"), {}, ViT),
    "Hugging Face DeiT distilled": (lambda: huggingface("DeiT", "ForImageClassificationWithTeacher"), {}, DeiT),
    "Hugging Face Dinov2": (lambda: huggingface("Dinov2"), {}, ViT),
    "Hugging Face Dinov2 with registers": (lambda: huggingface("Dinov2WithRegisters"), {}, ViT),
    "Hugging Face Swin": (lambda: huggingface("Swin"), {"img_size": 32}, SwinTransformer),
}


@pytest.mark.parametrize("case", CASES)
def test_the_same_logits_from_a_state_dict_and_from_the_object(case):
    build, known, kind = CASES[case]
    theirs = build()
    weights = theirs.state_dict()
    images = pictures(known.get("img_size", 32))
    heads = {} if kind in (SwinTransformer, ResNet) or "deit_tiny" in case else {"n_heads": 4}
    for source, options in ((weights, {**known, **heads}), (theirs, {})):
        ours, report = from_state_dict(source, **options)
        assert isinstance(ours, kind) and not ours.training
        assert ours.n_classes == 5 == len(report.names)
        assert_same(theirs, ours, images)
        assert_complete(report, weights)
        assert case.split(" ")[0] in report.format and "5 classes" in str(report)


@pytest.mark.parametrize("case", ["timm ViT", "Hugging Face Dinov2 with registers", "timm Swin", "torchvision ResNet"])
def test_the_report_builds_the_same_network_again(case):
    build, known, _ = CASES[case]
    model, report = from_state_dict(build(), **known)
    again = create_model(report.model, **report.options).eval()
    again.load_state_dict(model.state_dict())
    images = pictures(model.img_size)
    with torch.no_grad():
        assert torch.equal(again(images), model(images))


@pytest.mark.parametrize("case", ["timm ViT", "timm Swin", "torchvision ResNet"])
def test_the_network_has_weights_of_its_own_that_can_be_trained(case):
    build, known, _ = CASES[case]
    theirs = build()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    ours, _ = from_state_dict(theirs, **known)
    assert torch.equal(torch.rand(3), expected)
    before = {name: value.clone() for name, value in theirs.state_dict().items()}
    with torch.no_grad():
        for parameter in ours.parameters():
            assert parameter.requires_grad and parameter.is_contiguous() and parameter.device.type == "cpu"
            parameter.zero_()
    assert all(torch.equal(value, before[name]) for name, value in theirs.state_dict().items())


@pytest.mark.parametrize("case", ["timm ViT", "timm deit_tiny_distilled", "torchvision Swin", "Hugging Face Dinov2"])
def test_the_same_gradients(case):
    build, known, _ = CASES[case]
    theirs = build()
    ours, _ = from_state_dict(theirs, **known)
    gradients = []
    for network in (theirs, ours):
        images = pictures().requires_grad_(True)
        answer = network(images)
        (answer if isinstance(answer, torch.Tensor) else answer.logits).square().sum().backward()
        gradients.append(images.grad)
    assert gradients[0].norm() > 0
    assert (gradients[1] - gradients[0]).norm() / gradients[0].norm() < 1e-4
