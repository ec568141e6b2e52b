"""What the heads and the rollout ask the server for: the trace's own numbers, refusals as sentences, files."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from PIL import Image

from tests.ui.core.test_arrays import RELATIVE_ERROR, unpack_shares
from vit_explorer.explain.readout import readout_weights
from vit_explorer.explain.rollout import rollout
from vit_explorer.models import create_model, save_checkpoint
from vit_explorer.ui.attention.heads import attention_layer, attention_matrix, attention_rows, export_heads
from vit_explorer.ui.attention.request import CLS_TOKEN, AttentionInput, load_attention
from vit_explorer.ui.attention.rollout import export_rollout, rollout_stack
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.requests import ModelRequest
from vit_explorer.ui.core.serve import bind, serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.traces import Traces
from vit_explorer.ui.payloads import trace_payload

SIZES = {"img_size": 16, "patch_size": 4, "d_model": 32, "n_heads": 2, "n_layers": 3, "d_ff": 64, "n_classes": 4}
MODELS = {
    "small": ("vit", SIZES),
    "pooled": ("vit", {**SIZES, "pooling": "mean"}),
    "weighted": ("vit", {**SIZES, "pooling": "attention"}),
    "fine": ("vit", {**SIZES, "img_size": 32, "patch_size": 2, "n_heads": 4}),
    "convolutional": ("cnn", {"img_size": 16, "n_classes": 4}),
}
OPTIONS = {"head_fusion": "mean", "discard_ratio": 0.0, "residual": True, "start_layer": 0}
FIRST = {"fit": "crop", "token": 3, "matrices": False, **OPTIONS}


@dataclass(frozen=True)
class Visit:
    session: Session
    picture: str

    def __call__(self, model: str, **request) -> tuple[AttentionInput, dict]:
        """The input of a view, and the whole request."""
        request = {**FIRST, "picture": self.picture, "model": model, **request}
        return load_attention(self.session, ModelRequest(self.picture, model, "crop")), request

    def ask(self, function, request: dict):
        """The answer of a view's function; exceptions are raised."""
        return bind(function, self.session)(request)


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    for name, (architecture, options) in MODELS.items():
        model = create_model(architecture, **options)
        if architecture == "vit":
            with torch.no_grad():
                for weights in model.parameters():  # large, so that attention is far from even
                    weights.normal_(std=0.3)
        card = {
            "model": architecture,
            "overrides": options,
            "dataset": {"name": "four animals", "classes": ["ant", "bee", "cat", "dog"]},
            "normalise": {"mean": [120.0] * 3, "std": [60.0] * 3},
            "recipe": {"epochs": 20},
        }
        save_checkpoint(model, card, name, folder)
    session = Session(checkpoint_folders=[folder])
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    picture = session.keep_upload(buffer.getvalue(), "noise").name

    return Visit(session, picture)


def close(packed: dict, expected: torch.Tensor) -> None:
    """The packed shares are these, to their stated error."""
    np.testing.assert_allclose(unpack_shares(packed), expected.double().numpy(), rtol=RELATIVE_ERROR, atol=2**-32)


# ---- payload ---------------------------------------------------------------------------------------------------


def test_the_payload_of_a_trace_holds_every_weight_and_its_scale(visit):
    seen, _ = visit("small")
    attention = trace_payload(Traces(), seen.picture, seen.checkpoint, "crop")["attention"]
    assert attention["shape"] == [3, 2, 17, 17]
    close(attention["weights"], seen.weights)
    assert attention["limit"] == pytest.approx(np.percentile(seen.weights[..., 1:].numpy(), 99))


def test_the_payload_of_the_shipped_vit_keeps_the_budget():
    session = Session()
    payload = trace_payload(
        session.traces, session.picture("sample:cheetah"), session.checkpoint("vit-cifar10"), "crop"
    )
    assert payload["attention"]["weights"]["shape"] == [4, 4, 65, 65]
    assert len(json.dumps(payload)) < 1.5e6


def test_too_many_weights_stay_on_the_server_but_not_their_scale(visit):
    seen, _ = visit("fine")
    payload = trace_payload(Traces(), seen.picture, seen.checkpoint, "crop")
    assert payload["attention"]["weights"] is None
    assert 0 < payload["attention"]["limit"] < 1
    assert len(json.dumps(payload)) < 1.5e6


# ---- rows ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "token", "index"), [("small", CLS_TOKEN, 0), ("small", 3, 4), ("pooled", 3, 3), ("fine", 255, 256)]
)
def test_rows_and_columns_are_those_of_the_whole(visit, model, token, index):
    seen, request = visit(model, token=token)
    answer = visit.ask(attention_rows, request)
    close(answer["rows"], seen.weights[:, :, index, :])
    close(answer["columns"], seen.weights[:, :, :, index])
    assert len(json.dumps(answer)) < 1.5e6


def test_one_heads_matrix_is_that_of_the_whole(visit):
    seen, request = visit("fine", layer=2, head=3)
    answer = visit.ask(attention_matrix, request)
    close(answer["matrix"], seen.weights[2, 3])
    assert len(json.dumps(answer)) < 1.5e6
    with pytest.raises(UserError, match="3 layers of 4 heads"):
        visit.ask(attention_matrix, {**request, "layer": 3})


def test_a_layer_is_that_of_the_whole_unless_it_is_too_large(visit, monkeypatch):
    seen, request = visit("fine", layer=2)
    close(visit.ask(attention_layer, request)["weights"], seen.weights[2])
    with pytest.raises(UserError, match="3 layers of 4 heads"):
        visit.ask(attention_layer, {**request, "layer": 3})
    monkeypatch.setattr("vit_explorer.ui.attention.heads.MAX_LAYER", seen.weights[2].numel() - 1)
    assert visit.ask(attention_layer, request)["weights"] is None


@pytest.mark.parametrize(
    ("model", "token", "words"),
    [("pooled", CLS_TOKEN, "no CLS"), ("small", 16, "patches 0 to 15, not 16"), ("small", -2, "patches 0 to 15")],
)
def test_a_token_that_is_not_there_is_refused_in_a_sentence(visit, model, token, words):
    _, request = visit(model, token=token)
    with pytest.raises(UserError, match=words):
        visit.ask(attention_rows, request)


def test_a_model_without_attention_is_refused_in_a_sentence(visit):
    with pytest.raises(UserError, match="convolutional has no attention"):
        visit("convolutional")


# ---- rollout ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["small", "pooled", "weighted"])
@pytest.mark.parametrize(
    "options",
    [
        OPTIONS,
        {**OPTIONS, "head_fusion": "max", "discard_ratio": 0.6},
        {**OPTIONS, "head_fusion": "min", "residual": False, "start_layer": 1},
    ],
)
def test_the_stack_is_the_rollout_up_to_each_layer(visit, model, options):
    seen, request = visit(model, **options)
    answer = visit.ask(rollout_stack, request)
    attention, n_prefix = seen.traced.attention, seen.traced.n_prefix
    expected = torch.cat(
        [
            rollout(attention[: last + 1], **options, n_prefix=n_prefix)
            for last in range(options["start_layer"], len(attention))
        ]
    )
    close(answer["steps"], expected)
    reading = readout_weights(seen.checkpoint.model, seen.traced)[0]
    close(answer["answer"], torch.einsum("i,sij->sj", reading, expected))
    alone = seen.weights[options["start_layer"] :].mean(dim=1)
    close(answer["answer_alone"], torch.einsum("i,sij->sj", reading, alone))
    if model == "small":
        close(answer["answer"], expected[:, 0])


def test_with_too_many_weights_the_rows_of_all_tokens_come_where_they_are_asked_for(visit):
    seen, request = visit("fine", discard_ratio=0.5)
    answer = visit.ask(rollout_stack, request)
    assert answer["steps"] is None and answer["alone"] is None
    last = rollout(seen.traced.attention, discard_ratio=0.5)[0]
    whole = visit.ask(rollout_stack, {**request, "matrices": True})
    np.testing.assert_allclose(unpack_shares(whole["steps"])[-1, 8], last[8].double().numpy(), rtol=RELATIVE_ERROR)
    close(whole["alone"], seen.weights.mean(dim=1))
    np.testing.assert_allclose(unpack_shares(answer["answer"])[-1], last[0].double().numpy(), rtol=RELATIVE_ERROR)
    assert len(json.dumps(answer)) < 1.5e6


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"head_fusion": "median"}, "must be one of mean, max, min"),
        ({"discard_ratio": 1.0}, "at least 0 and below 1"),
        ({"start_layer": 3}, "must be 0 to 2, not 3"),
    ],
)
def test_an_option_outside_its_range_is_a_sentence_with_the_range(visit, option, words):
    _, request = visit("small", **option)
    assert words in serve(visit.session, stack=rollout_stack)[0](request)["error"]


# ---- files -----------------------------------------------------------------------------------------------------


def opened(file: dict) -> bytes:
    return base64.b64decode(file["data"])


def words_of(svg: dict) -> str:
    """The text of a figure, its lines joined."""
    return " ".join(re.sub(r"<(?!!)[^>]*>|<!--|-->", " ", opened(svg).decode()).split())


HEADS = {"direction": "row", "scale": "shared", "layer": 1, "head": 0, "mean": False, "beside": None}


def test_npz_of_the_heads_holds_the_weights_themselves(visit):
    seen, request = visit("small", **HEADS, format="npz")
    file = visit.ask(export_heads, request)
    assert file["filename"] == "small-attention.npz"
    arrays = np.load(io.BytesIO(opened(file)), allow_pickle=False)
    assert arrays["attention"].dtype == np.float32
    np.testing.assert_array_equal(arrays["attention"], seen.weights.numpy())
    assert arrays["grid"].tolist() == [4, 4] and arrays["n_prefix"] == 1 and arrays["query"] == 4
    assert opened(visit.ask(export_heads, request)) == opened(file)


def test_npz_of_the_rollout_holds_steps_and_options(visit):
    seen, request = visit("pooled", row="query", scale="shared", start_layer=1, discard_ratio=0.3, format="npz")
    arrays = np.load(io.BytesIO(opened(visit.ask(export_rollout, request))), allow_pickle=False)
    expected = rollout(seen.traced.attention, discard_ratio=0.3, start_layer=1, n_prefix=0)[0].numpy()
    assert arrays["rollout"].shape == (2, 16, 16)
    np.testing.assert_allclose(arrays["rollout"][-1], expected, rtol=1e-6)
    np.testing.assert_allclose(arrays["rollout_answer"][-1], expected.mean(axis=0), rtol=1e-5)
    assert arrays["query"] == 3 and arrays["start_layer"] == 1 and arrays["discard_ratio"] == 0.3
    assert str(arrays["head_fusion"]) == "mean" and bool(arrays["residual"])


@pytest.mark.parametrize(("kind", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_figures_are_what_they_say(visit, kind, magic):
    _, request = visit("small", **HEADS, row="answer", format=kind)
    assert opened(visit.ask(export_heads, request)).startswith(magic)
    assert opened(visit.ask(export_rollout, request)).startswith(magic)


def test_a_caption_holds_all_settings(visit):
    _, request = visit("small", **HEADS, row="answer", format="svg", head_fusion="max", discard_ratio=0.25)
    words = words_of(visit.ask(export_rollout, {**request, "start_layer": 1, "residual": False}))
    for said in ("small trained on four animals", "noise", "Layers 2 to 3", "fused by max", "25", "without the skip"):
        assert said in words
    own = words_of(visit.ask(export_heads, {**request, "scale": "own", "direction": "column"}))
    assert "own colour scale" in own and "attends to patch 4" in own
    two = words_of(visit.ask(export_heads, {**request, "beside": [2, 2]}))
    assert "layer 2, head 1, over the picture" in two and "layer 3, mean of its heads, over the picture" in two


def test_the_gif_has_one_frame_a_layer_and_the_same_bytes_each_time(visit):
    _, request = visit("small", row="answer", scale="shared", format="gif")
    file = visit.ask(export_rollout, request)
    with Image.open(io.BytesIO(opened(file))) as image:
        assert image.n_frames == 3
    assert opened(visit.ask(export_rollout, request)) == opened(file)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "bmp"}, "png, svg, pdf"),
        ({"scale": "log"}, "shared or own"),
        ({"layer": 3}, "3 layers of 2 heads"),
        ({"beside": [3, 0]}, "3 layers of 2 heads"),
        ({"direction": "both"}, "row or column"),
    ],
)
def test_a_file_that_cannot_be_is_refused(visit, change, words):
    _, request = visit("small", **{**HEADS, "format": "png", **change})
    with pytest.raises(UserError, match=words):
        visit.ask(export_heads, request)
