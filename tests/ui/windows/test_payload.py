"""What the Windows tab is sent is what the package computes."""

import base64
from itertools import pairwise

import numpy as np
import pytest
import torch

from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain import trace
from vit_explorer.explain.rewindow import rewindowed, unmasked
from vit_explorer.explain.windows import layout_of, reach
from vit_explorer.models import create_model, save_checkpoint
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.windows import payload
from vit_explorer.ui.windows.payload import offered_sides, windows_payload
from vit_explorer.ui.windows.unmasked import answer_unmasked

SIZES = {"d_model": 16, "depths": (2, 2), "n_heads": (2, 4), "n_classes": 3}
CARD = {
    "overrides": SIZES,
    "dataset": {"name": "tiny", "classes": ["dark", "grey", "light"]},
    "normalise": {"mean": [10.0, 20.0, 30.0], "std": [2.0, 4.0, 8.0]},
    "recipe": {"epochs": 1},
}
ASKED = {"picture": "sample:cheetah", "model": "small", "fit": "crop", "window": None, "shift": None, "side": None}


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Session:
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    save_checkpoint(create_model("swin", **SIZES), CARD | {"model": "swin"}, "small", folder)
    card = CARD | {"model": "cnn", "overrides": {"widths": (4, 8), "n_classes": 3}}
    save_checkpoint(create_model("cnn", widths=(4, 8), n_classes=3), card, "convolutional", folder)
    return Session(checkpoint_folders=[folder])


def unpack(packed: dict) -> np.ndarray:
    dtype = {"log2": "<u2"}.get(packed["dtype"], packed["dtype"])
    numbers = np.frombuffer(base64.b64decode(packed["data"]), dtype).reshape(packed["shape"])
    if packed["dtype"] != "log2":
        return numbers * packed["scale"]
    return np.where(numbers == 65_535, 0, 2.0 ** -(numbers * packed["scale"]))


@pytest.mark.parametrize("cut", [{}, {"side": 14}, {"window": 3}, {"window": 5, "shift": 1, "side": 10}, {"shift": 0}])
def test_everything_is_of_one_real_pass(session, cut):
    answer = bind(windows_payload, session)(ASKED | cut)
    checkpoint = session.checkpoint("small")
    window, side = cut.get("window", 4), cut.get("side", 16)
    shift = cut.get("shift", window // 2)
    assert (answer["window"], answer["shift"], answer["side"]) == (window, shift, side)
    assert answer["own"] == {"window": 4, "shift": 2, "side": 16}
    pixels = fit_picture(session.picture("sample:cheetah").image, 2 * side, "crop")
    assert np.array_equal(unpack(answer["pixels"]), pixels.permute(1, 2, 0))
    traced = trace(rewindowed(checkpoint.model, window, shift), checkpoint.preprocess(pixels[None]))
    assert answer["probabilities"] == pytest.approx(traced.probabilities[0].tolist(), abs=1e-6)
    layouts = [layout_of(record.grid, record.plan) for record in traced.windows]
    for block, record, layout, reached in zip(answer["blocks"], traced.windows, layouts, reach(layouts), strict=True):
        n = record.grid[0] * record.grid[1]
        order = unpack(block["order"])
        assert sorted(order[order >= 0]) == list(range(n)) and len(order) == block["whole"][0] * block["whole"][1]
        assert np.array_equal(np.where(order < 0, n, order), record.plan.order)
        assert np.array_equal(unpack(block["regions"]), layout.regions.flatten())
        assert np.allclose(unpack(block["weights"]), record.weights[0].detach(), rtol=4e-4, atol=1e-9)
        rows, cols = (unpack(block[f"reach_{axis}"]).astype(bool) for axis in ("rows", "cols"))
        assert np.array_equal(np.einsum("rh,cw->rchw", rows, cols).reshape(reached.shape), reached)
        assert block["masked"] == (not bool(layout.mask.all()))


def test_the_bias_map_holds_what_is_added_for_each_relative_position(session):
    answer = bind(windows_payload, session)(ASKED)
    attention = session.checkpoint("small").model.stages[0][1].attention
    maps, bias = unpack(answer["blocks"][1]["bias"]), attention.relative_position_bias().detach()
    assert maps.shape == (2, 7, 7)
    for query, key in ((0, 0), (0, 5), (15, 0), (6, 9)):
        down, along = query // 4 - key // 4, query % 4 - key % 4
        assert maps[1, down + 3, along + 3] == pytest.approx(bias[1, query, key].item(), abs=1e-7)


def test_sides_are_offered_as_far_as_the_payload_holds(session):
    model = session.checkpoint("small").model
    sides = [offered_sides(model, window) for window in (2, 4, 8)]
    assert all(16 in one for one in sides) and all(set(more) >= set(less) for more, less in pairwise(sides))
    for window in (2, 4, 7, 8):
        answer = bind(windows_payload, session)(ASKED | {"window": window, "side": offered_sides(model, window)[-1]})
        assert len(str(answer)) < 1.5e6


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"model": "convolutional"}, "convolutional has no windows: choose a Swin"),
        ({"window": 0}, "A window must be 1 to 8, not 0"),
        ({"window": 4.5}, "Window must be a whole number, not 4.5"),
        ({"window": 3, "shift": 3}, "A shift must be 0 to 2, not 3"),
        ({"side": 13}, "With windows of 4 the map can have"),
    ],
)
def test_what_is_not_offered_is_refused_with_what_is(session, asked, words):
    with pytest.raises(UserError, match=words):
        bind(windows_payload, session)(ASKED | asked)


def test_a_map_within_one_window_is_not_shifted(session):
    blocks = bind(windows_payload, session)(ASKED | {"side": 8, "window": 8})["blocks"]
    assert [block["shift"] for block in blocks] == [[0, 0]] * 4 and not any(block["masked"] for block in blocks[:2])


def test_weights_of_many_blocks_are_sent_block_by_block(session, monkeypatch):
    """A Swin-T at 224 pixels has 2.2 million of them."""
    whole = bind(windows_payload, session)(ASKED)
    monkeypatch.setattr(payload, "MAX_NUMBERS", 0)
    assert [block["weights"] for block in bind(windows_payload, session)(ASKED)["blocks"]] == [None] * 4
    sent = bind(payload.window_weights, session)(ASKED | {"blocks": [3, 0]})["weights"]
    assert sent == [whole["blocks"][3]["weights"], whole["blocks"][0]["weights"]]
    with pytest.raises(UserError, match="A block must be 0 to 3, not 4"):
        bind(payload.window_weights, session)(ASKED | {"blocks": [4]})


def test_a_swin_without_a_head_has_everything_but_a_prediction(tmp_path):
    options = SIZES | {"n_classes": 0}
    card = CARD | {"model": "swin", "overrides": options, "dataset": {"name": "tiny", "classes": []}}
    network = Checkpoint("headless", create_model("swin", **options).eval(), card, tmp_path)
    answer = bind(windows_payload, Session(checkpoint_folders=[tmp_path], networks=[network]))(
        ASKED | {"model": "headless"}
    )
    assert answer["classes"] == answer["probabilities"] == answer["own_probabilities"] == []
    assert len(answer["blocks"]) == 4 and all(unpack(block["weights"]).sum() > 0 for block in answer["blocks"])


@pytest.mark.parametrize("cut", [{}, {"window": 3, "side": 14}])
def test_the_answers_with_the_mask_and_without_are_those_of_two_passes(session, cut):
    answer = bind(answer_unmasked, session)(ASKED | cut | {"blocks": [1]})
    checkpoint = session.checkpoint("small")
    window, side = cut.get("window", 4), cut.get("side", 16)
    model = rewindowed(checkpoint.model, window, window // 2)
    pixels = fit_picture(session.picture("sample:cheetah").image, 2 * side, "crop")
    inputs = checkpoint.preprocess(pixels[None])
    with torch.no_grad():
        for name, network in (("with_mask", model), ("without", unmasked(model))):
            expected = network(inputs).softmax(dim=-1)[0].tolist()
            assert answer[name] == pytest.approx(expected, abs=1e-6)
        bare = trace(unmasked(model), inputs).windows[1].weights[0]
    torch.testing.assert_close(torch.from_numpy(unpack(answer["weights"][0])).float(), bare, atol=2e-3, rtol=0)
    assert answer["classes"] == ["dark", "grey", "light"] and answer["with_mask"] != answer["without"]
    with pytest.raises(UserError, match="no windows"):
        bind(answer_unmasked, session)(ASKED | {"model": "convolutional", "blocks": []})
