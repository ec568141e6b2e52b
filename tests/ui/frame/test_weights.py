"""Weights that visitors bring: in parts, as tensors only, with the report; all else is a sentence."""

from __future__ import annotations

import base64
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import timm
import torch

from vit_explorer.models.pretrained import open_network
from vit_explorer.models.zoo import create_model
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.frame.frame import list_catalogue
from vit_explorer.ui.frame.weights import (
    AT_ONCE,
    LARGEST_PART,
    Arrivals,
    begin_weights,
    open_weights,
    receive_weights,
)

SMALL = {"d_model": 16, "n_heads": 2, "n_layers": 1, "d_ff": 16}


def saved(weights: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(weights, buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def deit() -> bytes:
    torch.manual_seed(0)
    return saved(timm.create_model("deit_tiny_patch16_224", depth=1, num_classes=7).state_dict())


class Page:
    """A visitor who brings files."""

    def __init__(self, folder: Path, memory: float = 100, allow: bool = True) -> None:
        self.session = Session(checkpoint_folders=[folder], weights_memory=memory, allow_weights=allow)
        self.arrivals = Arrivals()

    def begin(self, title: str, size: int) -> str:
        return bind(begin_weights, self.session, self.arrivals)({"title": title, "size": size})["id"]

    def send(self, id: str, content: bytes) -> int:
        received = 0
        for start in range(0, len(content), LARGEST_PART):
            part = base64.b64encode(content[start : start + LARGEST_PART]).decode()
            received = bind(receive_weights, self.arrivals)({"id": id, "data": part})["received"]
        return received

    def open(self, id: str) -> dict:
        return dict(bind(open_weights, self.session, self.arrivals)({"id": id}))

    def bring(self, title: str, content: bytes) -> dict:
        id = self.begin(title, len(content))
        assert self.send(id, content) == len(content)
        return self.open(id)


@pytest.fixture
def page(tmp_path) -> Page:
    return Page(tmp_path)


def files_of(page: Page) -> list[Path]:
    return [path for path in Path(page.arrivals._folder.name).rglob("*") if path.is_file()]


def test_a_file_becomes_a_network_in_every_menu_with_its_report(page, deit, tmp_path):
    answer = page.bring("my deit (1).pth", deit)
    assert answer["name"] == "my-deit-1"
    assert "ViT" in answer["report"] and "ignored: none" in answer["report"] and "missing: none" in answer["report"]
    (listed,) = list_catalogue(page.session)["models"]
    assert (listed["name"], listed["n_classes"]) == ("my-deit-1", 7)
    (tmp_path / "same.pth").write_bytes(deit)
    images = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        expected = open_network(tmp_path / "same.pth").model(images)
        assert torch.equal(page.session.checkpoint("my-deit-1").model(images), expected)
    assert files_of(page) == []


def test_a_file_of_the_same_name_replaces_the_earlier_one(page, deit):
    page.bring("mine.pth", deit)
    page.bring("mine.pth", saved(create_model("vit", **SMALL).state_dict()))
    (listed,) = list_catalogue(page.session)["models"]
    assert (listed["name"], listed["n_classes"]) == ("mine", 10)


class Harm:
    def __reduce__(self):
        return os.mkdir, (os.environ["HARM"],)


def test_code_in_a_file_is_refused_and_does_not_run(page, tmp_path, monkeypatch):
    monkeypatch.setenv("HARM", str(tmp_path / "harm"))
    with pytest.raises(ValueError, match=r"The file mine\.pth holds code") as refused:
        page.bring("mine.pth", saved({"a": Harm()}))
    assert not (tmp_path / "harm").exists()
    assert page.arrivals._folder.name not in str(refused.value)
    assert files_of(page) == [] and list_catalogue(page.session)["models"] == []


def test_a_small_archive_of_much_is_refused_before_it_is_unpacked(tmp_path):
    page, buffer = Page(tmp_path, memory=1), io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w") as array:
        np.save(array, np.zeros(2**20))
    assert len(buffer.getvalue()) < 2**16
    with pytest.raises(ValueError, match=r"mine\.npz holds 8 MB; the server keeps 1 MB"):
        page.bring("mine.npz", buffer.getvalue())


@pytest.mark.parametrize(
    ("title", "content", "words"),
    [
        ("picture.png", b"x", "end in .pth"),
        ("mine.pth", b"no weights", "damaged or holds no weights"),
        ("mine.npz", b"no weights", "mine.npz is damaged"),
        ("mine.pth", saved({"a": torch.zeros(3)}), "no weights of a ViT"),
    ],
)
def test_what_is_no_network_is_a_sentence(page, title, content, words):
    with pytest.raises(ValueError, match=words):
        page.bring(title, content)
    assert files_of(page) == []


def test_broken_numbers_are_a_sentence(page):
    weights = create_model("vit", **SMALL).state_dict()
    next(iter(weights.values())).fill_(torch.nan)
    with pytest.raises(ValueError, match="holds NaN"):
        page.bring("mine.pth", saved(weights))


def test_limits_are_sentences(page, deit, tmp_path):
    with pytest.raises(ValueError, match="at most 100 MB"):
        page.begin("mine.pth", 101 * 10**6)
    with pytest.raises(ValueError, match="--allow-weights"):
        Page(tmp_path, allow=False).begin("mine.pth", 10)
    id = page.begin("mine.pth", 10)
    with pytest.raises(ValueError, match="longer than was said"):
        page.send(id, b"x" * 11)
    page.send(id, b"x" * 9)
    with pytest.raises(ValueError, match="9 of 10 bytes"):
        page.open(id)
    with pytest.raises(ValueError, match="no longer here"):
        page.send("elsewhere", b"x")
    with pytest.raises(ValueError, match="part of the file is too large"):
        bind(receive_weights, page.arrivals)({"id": id, "data": "A" * (LARGEST_PART * 2)})
    with pytest.raises(ValueError, match="other files are on their way"):
        for _ in range(AT_ONCE):
            page.begin("mine.pth", 10)
    small = Page(tmp_path, memory=len(deit) * 1.5 / 10**6)
    small.bring("one.pth", deit)
    small.bring("one.pth", deit)
    with pytest.raises(ValueError, match="weights that visitors bring"):
        small.bring("two.pth", deit)


def test_the_name_of_another_network_is_refused(tmp_path, deit):
    session = Session(checkpoint_folders=[tmp_path], pretrained=True, allow_weights=True)
    page = Page(tmp_path)
    page.session = session
    with pytest.raises(ValueError, match="'deit-tiny' already"):
        page.bring("deit-tiny.pth", deit)
