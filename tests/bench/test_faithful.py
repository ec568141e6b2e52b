"""The measure of faithfulness takes the same pictures for all, and its table says what the numbers say."""

import json
import re
import shutil

import numpy as np
import pytest
import torch

from vit_explorer.bench import faithful
from vit_explorer.bench.missing import NotMeasured
from vit_explorer.explain import deletion_curve, explanation_maps, insertion_curve
from vit_explorer.explain.explanations import random_maps
from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER, load_checkpoint


@pytest.fixture
def cifar10(tmp_path, monkeypatch):
    """30 test pictures of noise and stripes under CIFAR-10's names."""
    monkeypatch.delenv("VIT_EXPLORER_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    chance = np.random.default_rng(0)
    pictures = chance.integers(0, 256, (30, 32, 32, 3), dtype=np.uint8)
    pictures[::2] = pictures[::2].mean(axis=1, keepdims=True).astype(np.uint8)
    labels = np.arange(30) % 10
    path = tmp_path / "cifar10.npz"
    np.savez(path, x_train=pictures[::-1], y_train=labels, x_test=pictures, y_test=labels)
    return path


@pytest.fixture
def small(monkeypatch):
    """Curves of two steps, five pictures at once."""
    for name in ("deletion_curve", "insertion_curve"):
        curve = getattr(faithful, name)
        monkeypatch.setattr(faithful, name, lambda *arguments, curve=curve: curve(*arguments, n_steps=2))
    monkeypatch.setattr(faithful, "AT_ONCE", 5)


def test_the_numbers_are_those_of_the_chosen_pictures(cifar10, small):
    result = faithful.measure_faithful(data=cifar10, n=7, models=["cnn-cifar10"])
    checkpoint = load_checkpoint("cnn-cifar10")
    chosen = torch.randperm(30, generator=torch.Generator().manual_seed(faithful.SEED))[:7]
    pictures = torch.from_numpy(np.load(cifar10)["x_test"]).permute(0, 3, 1, 2)[chosen]
    inputs = checkpoint.preprocess(pictures)
    maps = explanation_maps(checkpoint.model, inputs) | {"random": random_maps((8, 8), 7, faithful.SEED)}
    assert set(maps) == {"grad_cam", "random"}
    for method, importance in maps.items():
        for kind, curve in (("deletion", deletion_curve), ("insertion", insertion_curve)):
            areas = curve(checkpoint.model, inputs, importance, n_steps=2).area.numpy()
            shown = f"cnn-cifar10, {method}: {kind} area"
            assert result[f"{shown} (mean)"] == pytest.approx(areas.mean(), abs=1e-4)
            error = areas.std(ddof=1) / np.sqrt(7)
            assert result[f"{shown} (standard error)"] == pytest.approx(error, abs=1e-4)
            told = [float(number) for number in re.findall(r"0\.\d{3}", result["table"])]
            assert any(number == pytest.approx(areas.mean(), abs=1e-3) for number in told)
    assert result["pictures"] == 7


def test_every_method_of_every_model_has_a_row(cifar10, small):
    result = faithful.measure_faithful(data=cifar10, n=2)
    rows = [line.split(" | ")[:2] for line in result["table"].splitlines() if line.startswith("| `")]
    vit = ["Last layer", "Rollout", "Attention × gradient", "Gradient rollout", "random map"]
    expected = [["| `vit-cifar10`", title] for title in vit]
    assert rows == [*expected, ["| `cnn-cifar10`", "Grad-CAM"], ["| `cnn-cifar10`", "random map"]]


def test_the_table_says_which_is_best_and_which_are_level():
    zigzag = torch.tensor([0.1, -0.1, 0.1, -0.1, 0.1, -0.1])
    areas = {
        "deletion": {"rollout": 0.3 + zigzag, "grad_cam": 0.31 - zigzag, "random": 0.5 + zigzag},
        # the first two have errors far larger than what is between them, but the same ones: they can be told apart
        "insertion": {"rollout": 0.6 + zigzag, "grad_cam": 0.61 + zigzag + zigzag / 50, "random": 0.4 - zigzag},
    }
    lines = faithful._table({"mine": areas}).splitlines()
    assert lines[0] == "| model | map | deletion area (lower is better) | insertion area (higher is better) |"
    assert lines[1] == "|---|---|---|---|"
    assert lines[2:5] == [
        "| `mine` | Rollout | **0.300** ± 0.045 | 0.600 ± 0.045 |",
        "| `mine` | Grad-CAM | 0.310 ± 0.045 | **0.610** ± 0.046 |",
        "| `mine` | random map | 0.500 ± 0.045 | 0.400 ± 0.045 |",
    ]
    assert lines[5:] == [
        "",
        "`mine`, deletion, within one standard error of each other: Rollout and Grad-CAM.",
        "`mine`, insertion, within one standard error of each other: none.",
    ]


def test_without_cifar10_it_says_so(tmp_path, monkeypatch):
    monkeypatch.delenv("VIT_EXPLORER_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotMeasured, match=r"CIFAR-10 was not found in .*nowhere.*--data"):
        faithful.measure_faithful(data=tmp_path / "nowhere")


def test_without_the_checkpoint_it_says_so(cifar10, tmp_path):
    with pytest.raises(NotMeasured, match=r"no checkpoint 'vit-cifar10' in .*empty"):
        faithful.measure_faithful(str(tmp_path / "empty"), data=cifar10)


def test_a_model_of_another_dataset_is_refused(cifar10):
    with pytest.raises(NotMeasured, match=r"cnn-shapes in .* was trained on shapes, not on cifar10"):
        faithful.measure_faithful(data=cifar10, n=2, models=["cnn-shapes"])


@pytest.mark.parametrize("n", [0, 1, 31])
def test_a_number_of_pictures_that_there_is_not_is_refused_with_the_range(cifar10, n):
    with pytest.raises(NotMeasured, match=f"must be 2 to 30, not {n}"):
        faithful.measure_faithful(data=cifar10, n=n, models=["cnn-cifar10"])


def test_another_folder_of_weights_is_taken(cifar10, small, tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    for ending in ("pt", "json"):
        shutil.copy(CHECKPOINT_FOLDER / f"cnn-cifar10.{ending}", folder / f"mine.{ending}")
    result = faithful.measure_faithful(str(folder), data=cifar10, n=2, models=["mine"])
    assert json.dumps(result) and "mine, grad_cam: deletion area (mean)" in result
