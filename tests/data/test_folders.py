"""A person's own pictures in a folder or a .zip archive come through, and what cannot be used is named."""

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.data.refusals import refused
from vit_explorer.data import fit_picture, open_dataset
from vit_explorer.data.folders import Limits


def paint(folder: Path, per_class: dict[str, int], size: tuple[int, int] = (8, 8)) -> None:
    """PNG pictures of one colour: red by class, green by number."""
    for label, (name, count) in enumerate(sorted(per_class.items())):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.new("RGB", size, (40 * label, number, 200)).save(folder / name / f"{number:03}.png")


def test_an_image_folder_with_its_own_split(tmp_path):
    paint(tmp_path / "pets" / "train", {"cat": 3, "dog": 2})
    paint(tmp_path / "pets" / "test", {"cat": 1, "dog": 2})
    found = open_dataset(str(tmp_path / "pets"), img_size=8)
    assert (found.name, found.names) == ("pets", ("cat", "dog"))
    assert found.split == "training and test pictures as given in the folder"
    assert found.train.y.tolist() == [0, 0, 0, 1, 1]
    assert found.test.y.tolist() == [0, 1, 1]
    assert found.train.x[:, :, 4, 4].tolist() == [[0, 0, 200], [0, 1, 200], [0, 2, 200], [40, 0, 200], [40, 1, 200]]
    assert found.train.x.dtype == torch.uint8


def test_an_image_folder_that_is_split_here(tmp_path):
    paint(tmp_path, {"a": 10, "b": 20, "c": 5}, size=(12, 10))
    found, again = (open_dataset(str(tmp_path)) for _ in range(2))
    assert found.img_size == 32
    assert found.split == "a test split of 20% per class, cut off the folder with seed 0"
    assert torch.bincount(found.test.y).tolist() == [2, 4, 1]
    assert torch.bincount(found.train.y).tolist() == [8, 16, 4]
    seen = [tuple(colours) for split in (found.train, found.test) for colours in split.x[:, :2, 9, 9].tolist()]
    assert sorted(seen) == [(40 * label, number) for label, count in enumerate((10, 20, 5)) for number in range(count)]
    assert torch.equal(found.test.x, again.test.x)


def test_classes_may_be_called_train_and_bus(tmp_path):
    paint(tmp_path, {"bus": 5, "train": 5})
    assert open_dataset(str(tmp_path)).names == ("bus", "train")


def test_folders_that_are_none(tmp_path):
    refused("no image folder", "one folder of pictures per class", open_it=lambda: open_dataset(str(tmp_path)))
    paint(tmp_path / "a" / "train", {"cat": 3, "dog": 3})
    paint(tmp_path / "a" / "test", {"cat": 3, "fox": 3})
    refused("different classes: dog, fox are in one only", open_it=lambda: open_dataset(str(tmp_path / "a")))
    paint(tmp_path / "b", {"cat": 2, "dog": 2})
    refused("too few pictures", open_it=lambda: open_dataset(str(tmp_path / "b")))


@pytest.mark.parametrize("size", [8, 50, 128])
def test_a_folder_is_brought_to_the_size_that_is_asked_for(tmp_path, size):
    paint(tmp_path, {"a": 5, "b": 5}, size=(20, 14))
    found = open_dataset(str(tmp_path), img_size=size)
    assert found.img_size == size
    assert found.test.x.shape == (2, 3, size, size)


@pytest.mark.parametrize("size", [7, 129])
def test_a_size_beyond_the_limits_is_refused_with_them(tmp_path, size):
    paint(tmp_path, {"a": 5, "b": 5})
    refused(f"8 to 128 pixels a side, not to {size}", open_it=lambda: open_dataset(str(tmp_path), img_size=size))


def test_an_empty_class_is_named(tmp_path):
    paint(tmp_path / "one", {"cat": 5, "dog": 0, "fox": 5})
    (tmp_path / "one" / "dog" / "notes.txt").write_text("no picture")
    refused(f"{tmp_path / 'one' / 'dog'} holds no picture", open_it=lambda: open_dataset(str(tmp_path / "one")))
    paint(tmp_path / "two" / "train", {"cat": 2, "dog": 2, "fox": 2})
    paint(tmp_path / "two" / "test", {"cat": 0, "dog": 1, "fox": 0})
    place = tmp_path / "two" / "test" / "cat"
    refused(f"{place} and 1 more holds no picture", open_it=lambda: open_dataset(str(tmp_path / "two")))


def test_one_class_can_be_opened_though_not_be_learned(tmp_path):
    paint(tmp_path, {"cat": 5})
    assert open_dataset(str(tmp_path)).names == ("cat",)


SPLITS = [("train", "test"), ("Training", "Testing"), ("Train", "Test"), ("train", "val"), ("TRAIN", "valid")]


@pytest.mark.parametrize(("train", "test"), [*SPLITS, ("training", "Validation")])
@pytest.mark.parametrize("wrapped", ["", "archive/pets"])
def test_splits_by_any_of_their_names_and_in_folders_around_them(tmp_path, train, test, wrapped):
    inner = tmp_path / "pets" / wrapped
    paint(inner / train, {"a": 3, "b": 2})
    paint(inner / test, {"a": 1, "b": 2})
    found = open_dataset(str(tmp_path / "pets"), img_size=8)
    assert (found.names, found.split) == (("a", "b"), "training and test pictures as given in the folder")
    assert (found.train.y.tolist(), found.test.y.tolist()) == ([0, 0, 0, 1, 1], [0, 1, 1])
    assert found.remarks() == []


def test_the_test_folder_is_the_test_split_where_there_is_a_validation_folder_too(tmp_path):
    for part, count in (("train", 4), ("test", 2), ("valid", 3)):
        paint(tmp_path / "pets" / part, {"a": count, "b": count})
    found = open_dataset(str(tmp_path / "pets"))
    assert (len(found.train.y), len(found.test.y)) == (8, 4)
    assert found.remarks() == ["pets: valid/ is left out."]


def test_a_test_folder_without_classes_is_left_out(tmp_path):
    paint(tmp_path / "pets" / "train", {"a": 10, "b": 10})
    paint(tmp_path / "pets", {"test": 3})
    found = open_dataset(str(tmp_path / "pets"))
    assert (found.names, len(found.train.y), len(found.test.y)) == (("a", "b"), 16, 4)
    assert found.remarks() == ["pets: test/ is left out."]


def test_bytes_decide_and_damaged_files_are_skipped_and_named(tmp_path):
    paint(tmp_path / "pets", {"a": 10, "b": 10})
    for number, ending in enumerate(("jfif", "gif", "AVIF", "")):
        (tmp_path / "pets" / "a" / f"{number:03}.png").rename(tmp_path / "pets" / "a" / f"{number:03}.{ending}")
    whole = (tmp_path / "pets" / "b" / "003.png").read_bytes()
    (tmp_path / "pets" / "b" / "003.png").write_bytes(whole[:45])
    (tmp_path / "pets" / "b" / "004.png").write_bytes(b"no picture")
    (tmp_path / "pets" / "readme.txt").write_text("loose")
    found = open_dataset(str(tmp_path / "pets"))
    assert torch.bincount(torch.cat([found.train.y, found.test.y])).tolist() == [10, 8]
    assert [name for name, _ in found.skipped] == ["readme.txt", "b/003.png", "b/004.png"]
    (remark,) = found.remarks()
    assert remark.startswith("pets: 3 files were skipped (readme.txt: It lies in no class") and "damaged" in remark


def test_what_systems_leave_in_folders_is_neither_class_nor_picture(tmp_path):
    pets = tmp_path / "pets"
    paint(pets, {"a": 5, "b": 5, ".ipynb_checkpoints": 2, "@eaDir": 1, "__MACOSX": 1, ".git": 1})
    for name in ("._000.png", "Thumbs.db", ".DS_Store", "desktop.ini"):
        (pets / "a" / name).write_bytes(b"\0\5\x16\7")
        (pets / name).write_bytes(b"x")
    paint(pets / "a", {".thumbnails": 1})
    found = open_dataset(str(pets))
    assert found.names == ("a", "b")
    assert (len(found.train.y), len(found.test.y), found.skipped) == (8, 2, ())


def test_links_are_followed_but_not_round(tmp_path):
    paint(tmp_path / "store", {"cat": 6})
    paint(tmp_path / "pets", {"dog": 6})
    (tmp_path / "pets" / "cat").symlink_to(tmp_path / "store" / "cat")
    (tmp_path / "pets" / "dog" / "loop").symlink_to("..")
    (tmp_path / "pets" / "dog" / "up").symlink_to(tmp_path)
    (tmp_path / "store" / "cat" / "again").symlink_to(tmp_path / "store")
    (tmp_path / "pets" / "dog" / "cats").symlink_to(tmp_path / "pets" / "cat")
    found = open_dataset(str(tmp_path / "pets"))
    assert found.names == ("cat", "dog")
    assert len(found.train.y) + len(found.test.y) == 12


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path):
    paint(tmp_path / "pets", {"a": 5, "b": 5})
    os.mkfifo(tmp_path / "pets" / "a" / "pipe.png")
    assert len(open_dataset(str(tmp_path / "pets")).train.y) == 8


def test_a_class_of_which_all_is_skipped_is_named_with_the_reason(tmp_path):
    paint(tmp_path / "pets", {"a": 3})
    (tmp_path / "pets" / "b").mkdir()
    (tmp_path / "pets" / "b" / "x.heic").write_bytes(b"\0\0\0\x18ftypheic")
    sentence = refused(str(tmp_path / "pets" / "b"), open_it=lambda: open_dataset(str(tmp_path / "pets")))
    assert "x.heic was skipped" in sentence and "JPEG" in sentence


def test_a_test_picture_has_its_own_size_and_gives_the_pixels_of_the_split(tmp_path):
    chance = np.random.default_rng(0)
    for name in "ab":
        (tmp_path / name).mkdir()
        for number in range(5):
            picture = Image.fromarray(chance.integers(0, 256, (700, 900, 3), dtype=np.uint8))
            picture.save(tmp_path / name / f"{number}.{'jpg' if number % 2 else 'png'}")
    for size in (16, 64):
        found = open_dataset(str(tmp_path), img_size=size)
        for index in range(len(found.test.y)):
            picture = found.test_picture(index)
            assert min(picture.size) >= 256
            assert torch.equal(fit_picture(picture, size), found.test.x[index])


def test_progress_is_told(tmp_path):
    paint(tmp_path, {"a": 3, "b": 3})
    told = []
    open_dataset(str(tmp_path), progress=lambda done, of: told.append((done, of)))
    assert told == [(number, 6) for number in range(1, 7)]


# --- .zip archives ---


def pack(folder: Path, path: Path, **more: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder.parent))
        for name, data in more.items():
            archive.writestr(name, data)
    return path


def test_an_archive_is_read_as_its_folder_is(tmp_path):
    paint(tmp_path / "pets" / "Train", {"cat": 3, "dog": 2})
    paint(tmp_path / "pets" / "Test", {"cat": 1, "dog": 2})
    folder = open_dataset(str(tmp_path / "pets"))
    path = pack(tmp_path / "pets", tmp_path / "Pets.ZIP", **{"__MACOSX/pets/._x.png": b"x"})
    found = open_dataset(str(path))
    assert (found.name, found.names, found.skipped) == ("Pets", folder.names, ())
    assert torch.equal(found.train.x, folder.train.x) and torch.equal(found.test.y, folder.test.y)
    assert torch.equal(fit_picture(found.test_picture(1), 32), found.test.x[1])


@pytest.mark.parametrize("name", ["../a/x.png", "/a/x.png", "a/../../x.png", "C:/a/x.png", "..\\a\\x.png"])
def test_an_archive_that_climbs_out_is_refused(tmp_path, name):
    paint(tmp_path / "pets", {"a": 3, "b": 3})
    path = pack(tmp_path / "pets", tmp_path / "pets.zip", **{name: b"x"})
    refused("lies outside of it", open_it=lambda: open_dataset(str(path)))


def test_a_damaged_archive_and_a_damaged_member(tmp_path):
    paint(tmp_path / "pets", {"a": 5, "b": 5})
    whole = pack(tmp_path / "pets", tmp_path / "pets.zip").read_bytes()
    for broken in (b"", b"PK", whole[:-30], whole[: len(whole) // 2]):
        (tmp_path / "pets.zip").write_bytes(broken)
        refused("cannot be read as a .zip archive", open_it=lambda: open_dataset(str(tmp_path / "pets.zip")))
    at = whole.index(b"pets/a/000.png") + len("pets/a/000.png") + 20
    (tmp_path / "pets.zip").write_bytes(whole[:at] + b"\0\0\0\0" + whole[at + 4 :])
    found = open_dataset(str(tmp_path / "pets.zip"))
    assert [name for name, _ in found.skipped] == ["pets/a/000.png"]
    refused("There is no file", open_it=lambda: open_dataset(str(tmp_path / "none.zip")))


def test_what_strangers_send_has_its_limits(tmp_path):
    paint(tmp_path / "pets", {"a": 5, "b": 5})
    (tmp_path / "pets" / "a" / "zeros").write_bytes(bytes(10**6))
    path = pack(tmp_path / "pets", tmp_path / "pets.zip")
    wide = Limits(files=20, bytes=2 * 10**6, pixels=640)
    assert len(open_dataset(str(path), limits=wide).train.y) == 8
    for narrow, words in (
        (replace(wide, files=10), "at most 10 are taken"),
        (replace(wide, bytes=10**6), "at most 0 MB are taken"),
        (replace(wide, pixels=639), "pixels: make the pictures smaller"),
    ):
        refused(words, open_it=lambda narrow=narrow: open_dataset(str(path), limits=narrow))
        refused(words, open_it=lambda narrow=narrow: open_dataset(str(tmp_path / "pets"), limits=narrow))
