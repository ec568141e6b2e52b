"""The bench of the models prints what the Compare tab shows, and draws it."""

import pytest
import torch

from vit_explorer.bench import models as bench
from vit_explorer.bench.missing import NotMeasured
from vit_explorer.cost.attention_timing import Spread
from vit_explorer.cost.model_timing import Passed, Timed
from vit_explorer.models import create_model, save_checkpoint
from vit_explorer.models.zoo import MODELS

CARD = {
    "model": "cnn",
    "overrides": {"widths": (4, 8), "n_classes": 3},
    "dataset": {"name": "shapes", "classes": ["a", "b", "c"], "n_test": 1_200},
    "normalise": {"mean": [100.0] * 3, "std": [50.0] * 3},
    "test_accuracy": 0.625,
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """One small checkpoint, and times that are known."""
    save_checkpoint(create_model("cnn", **CARD["overrides"]), CARD, "small", tmp_path)

    def timed(checkpoints):
        for name in ("small", *(kind for kind in MODELS if kind != "cnn")):
            yield Passed(0.5, name, 1)
            yield Timed(name, 1, Spread(0.002, 0.001, 0.003, 20))
            yield Timed(name, 64, Spread(0.1, 0.1, 0.1, 5))

    monkeypatch.setattr(bench, "time_architectures", timed)
    return tmp_path


def test_every_network_has_its_line(folder):
    lines = bench.measure_models(folder)["table"].splitlines()
    assert len(lines) == 2 + len(MODELS) and len({line.count("|") for line in lines}) == 1
    own = next(line for line in lines if "small" in line)
    count = sum(parameter.numel() for parameter in create_model("cnn", **CARD["overrides"]).parameters())
    assert f"| {count:,} |" in own and "| 2 ms | 640 | 62.5 % (shapes) |" in own


def test_the_figure_is_drawn_where_it_was_asked_for(folder):
    told = bench.measure_models(folder, folder / "table.png")
    assert told["figure"].endswith("table.png") and (folder / "table.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("name", "said"), [("table.gif", "ends in"), ("nowhere/table.png", "cannot be written")])
def test_what_cannot_be_drawn_is_said(folder, name, said):
    with pytest.raises(NotMeasured, match=said):
        bench.measure_models(folder, folder / name)


def test_without_a_tested_network_there_is_no_figure(folder):
    torch.manual_seed(0)
    save_checkpoint(create_model("cnn", **CARD["overrides"]), CARD | {"test_accuracy": None}, "small", folder)
    with pytest.raises(NotMeasured, match="no model to draw"):
        bench.measure_models(folder, folder / "table.png")
    assert "%" not in bench.measure_models(folder)["table"].replace("one picture", "")
