"""Leave one out: against a plain loop over the ablated model."""

from __future__ import annotations

import pytest
import torch

from vit_explorer.explain import Ablation, head_costs, patch_costs, trace_ablated
from vit_explorer.models import create_model

SIZES = {"img_size": 16, "patch_size": 4, "d_model": 32, "n_heads": 2, "n_layers": 3, "d_ff": 64, "n_classes": 4}
CNN = {"img_size": 16, "n_classes": 4, "widths": (8, 16)}


@pytest.fixture(scope="module")
def image() -> torch.Tensor:
    return torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def made(name: str, **sizes: object) -> torch.nn.Module:
    torch.manual_seed(0)
    model = create_model(name, **sizes).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(2)  # no two answers alike
    return model


@pytest.mark.parametrize(("name", "sizes"), [("vit", SIZES), ("deit", SIZES), ("cnn", CNN)])
@pytest.mark.parametrize("baseline", ["blurred", "mean"])
def test_a_patch_costs_what_a_loop_says(name, sizes, baseline, image):
    model = made(name, **sizes)
    whole = trace_ablated(model, image, Ablation()).probabilities[0, 2]
    rows, cols = model.grid
    expected = [
        float(whole - trace_ablated(model, image, Ablation((patch,), baseline)).probabilities[0, 2])
        for patch in range(rows * cols)
    ]
    found = patch_costs(model, image, 2, baseline)
    assert found.shape == (rows, cols) and found.flatten().tolist() == pytest.approx(expected, abs=1e-6)
    assert max(map(abs, expected)) > 1e-5


def test_squares_of_patches_go_together_and_progress_is_told(image, monkeypatch):
    monkeypatch.setattr("vit_explorer.explain.costs.LARGE_AT_ONCE", 2)
    monkeypatch.setattr("vit_explorer.explain.faithfulness.PIXELS_AT_ONCE", 1)
    model, shares = made("vit", **SIZES), []
    found = patch_costs(model, image, 1, side=2, progress=lambda tried: shares.append(tried.share))
    whole = trace_ablated(model, image, Ablation()).probabilities[0, 1]
    corner = trace_ablated(model, image, Ablation((10, 11, 14, 15))).probabilities[0, 1]
    assert found.shape == (2, 2) and float(found[1, 1]) == pytest.approx(float(whole - corner), abs=1e-6)
    assert shares == [0, 0.5]
    with pytest.raises(ValueError, match="3 patches a side do not divide a grid of 4 x 4"):
        patch_costs(model, image, 1, side=3)


@pytest.mark.parametrize("name", ["vit", "deit"])
def test_a_head_costs_what_a_loop_says_and_the_model_stays(name, image):
    model = made(name, **SIZES)
    before = model(image)
    whole = trace_ablated(model, image, Ablation()).probabilities[0, 3]
    found = head_costs(model, image, 3)
    for layer in range(3):
        for head in range(2):
            muted = trace_ablated(model, image, Ablation(muted=((layer, head),))).probabilities[0, 3]
            assert float(found[layer, head]) == pytest.approx(float(whole - muted), abs=1e-6)
    assert found.abs().max() > 1e-5 and torch.equal(model(image), before)
    with pytest.raises(ValueError, match="no heads"):
        head_costs(made("cnn", **CNN), image, 0)
