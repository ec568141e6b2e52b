"""Inside a head: what the page is sent makes the trace's attention weights again."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import torch

from tests.ui.attention.test_maps import visit  # noqa: F401  # the fixture
from vit_explorer.ui.attention.inside import export_inside, look_inside
from vit_explorer.ui.core.errors import UserError


def unpacked(packed: dict) -> np.ndarray:
    stored = np.frombuffer(base64.b64decode(packed["data"]), dtype=packed["dtype"])
    return stored.reshape(packed["shape"]) * packed["scale"]


@pytest.mark.parametrize("model", ["small", "pooled", "fine"])
def test_queries_and_keys_make_the_attention_weights_of_the_trace(visit, model):  # noqa: F811
    seen, request = visit(model, layer=2, head=1)
    answer = visit.ask(look_inside, request)
    query, key = unpacked(answer["query"]), unpacked(answer["key"])
    scores = query @ key.T / np.sqrt(query.shape[1])
    weights = torch.from_numpy(scores).softmax(dim=-1)
    torch.testing.assert_close(weights, seen.weights[2, 1].double(), atol=1e-5, rtol=1e-4)
    assert unpacked(answer["value"]).shape == query.shape
    assert (answer["layer"], answer["head"], answer["d_ff"]) == (2, 1, 64)


def test_lengths_are_those_of_the_hidden_states_and_units_are_the_widest(visit):  # noqa: F811
    seen, request = visit("small", layer=1, head=0)
    answer = visit.ask(look_inside, request)
    lengths = unpacked(answer["lengths"])
    assert lengths.shape == (4, 17)
    np.testing.assert_allclose(lengths[0], seen.traced.hidden[1][0].norm(dim=-1), rtol=1e-5)
    np.testing.assert_allclose(lengths[3], seen.traced.hidden[2][0].norm(dim=-1), rtol=1e-4)
    activations, units = unpacked(answer["activations"]), unpacked(answer["units"])
    assert activations.shape == units.shape == (17, 6)
    assert (np.diff(activations, axis=1) <= 0).all()
    block = seen.checkpoint.model.blocks[1]
    with torch.inference_mode():
        between = seen.traced.hidden[1] + block.attention_branch(seen.traced.hidden[1])
        hidden = block.mlp[1](block.mlp[0](block.norm2(between)))[0].numpy()
    np.testing.assert_allclose(activations[:, 0], hidden.max(axis=1), rtol=1e-4)
    assert (hidden.argmax(axis=1) == units[:, 0]).all()


def test_heads_that_are_not_there_and_models_without_attention_are_refused(visit):  # noqa: F811
    _, request = visit("small", layer=0, head=2)
    with pytest.raises(UserError, match="3 layers of 2 heads"):
        visit.ask(look_inside, request)
    with pytest.raises(UserError, match="no attention"):
        visit.ask(look_inside, {**request, "model": "convolutional", "head": 0})


def test_arrays_and_figures_are_saved(visit):  # noqa: F811
    seen, request = visit("small", layer=2, head=1, token=3)
    arrays = np.load(io.BytesIO(base64.b64decode(visit.ask(export_inside, {**request, "format": "npz"})["data"])))
    np.testing.assert_allclose(arrays["weights"], seen.weights[2, 1], atol=1e-6)
    assert arrays["token"] == 4  # CLS stands before it
    np.testing.assert_allclose(
        arrays["entering"] + arrays["attended"] + arrays["transformed"], arrays["leaving"], atol=1e-5
    )
    figure = visit.ask(export_inside, {**request, "format": "svg"})
    assert figure["filename"] == "small-layer-3-head-2.svg"
    assert b"<svg" in base64.b64decode(figure["data"])
