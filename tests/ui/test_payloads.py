"""What travels to the browser, unpacked again and compared with the model."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.positions import cosine_similarity, position_similarity
from vit_explorer.models.checkpoint import load_checkpoint, save_checkpoint
from vit_explorer.models.zoo import create_model
from vit_explorer.ui.core.arrays import pack
from vit_explorer.ui.core.payloads import prediction_payload
from vit_explorer.ui.core.pictures import Picture
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.traces import Traces
from vit_explorer.ui.payloads import model_payload, trace_payload
from vit_explorer.ui.positions.export import PositionsExport, export_positions
from vit_explorer.ui.positions.payload import COSINE_SCALE


def unpack(packed: dict) -> np.ndarray:
    stored = np.frombuffer(base64.b64decode(packed["data"]), np.dtype(packed["dtype"]).newbyteorder("<"))
    return stored.reshape(packed["shape"]).astype(np.float64) * packed["scale"]


@pytest.fixture
def checkpoint_of(tmp_path):
    def make(name: str, **overrides):
        card = {
            "model": name,
            "overrides": overrides,
            "dataset": {"name": "shapes", "classes": [f"class {i}" for i in range(10)]},
            "normalise": {"mean": [120.0, 121.0, 122.0], "std": [60.0, 61.0, 62.0]},
            "multiply_adds": 1,
            "recipe": {"epochs": 15},
        }
        torch.manual_seed(3)
        save_checkpoint(create_model(name, **overrides), card, "one", tmp_path)
        return load_checkpoint("one", [tmp_path])

    return make


@pytest.fixture
def picture():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    return Picture("upload:x", "noise", Image.fromarray(pixels))


@pytest.mark.parametrize(("dtype", "scale"), [("float32", 1.0), ("int16", COSINE_SCALE), ("uint8", 1.0)])
def test_packing_errs_by_half_its_scale_at_most(dtype, scale):
    values = np.array([[0.0, 1.0], [0.25, 0.123456]]) if dtype != "uint8" else np.array([[0.0, 255.0], [7.0, 8.0]])
    error = np.abs(unpack(pack(values, dtype, scale)) - values).max()
    assert error <= (1e-7 if dtype == "float32" else scale / 2 + 1e-12)


def test_trace_payload_is_the_models_own_pass(checkpoint_of, picture):
    checkpoint = checkpoint_of("vit")
    payload = json.loads(json.dumps(trace_payload(Traces(), picture, checkpoint, "crop")))
    images = fit_picture(picture.image, 32, "crop")[None]
    with torch.inference_mode():
        logits = checkpoint.model(checkpoint.preprocess(images))
        tokens = checkpoint.model.patch_embedding(checkpoint.preprocess(images))
    assert payload["logits"] == logits[0].tolist()
    assert sum(payload["probabilities"]) == pytest.approx(1, abs=1e-6)
    assert (unpack(payload["pixels"]) == images[0].permute(1, 2, 0).numpy()).all()
    assert (unpack(payload["patches"]["embedding"]) == tokens[0].double().numpy()).all()


def test_both_checks_of_the_patches_tab(checkpoint_of, picture):
    checkpoint = checkpoint_of("vit")
    patches = trace_payload(Traces(), picture, checkpoint, "crop")["patches"]
    inputs = checkpoint.preprocess(fit_picture(picture.image, 32, "crop")[None])
    projection = checkpoint.model.patch_embedding.projection
    with torch.inference_mode():
        by_convolution = projection(inputs).flatten(2)[0].T
        by_product = F.linear(F.unfold(inputs, 4, stride=4)[0].T, projection.weight.flatten(1), projection.bias)
    assert patches["largest_difference"] == pytest.approx(float((by_convolution - by_product).abs().max()), abs=1e-6)
    assert patches["largest_difference"] < 1e-5
    assert patches["recovered_values"] == [48] * 64


def test_pixels_that_a_token_lost_are_not_claimed(checkpoint_of, picture):
    checkpoint = checkpoint_of("vit")
    with torch.no_grad():
        checkpoint.model.patch_embedding.projection.weight[:, 0] = 0  # the model is blind to red
    recovered = trace_payload(Traces(), picture, checkpoint, "crop")["patches"]["recovered_values"]
    assert max(recovered) <= 40


def test_a_token_too_small_for_its_patch_claims_nothing(checkpoint_of, picture):
    payload = trace_payload(Traces(), picture, checkpoint_of("vit", d_model=32), "crop")
    assert payload["patches"]["recovered_values"] is None


@pytest.mark.parametrize("name", ["cnn", "vit-conv"])
def test_models_without_one_projection_have_no_patches(checkpoint_of, picture, name):
    checkpoint = checkpoint_of(name)
    assert trace_payload(Traces(), picture, checkpoint, "crop")["patches"] is None
    payload = model_payload(checkpoint)
    assert payload["filters"] is None
    assert (payload["positions"] is None) == (name == "cnn")


def test_model_payload_carries_filters_and_similarities(checkpoint_of):
    checkpoint = checkpoint_of("vit")
    payload = json.loads(json.dumps(model_payload(checkpoint)))
    assert (
        unpack(payload["filters"]) == checkpoint.model.patch_embedding.projection.weight.detach().double().numpy()
    ).all()
    similarity = unpack(payload["positions"]["similarity"])[-1]
    assert np.abs(similarity - position_similarity(checkpoint.model).double().numpy()).max() <= COSINE_SCALE / 2 + 1e-7
    assert sum(payload["component_share"]) == pytest.approx(1, abs=1e-5)


def test_a_payload_stays_under_its_budget(checkpoint_of, picture):
    checkpoint = checkpoint_of("vit")
    assert len(json.dumps(trace_payload(Traces(), picture, checkpoint, "crop"))) < 1.5e6
    assert len(json.dumps(model_payload(checkpoint))) < 1.5e6


def test_prediction_payload_agrees_with_the_trace(checkpoint_of, picture):
    checkpoint = checkpoint_of("vit")
    traced, plain = (
        trace_payload(Traces(), picture, checkpoint, "crop"),
        prediction_payload(picture, checkpoint, "crop"),
    )
    assert plain["logits"] == traced["logits"]
    assert plain["seconds"] > 0


def test_many_snapshots_of_many_positions_are_thinned_to_the_budget(checkpoint_of, tmp_path):
    checkpoint = checkpoint_of("vit", patch_size=2)
    tables = np.random.default_rng(0).normal(size=(16, 257, 128)).astype(np.float16)
    np.savez_compressed(tmp_path / "one.positions.npz", epochs=np.arange(16, dtype=np.float32), positions=tables)
    positions = model_payload(checkpoint)["positions"]
    assert len(json.dumps(positions)) < 1.5e6
    assert positions["epochs"][0] == 0 and positions["epochs"][-1] == 15
    assert len(positions["epochs"]) == len(positions["pairs"]) == positions["similarity"]["shape"][0] == 7
    for place, epoch in enumerate(positions["epochs"]):  # a file holds what the page shows at that place
        request = PositionsExport("one", place, "npy")
        file = export_positions(Session(checkpoint_folders=[tmp_path]), request)
        assert file["filename"] == f"one-positions-epoch-{epoch:.0f}.npy"
        cosines = np.load(io.BytesIO(base64.b64decode(file["data"])))
        shown = unpack(positions["similarity"])[place]
        assert np.abs(shown - cosines).max() <= COSINE_SCALE / 2 + 1e-6
        if epoch < 15:
            expected = cosine_similarity(torch.from_numpy(tables[int(epoch)].astype(np.float32)))
            assert np.abs(cosines - expected.numpy()).max() < 1e-6


def test_damaged_snapshots_leave_the_models_own_positions(checkpoint_of, tmp_path):
    checkpoint = checkpoint_of("vit")
    (tmp_path / "one.positions.npz").write_bytes(b"no archive")
    positions = model_payload(checkpoint)["positions"]
    assert positions["epochs"] == [15.0]
    error = np.abs(unpack(positions["similarity"])[0] - position_similarity(checkpoint.model).double().numpy()).max()
    assert error <= COSINE_SCALE / 2 + 1e-7
    problems = Session(checkpoint_folders=[tmp_path]).problems()
    assert len(problems) == 1 and str(tmp_path / "one.positions.npz") in problems[0]


def test_a_preview_is_drawn_once_and_small_pictures_keep_each_pixel(picture):
    assert picture.preview is picture.preview
    kept = Image.open(io.BytesIO(base64.b64decode(picture.preview.split(",")[1])))
    assert np.array_equal(kept, picture.image)


def test_the_preview_of_a_photograph_takes_a_quarter_of_its_bytes_and_looks_the_same():
    photo = Session().picture("sample:cat").image
    head, _, data = Picture("cat", "Cat", photo).preview.partition(",")
    shown = Image.open(io.BytesIO(base64.b64decode(data)))
    buffer = io.BytesIO()
    photo.save(buffer, "PNG")
    assert head == "data:image/jpeg;base64" and shown.size == photo.size
    assert len(data) * 3 / 4 < buffer.tell() / 4
    assert np.abs(np.asarray(shown, np.int16) - np.asarray(photo, np.int16)).mean() < 3
