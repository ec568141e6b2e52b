"""The probe map is what its words say, for each kind of model."""

import pytest
import torch

from vit_explorer.explain.probe import probe_map, probe_words
from vit_explorer.explain.trace import trace
from vit_explorer.models import create_model

SIZES = {"img_size": 8, "patch_size": 2, "d_model": 16, "n_heads": 2, "n_layers": 2, "d_ff": 24, "n_classes": 5}
MODELS = {
    "cls": ("vit", SIZES),
    "mean": ("vit", SIZES | {"pooling": "mean"}),
    "pool": ("vit-conv", SIZES),
    "none": ("vit", SIZES | {"positions": "none"}),
    "swin": ("swin", {"img_size": 8, "d_model": 8, "depths": (2, 2), "n_heads": (2, 2), "window": 2, "n_classes": 5}),
    "cnn": ("cnn", {"img_size": 8, "widths": (4, 8), "n_classes": 5}),
}
IMAGES = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def make(case: str) -> torch.nn.Module:
    torch.manual_seed(0)
    name, overrides = MODELS[case]
    return create_model(name, **overrides).eval()


@pytest.mark.parametrize("case", MODELS)
def test_shares_of_the_grid(case):
    model = make(case)
    found = probe_map(model, IMAGES)
    assert found.shape == (3, *model.grid)
    assert (found >= 0).all()
    assert torch.allclose(found.sum((1, 2)), torch.ones(3), atol=1e-5)
    assert torch.allclose(found[1:2], probe_map(model, IMAGES[1:2]), atol=1e-6)
    assert probe_words(model).endswith(".")


def test_cls_map_is_the_last_row_of_attention():
    model = make("cls")
    row = trace(model, IMAGES).attention[-1].mean(1)[:, 0, 1:]
    assert torch.allclose(probe_map(model, IMAGES).flatten(1), row / row.sum(1, keepdim=True), atol=1e-6)


def test_pooling_map_is_what_the_head_reads():
    model = make("pool")
    tokens = model.norm(trace(model, IMAGES).hidden[-1])
    read = (probe_map(model, IMAGES).flatten(1)[..., None] * tokens).sum(1)
    assert torch.allclose(model.head(read), model(IMAGES), atol=1e-5)


def test_cnn_map_adds_up_to_what_speaks_for_the_answer():
    model = make("cnn")
    traced = trace(model, IMAGES)
    parts = traced.hidden[-1].amax(1) * model.head.weight[traced.logits.argmax(1)]  # (B, C)
    answers = traced.logits.max(1).values
    assert torch.allclose(parts.sum(1) + model.head.bias[traced.logits.argmax(1)], answers, atol=1e-5)
    by_hand = torch.zeros(3, 16)
    for picture in range(3):
        for channel in range(8):
            place = int(traced.hidden[-1][picture, :, channel].argmax())
            by_hand[picture, place] += parts[picture, channel].item()
    by_hand = by_hand.clamp_min(0)
    by_hand /= by_hand.sum(1, keepdim=True)
    assert torch.allclose(probe_map(model, IMAGES).flatten(1), by_hand, atol=1e-5)


def test_another_model_is_refused():
    with pytest.raises((TypeError, AttributeError)):
        probe_map(torch.nn.Linear(3, 3), IMAGES)


def test_swin_map_is_what_each_place_says_for_the_answer():
    """The head reads a mean: with what speaks against it, and its bias, the places make the logit."""
    model = make("swin")
    traced = trace(model, IMAGES)
    top = traced.logits.argmax(1)
    said = torch.stack([model.norm(t) @ model.head.weight[k] for t, k in zip(traced.hidden[-1], top, strict=True)])
    assert torch.allclose(said.mean(1) + model.head.bias[top], traced.logits.amax(1), atol=1e-5)
    expected = said.clamp_min(0) / said.clamp_min(0).sum(1, keepdim=True)
    assert torch.allclose(probe_map(model, IMAGES).flatten(1), expected, atol=1e-5)
