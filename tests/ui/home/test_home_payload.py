"""What Home is sent of a trace, compared with the model's own pass."""

from __future__ import annotations

import base64

import numpy as np
import pytest
import torch

from vit_explorer.explain.trace import trace
from vit_explorer.models import create_model
from vit_explorer.ui.home.payload import home_payload


def traced(name: str, **overrides):
    torch.manual_seed(5)
    model = create_model(name, **overrides).eval()
    return model, trace(model, torch.randn(1, 3, 32, 32))


def shares(packed) -> np.ndarray:
    codes = np.frombuffer(base64.b64decode(packed["data"]), "<u2").reshape(packed["shape"]).astype(float)
    return np.where(codes == 65535, 0, 2.0 ** (-codes * packed["scale"]))


@pytest.mark.parametrize(("name", "readers"), [("vit", [0]), ("deit", [0, 1])])
def test_what_arrives_is_the_mean_of_the_rows_of_the_tokens_that_are_read(name, readers):
    model, seen = traced(name)
    arriving = shares(home_payload(model, seen)["arriving"])
    expected = np.stack([weights[0][:, readers].mean(dim=1).numpy() for weights in seen.attention])
    np.testing.assert_allclose(arriving, expected, rtol=1e-3)
    np.testing.assert_allclose(arriving.sum(axis=-1), 1, rtol=1e-3)


def test_where_patches_are_read_nothing_arrives_at_one_token():
    model, seen = traced("vit", pooling="mean")
    assert home_payload(model, seen)["arriving"] is None


@pytest.mark.parametrize("name", ["cnn", "swin"])
def test_stages_are_sent_as_maps_and_their_last_places_add_up_to_the_logit(name):
    model, seen = traced(name)
    payload = home_payload(model, seen)
    best = int(seen.logits.argmax())
    bias = next(bias for key, bias in model.state_dict().items() if key.startswith("head") and key.endswith("bias"))[
        best
    ]
    assert sum(payload["summands"]) + float(bias) == pytest.approx(float(seen.logits[0, best]), abs=1e-4)
    sides = [one["grid"][0] for one in payload["maps"]]
    assert sides == sorted(sides, reverse=True) and len(payload["maps"]) == len(seen.windows or model.stage_entries)
    if name == "swin":
        assert [one["shift"] == [0, 0] for one in payload["maps"][:2]] == [True, False]
        assert payload["maps"][0]["window"] == model.window
    else:
        assert {one["window"] for one in payload["maps"]} == {None}
