"""Own data on the page: their names, their pictures, and what happens while they are read."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.files import save_small_vit
from vit_explorer.data import DatasetError, open_dataset
from vit_explorer.ui.core.datasets import Sources
from vit_explorer.ui.core.requests import ModelRequest, load_input
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.frame.frame import list_catalogue
from vit_explorer.ui.train.choices import source_payload

PATIENT = 60.0  # seconds


def paint(folder: Path, per_class: int = 8, size: tuple[int, int] = (20, 20)) -> Path:
    """A folder of two classes of noise."""
    chance = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(per_class):
            pixels = chance.integers(0, 256, (*size, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def names_of(session: Session) -> list[str]:
    assert not session.datasets.usable(PATIENT).reading
    return [picture["name"] for picture in list_catalogue(session)["gallery"]]


def test_four_test_pictures_are_enough_for_the_page(tmp_path):
    session = Session(own_data=[paint(tmp_path / "pets")])
    assert [name for name in names_of(session) if name.startswith("pets")] == [f"pets:{n}" for n in range(4)]
    (pets,) = (source for source in session.datasets.usable().sources if source.name == "pets")
    payload = source_payload(pets, {})
    assert (payload["n_train"], payload["n_test"], len(payload["probes"])) == (12, 4, 4)


@pytest.mark.parametrize("given", ["{}/pets:2024", "{}/pets:2024/", "~/pets:2024", "."])
def test_a_folder_by_any_of_its_paths(tmp_path, monkeypatch, given):
    folder = paint(tmp_path / "pets:2024")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(folder)
    session = Session(own_data=[given.format(tmp_path)])
    assert "pets:2024:3" in names_of(session)
    assert session.picture("pets:2024:3").truth == "dog"
    assert session.datasets.open("pets:2024").data == str(folder)
    assert session.datasets.name_of(str(folder)) == "pets:2024"


def test_an_archive_is_named_without_its_ending_in_any_letters(tmp_path, tiny_npz):
    tiny_npz.rename(tmp_path / "UP.NPZ")
    session = Session(own_data=[tmp_path / "UP.NPZ"])
    assert "UP:4" in names_of(session)


def test_a_folder_may_have_a_point_in_its_name(tmp_path):
    assert "pets.v2:0" in names_of(Session(own_data=[paint(tmp_path / "pets.v2")]))


@pytest.mark.parametrize("added", ["cat", "dog/inner"])
def test_files_that_are_added_while_the_app_runs_count(tmp_path, added):
    folder = paint(tmp_path / "pets")
    sources = Sources(own_data=[folder])
    assert sources.open("pets").n_train == 12
    (folder / added).mkdir(exist_ok=True)
    for number in range(5):
        Image.new("RGB", (20, 20)).save(folder / added / f"more{number}.png")
    os.utime(folder / added, ns=(1, 1))
    assert len(sources.open("pets").test.y) + sources.open("pets").n_train == 21


def test_the_page_is_there_while_a_folder_is_read_and_says_how_far_it_is(tmp_path, monkeypatch):
    folder = paint(tmp_path / "pets")
    halfway, go_on = threading.Event(), threading.Event()

    def slow(source, root, *, progress=None, limits=None):
        if progress is None:
            return open_dataset(source, root)
        progress(3, 16)
        halfway.set()
        assert go_on.wait(PATIENT)
        return open_dataset(source, root)

    monkeypatch.setattr("vit_explorer.ui.core.datasets.open_dataset", slow)
    session = Session(checkpoint_folders=[tmp_path], own_data=[folder])
    assert session.datasets.usable(0).sources  # the drawn shapes
    assert halfway.wait(PATIENT)
    answer = list_catalogue(session)
    assert answer["reading"] == [{"name": "pets", "done": 3, "total": 16}]
    assert "pets" not in answer["sources"] and "shapes" in answer["sources"]
    go_on.set()
    assert "pets" in [source.name for source in session.datasets.usable(PATIENT).sources]
    assert list_catalogue(session)["reading"] == []


def test_what_is_skipped_is_said_on_the_page(tmp_path):
    folder = paint(tmp_path / "pets")
    (folder / "cat" / "notes.txt").write_text("no picture")
    session = Session(own_data=[folder])
    names_of(session)
    assert any("1 file was skipped (cat/notes.txt" in problem for problem in list_catalogue(session)["problems"])


def test_data_that_cannot_be_read_are_a_sentence_and_the_rest_works(tmp_path):
    (tmp_path / "none.npz").write_bytes(b"no archive")
    sources = Sources(own_data=[tmp_path / "none.npz", paint(tmp_path / "pets")])
    usable = sources.usable(PATIENT)
    assert [source.name for source in usable.sources if source.name != "cifar10"] == ["shapes", "pets"]
    assert len(usable.problems) == 1 and "none.npz" in usable.problems[0]
    with pytest.raises(DatasetError):
        sources.open("none")


@pytest.mark.parametrize("name", ["C:\\", "../pets", "", "x" * 500])
def test_other_data_than_those_of_the_page_are_refused_by_name(tmp_path, name):
    with pytest.raises(DatasetError, match=r"^There are test pictures of .*shapes, not of .{0,50}\.$"):
        Session(tmp_path / "nowhere").test_split(name)


@pytest.mark.parametrize("size", [16, 64])
def test_a_model_gets_test_pictures_as_it_was_tested_on_them(tmp_path, size):
    """Whatever size the page reads the folder at, the model's pixels are those of the split at its own size."""
    folder = paint(tmp_path / "pets", size=(90, 70))
    save_small_vit(tmp_path / "weights", "mine", ["cat", "dog"], img_size=size, patch_size=8)
    session = Session(checkpoint_folders=[tmp_path / "weights"], own_data=[folder])
    split = open_dataset(str(folder), img_size=size).test
    for index in range(len(split.y)):
        found = load_input(session, ModelRequest(f"pets:{index}", "mine", "crop"))
        assert found.picture.image.size == (70, 90)
        assert torch.equal(found.images[0], split.x[index])
