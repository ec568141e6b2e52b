"""Explanations of networks with registers, LayerScale, another pooling or no head, and of a ResNet."""

from __future__ import annotations

import pytest
import torch

from vit_explorer.explain.dropped import scaled_logits
from vit_explorer.explain.explanations import METHODS
from vit_explorer.explain.gradients import grad_cam, gradient_rollout, trace_gradients
from vit_explorer.explain.lens import logit_lens
from vit_explorer.explain.probe import probe_map
from vit_explorer.explain.readout import patch_readout, readout_weights
from vit_explorer.explain.rollout import rollout
from vit_explorer.explain.trace import trace
from vit_explorer.models import SwinTransformer, ViT
from vit_explorer.models.resnet import ResNet

SMALL = {"img_size": 16, "patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 2, "d_ff": 24, "n_classes": 5}


def vit(**options) -> ViT:
    torch.manual_seed(0)
    model = ViT(**{**SMALL, "n_registers": 3, "layer_scale": True, **options}).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model


def pictures(side: int = 16) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(2, 3, side, side)


@pytest.mark.parametrize("pooling", ["cls", "mean", "cls_mean", "attention"])
def test_heads_read_cls_and_patches_but_no_registers(pooling):
    model = vit(pooling=pooling, cls_token=True)
    traced = trace(model, pictures())
    assert traced.n_prefix == 4 and traced.hidden[0].shape == (2, 20, 16)
    reading = readout_weights(model, traced)
    assert torch.allclose(reading.sum(dim=1), torch.ones(2))
    assert not reading[:, 1:4].any()
    expected = {"cls": 1, "cls_mean": 0.5}.get(pooling, 0)
    assert torch.allclose(reading[:, 0], torch.full((2,), float(expected)))
    assert probe_map(model, pictures()).sum(dim=(1, 2)) == pytest.approx([1, 1], abs=1e-5)
    tokens = model.norm(traced.hidden[-1])
    if pooling != "cls_mean":  # a linear head reads the weighted mean of the tokens
        read = model.head((reading[:, None] @ tokens)[:, 0])
        assert torch.allclose(read, traced.logits, atol=1e-5)


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_every_method_explains_a_vit_with_registers(pooling):
    model = vit(pooling=pooling, cls_token=True)
    passed = trace_gradients(model, pictures())
    applied = [name for name, method in METHODS.items() if method.applies(model)]
    assert len(applied) >= 3
    for name in applied:
        found = METHODS[name].explain(model, passed)
        assert found.shape == (2, 4, 4) and (found >= 0).all() and found.sum() > 0, name


def test_branches_are_dropped_with_their_layer_scale():
    model = vit()
    with torch.no_grad():
        assert torch.allclose(scaled_logits(model, pictures(), torch.ones(2, 2, 2)), model(pictures()), atol=1e-6)
        embedded = model.classify(model.tokens(pictures()))
    assert torch.allclose(scaled_logits(model, pictures(), torch.zeros(2, 2, 2)), embedded, atol=1e-6)


def test_training_reads_cls_alone_with_registers_and_layer_scale():
    model = vit().double()
    expected = model(pictures().double())
    assert torch.allclose(model.train()(pictures().double()), expected, atol=1e-12)


def test_without_a_head_all_but_the_prediction_can_be_seen():
    model = vit(n_classes=0)
    traced = trace(model, pictures())
    assert traced.logits.shape == traced.probabilities.shape == (2, 0)
    assert logit_lens(model, traced).shape == (2, 3, 0)
    flow = rollout(traced.attention, n_prefix=traced.n_prefix)
    assert torch.allclose(flow.sum(dim=-1), torch.ones(2, 20))
    assert patch_readout(flow, readout_weights(model, traced), traced).shape == (2, 4, 4)
    assert probe_map(model, pictures()).sum() == pytest.approx(2, abs=1e-5)
    for explain in (trace_gradients, gradient_rollout):
        with pytest.raises(ValueError, match="no head"):
            explain(model, pictures())


def test_a_swin_without_a_head_has_windows_but_no_probe_map():
    torch.manual_seed(0)
    model = SwinTransformer(d_model=16, n_classes=0).eval()
    traced = trace(model, pictures(32))
    assert traced.logits.shape == (2, 0) and len(traced.windows) == 6
    assert model.embed(pictures(32)).shape == (2, 32)
    with pytest.raises(ValueError, match="no head"):
        probe_map(model, pictures(32))


def test_grad_cam_and_probe_of_a_resnet():
    torch.manual_seed(0)
    model = ResNet(img_size=64, layers=(1, 1, 1, 1), n_classes=5).eval()
    images = pictures(64)
    passed = trace_gradients(model, images, 3)
    last = passed.traced.hidden[-1]
    assert passed.traced.grid == (2, 2) and last.shape == (2, 4, 2048)
    said = (last * model.head.weight[3]).sum(dim=-1)  # (B, H * W)
    assert torch.allclose(grad_cam(passed).flatten(1), said.clamp_min(0) / 4, atol=1e-5)
    best = passed.traced.logits.argmax(dim=1)
    positive = (last * model.head.weight[best][:, None]).sum(dim=-1).clamp_min(0)
    expected = positive / positive.sum(dim=1, keepdim=True).clamp_min(1e-12)
    assert torch.allclose(probe_map(model, images).flatten(1), expected, atol=1e-5)
