"""The bench of the cards finds a card that lies, and says what it could not measure."""

import json

import pytest
import torch

from vit_explorer.bench import cards
from vit_explorer.bench.missing import NotMeasured
from vit_explorer.data.dataset import Dataset, Split
from vit_explorer.models import create_model, load_checkpoint, save_checkpoint

CARD = {
    "model": "cnn",
    "overrides": {"widths": (4, 8), "n_classes": 3},
    "dataset": {"name": "shapes", "classes": ["a", "b", "c"]},
    "normalise": {"mean": [100.0] * 3, "std": [50.0] * 3},
}


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """A folder with one checkpoint, its true accuracy on 1,200 pictures, and how to write its card."""
    torch.manual_seed(0)
    model = create_model("cnn", **CARD["overrides"])
    x = torch.randint(0, 256, (1200, 3, 32, 32), dtype=torch.uint8)
    dataset = Dataset(
        "shapes", Split(x[:10], torch.arange(10) % 3), Split(x, torch.arange(1200) % 3), ("a", "b", "c"), "here", "here"
    )
    monkeypatch.setattr(cards, "open_dataset", lambda name, root: dataset)

    def write(**more: object) -> None:
        save_checkpoint(model, CARD | more, "small", tmp_path)

    write()
    with torch.no_grad():
        checkpoint = load_checkpoint("small", [tmp_path])
        right = (checkpoint.model(checkpoint.preprocess(x)).argmax(1) == dataset.test.y).float().mean().item()
    return tmp_path, right, write


def test_a_true_card_is_confirmed(measured):
    folder, right, write = measured
    write(test_accuracy=right)
    found = cards.measure_cards(folder)
    assert found["small: measured, %"] == pytest.approx(100 * right) and found["largest difference, points"] < 0.001


def test_a_card_that_is_off_by_more_than_the_tolerance_is_found(measured):
    folder, right, write = measured
    write(test_accuracy=right + 0.0008)
    with pytest.raises(NotMeasured, match=r"the card of small is 0\.08 points from"):
        cards.measure_cards(folder)


def test_what_cannot_be_measured_is_said(measured):
    folder, right, write = measured
    write(test_accuracy=right)
    (folder / "broken.json").write_text(json.dumps(CARD))
    found = cards.measure_cards(folder)
    assert "missing beside their card" in found["broken: not measured"]
    write()
    with pytest.raises(NotMeasured, match=r"no checkpoint in .* can be measured"):
        cards.measure_cards(folder)
