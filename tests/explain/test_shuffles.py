"""The prediction under several shuffles: each is the one of its seed, whatever batches they are predicted in."""

import pytest
import torch

from vit_explorer.explain import faithfulness
from vit_explorer.explain.ablation import changed_positions, predict_with_positions
from vit_explorer.explain.costs import Tried
from vit_explorer.explain.shuffles import predict_shuffled
from vit_explorer.models import create_model

SIZES = {"img_size": 16, "patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 2, "d_ff": 24, "n_classes": 3}


def test_every_seed_has_its_own_prediction_in_batches_of_any_size(monkeypatch):
    torch.manual_seed(0)
    model, image = create_model("vit", **SIZES).eval(), torch.randn(1, 3, 16, 16)
    with torch.no_grad():
        model.pos_embedding.normal_()
    expected = torch.cat(
        [
            predict_with_positions(model, image, changed_positions(model.pos_embedding, 1, "shuffled", seed))
            for seed in range(3, 9)
        ]
    )
    monkeypatch.setattr(faithfulness, "PIXELS_AT_ONCE", 0)  # four at once
    heard: list[Tried] = []
    found = predict_shuffled(model, image, range(3, 9), heard.append)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert len({tuple(row.tolist()) for row in found}) == 6
    assert heard == [Tried(0), Tried(4 / 6)]


def test_a_network_without_positions_is_refused():
    with pytest.raises(ValueError, match="ConvNet has no learned position"):
        predict_shuffled(create_model("cnn", img_size=16), torch.zeros(1, 3, 16, 16), [0])
