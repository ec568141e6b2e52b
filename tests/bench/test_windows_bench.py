"""The measure of windows compares equals, says which ratio is meant and whether a budget is kept."""

import pytest
import torch

from vit_explorer.bench import windows
from vit_explorer.bench.missing import NotMeasured


def test_the_rivals_compute_what_ours_computes_and_another_is_no_fair_comparison():
    rivals = windows.make_rivals()
    maps = torch.randn(
        2, windows.SIDE, windows.SIDE, windows.SETTING.d_model, generator=torch.Generator().manual_seed(0)
    )
    with torch.no_grad():
        windows.check_equal(rivals, maps)
        assert list(rivals) == ["ours", "torchvision", "timm"]
        # Mask and bias are part of it: without either, the check would see a difference.
        rivals["ours"].bias_table.add_(torch.randn_like(rivals["ours"].bias_table))
        with pytest.raises(AssertionError, match=r"torchvision differs from ours by .* no fair comparison"):
            windows.check_equal(rivals, maps)


def test_the_parts_alone_are_attention_too():
    jobs = windows.core_jobs()
    for where in ("global", "windows"):
        assert torch.allclose(jobs[f"{where}, fused"](), jobs[f"{where}, materialised"](), atol=1e-5)
    assert jobs["windows, fused"]().shape == (64, 3, 49, 32)


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "timm.models.swin_transformer", None)
    with pytest.raises(NotMeasured, match=r"timm.* requirements-dev\.txt"):
        windows.measure_windows()


def test_theory_stands_beside_what_was_measured(monkeypatch):
    for name, value in {"ROUNDS": 1, "RUNS": 1, "BATCH": 1}.items():
        monkeypatch.setattr(windows, name, value)
    monkeypatch.setattr("vit_explorer.bench.throughput.WARM_UP", 0)
    result = windows.measure_windows()
    assert result["counted, attention matrix: global / windows"] == 64
    assert result["counted, whole module: global / windows"] == pytest.approx(13.8, abs=0.05)
    for way in ("fused", "materialised"):
        assert result[f"measured, whole module, {way}: global / windows"] > 0
        assert result[f"measured, attention part alone, {way}: global / windows"] > 0
    ratio = next(value for name, value in result.items() if name.endswith("the faster of the two, / ours"))
    faster = min(result[f"shifted windows, B=1, {name}: ms"] for name in ("torchvision", "timm"))
    assert ratio == pytest.approx(faster / result["shifted windows, B=1, ours: ms"])
    assert result["budget, shifted windows"].endswith("NOT reached") == (ratio < windows.RIVAL_BUDGET)
