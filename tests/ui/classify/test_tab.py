"""What the Classify tab's server functions answer, for two tiny models whose answers are known beforehand."""

import base64
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from vit_explorer.data.uploads import LETTERBOX_GREY, fit_picture
from vit_explorer.models.checkpoint import load_checkpoint, save_checkpoint
from vit_explorer.models.zoo import create_model
from vit_explorer.ui.classify.classify import classify_picture
from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.uploads import MAX_TITLE, upload_picture
from vit_explorer.ui.frame.frame import Payloads
from vit_explorer.ui.frame.tab import frame_functions
from vit_explorer.ui.payloads import model_payload, trace_payload

ANIMALS = ["bee", "cat", "dog"]
FORMS = ["ring", "star"]
TINY = {"patch_size": 4, "d_model": 8, "n_heads": 2, "n_layers": 1, "d_ff": 16}


def keep(folder: Path, name: str, data: str, classes: list[str], bias: list[float], size: int) -> None:
    """A tiny ViT whose head looks at nothing: its logits are ``bias`` for every picture."""
    overrides = {**TINY, "img_size": size, "n_classes": len(classes)}
    model = create_model("vit", **overrides)
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.copy_(torch.tensor(bias))
    card = {
        "model": "vit",
        "overrides": overrides,
        "dataset": {"name": data, "classes": classes, "n_test": 40},
        "normalise": {"mean": [0.0] * 3, "std": [255.0] * 3},
        "test_accuracy": 0.75,
        "recipe": {"epochs": 2},
    }
    save_checkpoint(model, card, name, folder)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """Three models; by the alphabet the ones of "shapes" would come first."""
    keep(tmp_path, "a-forms", "shapes", FORMS, [0.0, float(np.log(3))], 8)
    keep(tmp_path, "b-animals", "cifar10", ANIMALS, [0.0, float(np.log(8)), 0.0], 8)
    keep(tmp_path, "c-animals", "cifar10", ANIMALS, [float(np.log(2)), 0.0, 0.0], 16)
    return Session(checkpoint_folders=[tmp_path])


def functions(session: Session) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
    return {function.__name__: function for function in serve(session, take=upload_picture, classify=classify_picture)}


def picture_bytes(width: int = 8, height: int = 8) -> tuple[bytes, np.ndarray]:
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue(), pixels


def take(session: Session, data: bytes, title: str = "mine.png") -> dict[str, Any]:
    return functions(session)["take"]({"title": title, "data": base64.b64encode(data).decode(), "fit": "crop"})


def classify(session: Session, picture: str, fit: str = "crop") -> list[dict[str, Any]]:
    return functions(session)["classify"]({"picture": picture, "fit": fit})["results"]


def pixels_of(result: dict[str, Any]) -> np.ndarray:
    packed = result["pixels"]
    return np.frombuffer(base64.b64decode(packed["data"]), packed["dtype"]).reshape(packed["shape"])


def test_a_taken_picture_is_found_again_with_its_title_size_and_no_label(session: Session) -> None:
    data, pixels = picture_bytes(8, 6)
    answer = take(session, data, "t" * 200)
    assert (answer["title"], answer["truth"]) == ("t" * MAX_TITLE, None)
    assert (answer["width"], answer["height"]) == (8, 6)
    assert np.array_equal(np.asarray(session.picture(answer["name"]).image), pixels)


def test_both_doors_take_a_picture_alike(session: Session) -> None:
    request = {"title": "t" * 200, "data": base64.b64encode(picture_bytes()[0]).decode()}
    of_frame = frame_functions(session, Payloads(model_payload, partial(trace_payload, session.traces)))
    upload = next(function for function in of_frame if function.__name__ == "upload")
    assert upload(request) == functions(session)["take"](request)


def test_each_model_answers_with_its_own_numbers_and_those_of_cifar10_come_first(session: Session) -> None:
    results = classify(session, take(session, picture_bytes()[0])["name"])
    assert [result["model"] for result in results] == ["b-animals", "c-animals", "a-forms"]
    expected = [[0.1, 0.8, 0.1], [0.5, 0.25, 0.25], [0.25, 0.75]]
    for result, probabilities in zip(results, expected, strict=True):
        assert result["probabilities"] == pytest.approx(probabilities, abs=1e-6)
    assert [result["classes"] for result in results] == [ANIMALS, ANIMALS, FORMS]
    assert {(result["title"], result["test_accuracy"], result["n_test"]) for result in results} == {("ViT", 0.75, 40)}
    assert [result["data"] for result in results] == ["cifar10", "cifar10", "shapes"]


def test_the_probabilities_are_those_of_the_model_used_alone(tmp_path: Path) -> None:
    """A model that does look: the page says what the package says."""
    torch.manual_seed(5)
    keep(tmp_path, "looks", "cifar10", ANIMALS, [0.0] * 3, 8)
    checkpoint = load_checkpoint("looks", [tmp_path])
    torch.nn.init.normal_(checkpoint.model.head.weight)
    save_checkpoint(checkpoint.model, checkpoint.card, "looks", tmp_path)
    session = Session(checkpoint_folders=[tmp_path])
    data, pixels = picture_bytes()
    (result,) = classify(session, take(session, data)["name"])
    with torch.inference_mode():
        inputs = checkpoint.preprocess(torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None])
        alone = checkpoint.model(inputs).softmax(dim=-1)[0]
    assert alone.std() > 0.01
    assert result["probabilities"] == pytest.approx(alone.tolist(), abs=1e-6)


def test_the_pixels_are_what_each_model_received(session: Session) -> None:
    data, pixels = picture_bytes()
    name = take(session, data)["name"]
    small, large, _ = classify(session, name)
    assert np.array_equal(pixels_of(small), pixels)  # a picture of the model's size comes through bit by bit
    expected = fit_picture(Image.fromarray(pixels), 16, "crop").permute(1, 2, 0).numpy()
    assert np.array_equal(pixels_of(large), expected)


def test_letterbox_keeps_the_whole_picture_between_grey_bars(session: Session) -> None:
    data, pixels = picture_bytes(8, 4)
    seen = pixels_of(classify(session, take(session, data)["name"], "letterbox")[0])
    assert np.array_equal(seen[2:6], pixels)
    assert (seen[[0, 1, 6, 7]] == LETTERBOX_GREY).all()


def test_the_time_is_the_middle_one_of_the_timed_passes_and_leaves_the_first_out(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = take(session, picture_bytes()[0])["name"]
    passes = iter([100.0, 3.0, 1.0, 2.0] * 3)  # a slow first pass, then the timed ones, for each of three models
    monkeypatch.setattr("vit_explorer.ui.core.payloads.prediction_payload", lambda *_: {"seconds": next(passes)})
    assert [(one["seconds"], one["timed_passes"]) for one in classify(session, name)] == [(2.0, 3)] * 3


def test_a_bad_file_is_answered_with_a_sentence_and_earlier_pictures_stay(session: Session) -> None:
    name = take(session, picture_bytes()[0])["name"]
    assert take(session, b"") == {"error": "This file is empty; choose another, or save the picture again."}
    assert take(session, b"hello")["error"].startswith("This file is not a picture;")
    assert take(session, picture_bytes()[0][:60])["error"].startswith("This PNG picture is damaged")
    damaged = functions(session)["take"]({"title": "x", "data": "not base64!"})
    assert damaged == {"error": "The upload was damaged on its way: try it again."}
    assert len(classify(session, name)) == 3


def test_a_picture_that_is_no_longer_kept_is_named(session: Session) -> None:
    answer = functions(session)["classify"]({"picture": "upload:gone", "fit": "crop"})
    assert "upload:gone is no longer here" in answer["error"]
    assert answer["missing"] == "upload:gone"  # the page sends it again, if it still has it


def test_a_wrong_fit_and_a_request_without_fields_are_answered(session: Session) -> None:
    name = take(session, picture_bytes()[0])["name"]
    assert "stretch" in functions(session)["classify"]({"picture": name, "fit": "stretch"})["error"]
    assert "error" in functions(session)["take"]({"title": "x"})


def test_a_damaged_model_is_left_out_and_the_others_answer(session: Session, tmp_path: Path) -> None:
    (tmp_path / "c-animals.pt").write_bytes(b"broken")
    results = classify(session, take(session, picture_bytes()[0])["name"])
    assert [result["model"] for result in results] == ["b-animals", "a-forms"]


def test_nothing_is_written_to_disk(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(path.name for path in tmp_path.rglob("*"))
    elsewhere = tmp_path / "cwd"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("TMPDIR", str(elsewhere))
    monkeypatch.setattr("tempfile.tempdir", None)
    classify(session, take(session, picture_bytes()[0])["name"])
    assert list(elsewhere.iterdir()) == []
    assert sorted(path.name for path in tmp_path.rglob("*") if path != elsewhere) == before
