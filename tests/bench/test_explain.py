"""The measure of looking compares jobs that do what their names say, and says whether the budget is kept."""

import pytest
import torch

from vit_explorer.bench import explain
from vit_explorer.bench.plain_rollout import PlainRollout
from vit_explorer.explain import rollout, trace
from vit_explorer.models import create_model

SIZES = {"img_size": 8, "patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 3, "d_ff": 24, "n_classes": 5}


@pytest.fixture
def model():
    torch.manual_seed(0)
    made = create_model("vit", **SIZES).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return made


def test_the_rollout_beside_ours_is_the_same_rollout(model):
    images = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    theirs = PlainRollout(model)
    expected = rollout(trace(model, images).attention)
    for image, ours in zip(images, expected, strict=True):
        assert (theirs(image) - ours).abs().max() < 1e-6
    assert (expected[0] - expected[1]).abs().max() > 1e-3
    assert (theirs.model(images) - model(images)).abs().max() < 1e-5


def test_the_rollout_beside_ours_is_hooked_and_unfused_on_a_copy(model):
    theirs = PlainRollout(model)
    image = torch.randn(1, 3, 8, 8)
    with torch.profiler.profile() as profile:
        theirs(image[0])
    kernels = {event.key for event in profile.key_averages()}
    assert "aten::softmax" in kernels and not any("scaled_dot_product" in kernel for kernel in kernels)
    assert not any(module._forward_hooks for module in model.modules())
    with torch.profiler.profile() as profile:
        explain.plain_pass(model, image)
    assert any("scaled_dot_product" in event.key for event in profile.key_averages())


def test_everything_is_measured_for_one_picture_and_for_a_batch(monkeypatch, model):
    monkeypatch.setattr(explain, "BATCHES", (1, 2))
    monkeypatch.setattr(explain, "ROUNDS", {1: 1, 2: 1})
    monkeypatch.setattr(explain, "CURVE_ROUNDS", {1: 1, 2: 1})
    monkeypatch.setattr("vit_explorer.bench.throughput.WARM_UP", 0)
    result = explain.measure_explain()
    jobs = ["trace", explain.OURS, "gradient rollout", "all four maps", explain.THEIRS]
    for batch in (1, 2):
        for job in [*jobs, "deletion curve", "insertion curve"]:
            assert result[f"B={batch}, {job}: ms"] > 0
            assert result[f"B={batch}, {job} / {explain.PLAIN}"] > 0
        ours, theirs = (result[f"B={batch}, {job}: ms"] for job in (explain.OURS, explain.THEIRS))
        assert result[f"B={batch}, {explain.THEIRS} / {explain.OURS}"] == pytest.approx(theirs / ours)  # of one round
    assert result[f"budget, {explain.OURS} / {explain.PLAIN}"] == 1.5


@pytest.mark.parametrize(
    ("seconds", "words"), [(1.49, "1.49, within the budget"), (1.6, "1.60, NOT within the budget")]
)
def test_it_says_whether_the_budget_is_kept(monkeypatch, seconds, words):
    monkeypatch.setattr(explain, "BATCHES", (1,))
    monkeypatch.setattr(
        explain, "in_turns", lambda jobs, rounds: {job: [seconds if job == explain.OURS else 1.0] for job in jobs}
    )
    assert explain.measure_explain()["B=1, which is what the page does"] == words
