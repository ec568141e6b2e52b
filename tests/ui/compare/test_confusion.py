"""The page's confusion matrix is that of the card, and each of its numbers is made of the pictures behind it."""

from __future__ import annotations

import csv
import io
import threading
import time
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.files import save_npz
from vit_explorer.data.dataset import Dataset
from vit_explorer.models.checkpoint import save_checkpoint
from vit_explorer.models.zoo import create_model
from vit_explorer.ui.compare.confusion import count_confusions, export_confusions, list_cell
from vit_explorer.ui.compare.predictions import Predictions, PredictionStore, ask_model
from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session

PATIENCE = 60.0  # seconds
SIZES = {"img_size": 8, "patch_size": 4, "d_model": 8, "n_heads": 2, "n_layers": 1, "d_ff": 8, "n_classes": 3}


def keep(folder: Path, name: str, data: str, classes: list[str]) -> None:
    """An untrained network with a card that says what it was trained on."""
    torch.manual_seed(0)
    card = {
        "model": "vit",
        "overrides": SIZES | {"n_classes": len(classes)},
        "dataset": {"name": data, "classes": classes},
        "normalise": {"mean": [0.5] * 3, "std": [0.3] * 3},
        "recipe": {"epochs": 1},
    }
    save_checkpoint(create_model("vit", **card["overrides"]), card, name, folder)


@pytest.fixture
def ask(tiny: Dataset, tmp_path: Path):
    """ask(name, **request): the functions of the view, over the tiny data and three networks."""
    for name, data, classes in (
        ("mine", "tiny", ["dark", "grey", "light"]),
        ("other", "tiny", ["a", "b", "c"]),
        ("gone", "pets", ["dark", "grey", "light"]),
    ):
        keep(tmp_path, name, data, classes)
    session = Session(checkpoint_folders=[tmp_path], own_data=[save_npz(tiny, tmp_path / "tiny.npz")])
    functions = serve(session, PredictionStore(), confusion=count_confusions, cell=list_cell, export=export_confusions)
    by_name = {function.__name__: function for function in functions}
    asked = lambda name, **request: by_name[name]({"model": "mine", "owner": "me", **request})  # noqa: E731
    asked.session = session
    return asked


def counted(ask) -> dict:
    deadline = time.monotonic() + PATIENCE
    while (answer := ask("confusion"))["state"] == "counting":
        assert 0 <= answer["done"] <= answer["total"] and time.monotonic() < deadline
    return answer


def cells(answer: dict) -> np.ndarray:
    packed = answer["cells"]
    return np.frombuffer(b64decode(packed["data"]), "<f4").reshape(packed["shape"]).astype(int)


def test_the_matrix_counts_the_answers_to_every_test_picture(ask, tiny):
    answer = counted(ask)
    checkpoint = ask.session.checkpoint("mine")
    with torch.no_grad():
        told = checkpoint.model(checkpoint.preprocess(tiny.test.x)).argmax(dim=1)
    pairs = {tuple(pair): int(n) for *pair, n in cells(answer).tolist()}
    expected: dict[tuple[int, int], int] = {}
    for pair in zip(tiny.test.y.tolist(), told.tolist(), strict=True):
        expected[pair] = expected.get(pair, 0) + 1
    assert pairs == expected and sum(pairs.values()) == answer["total"] == 9
    assert answer["accuracy"] == float((told == tiny.test.y).double().mean())
    assert answer["stated"] is None  # its card says nothing
    assert (answer["classes"], answer["data"], answer["model"]) == (["dark", "grey", "light"], "tiny", "mine")
    for label, share in enumerate(answer["recall"]):
        assert share == expected.get((label, label), 0) / 3
    for label, share in enumerate(answer["precision"]):
        called = int((told == label).sum())
        assert share == (expected.get((label, label), 0) / called if called else None)


def test_a_cell_shows_its_pictures_the_surest_first(ask, tiny):
    answer = counted(ask)
    seen = []
    for truth, said, n in cells(answer).tolist():
        found = ask("cell", truth=truth, answer=said, first=0)
        assert found["total"] == len(found["pictures"]) == n
        assert all(picture["truth"] == answer["classes"][truth] for picture in found["pictures"])
        sure = [picture["probability"] for picture in found["pictures"]]
        assert sure == sorted(sure, reverse=True) and all(1 / 3 <= p <= 1 for p in sure)
        assert len(ask("cell", truth=truth, answer=said, first=n - 1)["pictures"]) == 1
        seen += [picture["name"] for picture in found["pictures"]]
    assert sorted(seen) == [f"tiny:{index}" for index in range(9)]


def test_the_table_holds_the_same_counts(ask):
    answer = counted(ask)
    text = b64decode(ask("export", format="csv")["data"]).decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text))
    assert head == ["true class", "dark", "grey", "light"]
    table = np.array([[int(cell) for cell in row[1:]] for row in rows])
    for truth, said, n in cells(answer).tolist():
        assert table[truth, said] == n
    assert table.sum() == 9 and [row[0] for row in rows] == head[1:]


@pytest.mark.parametrize(("model", "data"), [("other", "tiny"), ("gone", "pets")])
def test_a_model_of_other_data_has_no_matrix(ask, model, data):
    answer = ask("confusion", model=model)
    assert answer["state"] == "none" and f"No test pictures of {data}" in answer["reason"]
    assert data in ask("cell", model=model, truth=0, answer=0, first=0)["error"]


def test_a_model_that_is_replaced_is_asked_anew(ask, tmp_path):
    store = PredictionStore()
    source = ask.session.datasets.open("tiny")
    first = store.of(ask.session.checkpoint("mine"), source)
    assert store.of(ask.session.checkpoint("mine"), source) is first
    other = ask.session.checkpoint("other")
    assert store.of(other, source) is not first and store.of(ask.session.checkpoint("mine"), source) is first


def test_no_more_pictures_are_asked_about_once_the_program_ends(ask, monkeypatch):
    checkpoint, source = ask.session.checkpoint("mine"), ask.session.datasets.open("tiny")
    ended = threading.Thread()  # never started: not alive, as the main thread while a program ends
    with monkeypatch.context() as patched:
        patched.setattr(threading, "main_thread", lambda: ended)
        left = Predictions(checkpoint, source, torch.zeros(9, dtype=torch.long), torch.zeros(9))
        ask_model(left)
    assert left.done == 0
    ask_model(left)
    assert left.complete
