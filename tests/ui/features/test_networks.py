"""Two networks on one picture: after the same share of their blocks, with the numbers of explain.features."""

import base64
import io

import numpy as np
import pytest
import torch

from tests.ui.features.test_tab import FIRST, traced, unpack
from vit_explorer.explain.features import feature_similarity, fit_features, mean_similarity, token_norms
from vit_explorer.explain.trace import trace
from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.features.hidden import hidden_maps
from vit_explorer.ui.features.networks import export_networks, share_seen, two_networks
from vit_explorer.ui.features.similarity import STEP


@pytest.fixture(scope="module")
def session() -> Session:
    return Session()


def ask(model: str, beside: str, **fields) -> dict:
    return {"picture": FIRST, "model": model, "fit": "crop", "beside": beside, "block": None, **fields}


@pytest.mark.parametrize(
    ("model", "beside", "block", "depth", "found"),
    [
        ("vit-cifar10", "deit-cifar10", 1, 0.25, "layer 1"),
        ("vit-cifar10", "cnn-cifar10", 3, 0.75, "stage 2"),
        ("vit-cifar10", "cnn-cifar10", 0, 0, "stage 1"),
        ("cnn-cifar10", "vit-cifar10", 0, 1 / 3, "layer 1"),
        ("swin-cifar10", "vit-cifar10", None, 1, "layer 4"),
        ("vit-cifar10", "swin-cifar10", 999, 1, "stage 2"),
    ],
)
def test_the_second_network_is_read_after_the_same_share_of_its_blocks(session, model, beside, block, depth, found):
    first, second = bind(two_networks, session)(ask(model, beside, block=block))["networks"]
    assert first["depth"] == pytest.approx(depth)
    assert second["names"][second["block"]] == found
    assert (first["network"], second["network"]) == (model, beside)


def test_the_depth_of_a_map_counts_the_blocks_before_it(session):
    depths = {}
    for name in ("vit-cifar10", "swin-cifar10", "cnn-cifar10"):
        checkpoint = session.checkpoint(name)
        seen = trace(checkpoint.model, torch.zeros(1, 3, 32, 32))
        depths[name] = [one.depth for one in hidden_maps(checkpoint.model, [seen])]
    swin = session.checkpoint("swin-cifar10").model
    blocks = [len(stage) for stage in swin.stages]
    assert depths["vit-cifar10"] == [0, 0.25, 0.5, 0.75, 1]
    assert depths["swin-cifar10"] == pytest.approx([blocks[0] / sum(blocks), 1])
    assert depths["cnn-cifar10"] == pytest.approx([1 / 3, 2 / 3, 1])


def test_colours_and_similarities_are_those_of_explain_in_each_network(session):
    answer = bind(two_networks, session)(ask("vit-cifar10", "deit-cifar10", block=2))
    for each in answer["networks"]:
        seen = traced(session, each["network"], FIRST)
        hidden, n_prefix = seen.hidden[2][0], seen.n_prefix
        assert each["n_prefix"] == n_prefix == len(each["prefix_names"])
        basis = fit_features(hidden[n_prefix:])
        np.testing.assert_allclose(
            unpack(each["colours"]) / 255, basis.colours(hidden[n_prefix:]), atol=0.5 / 255 + 1e-3
        )
        assert each["explained"] == pytest.approx(basis.explained.tolist(), abs=1e-4)
        cosines = unpack(each["similarity"])
        for token in (0, n_prefix, n_prefix + 40):
            expected = feature_similarity(hidden, token, hidden, n_prefix)
            np.testing.assert_allclose(cosines[token], expected, atol=STEP / 2 + 1e-4)
        assert each["mean_cosine"] == pytest.approx(mean_similarity(hidden, n_prefix), abs=1e-5)


def test_a_network_that_crops_sees_less_of_the_square():
    card = {"preprocessing": {"resize": 256, "crop": 224}}
    assert share_seen(card, "crop") == 0.875
    assert share_seen(card, "letterbox") == share_seen({}, "crop") == 1


def test_files_hold_both_networks(session):
    request = ask("vit-cifar10", "swin-cifar10", block=4, queries=[0, 9])
    arrays = np.load(io.BytesIO(base64.b64decode(bind(export_networks, session)({**request, "format": "npz"})["data"])))
    assert arrays["networks"].tolist() == ["vit-cifar10", "swin-cifar10"]
    assert arrays["names"].tolist() == ["layer 4", "stage 2"] and arrays["queries"].tolist() == [0, 9]
    hidden = traced(session, "vit-cifar10", FIRST).hidden[4][0]
    np.testing.assert_allclose(arrays["norms_0"], token_norms(hidden), rtol=1e-4)
    np.testing.assert_allclose(arrays["similarity_0"][0], feature_similarity(hidden, 0, hidden, 1), atol=1e-5)
    assert arrays["similarity_1"].shape == (64, 64)
    svg = base64.b64decode(bind(export_networks, session)({**request, "format": "svg"})["data"])
    assert svg.startswith(b"<?xml")


def test_what_is_not_there_is_refused_in_a_sentence(session):
    with pytest.raises(CheckpointError, match="nowhere"):
        bind(two_networks, session)(ask("vit-cifar10", "nowhere"))
    with pytest.raises(UserError, match="0 to 999"):
        bind(two_networks, session)(ask("vit-cifar10", "cnn-cifar10", block=-1))
    with pytest.raises(UserError, match="0 to 63, not 64"):
        bind(export_networks, session)(ask("vit-cifar10", "cnn-cifar10", queries=[0, 64], format="npz"))
