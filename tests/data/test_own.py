"""A person's own pictures, from an .npz archive or a folder, come through whole, and what cannot be used is named."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.data.refusals import refused
from vit_explorer.data import DatasetError, open_dataset

# --- .npz ---


def arrays(n_train: int = 6, n_test: int = 4, size: int = 8) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(0)
    return {
        "x_train": chance.integers(0, 256, (n_train, size, size, 3), dtype=np.uint8),
        "y_train": np.arange(n_train) % 3,
        "x_test": chance.integers(0, 256, (n_test, size, size, 3), dtype=np.uint8),
        "y_test": np.arange(n_test) % 3,
    }


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_out_and_back(tmp_path, save):
    held = arrays() | {"class_names": np.array(["a", "b", "c"])}
    save(tmp_path / "mine.npz", **held)
    found = open_dataset(str(tmp_path / "mine.npz"))
    assert (found.name, found.names, found.origin) == ("mine", ("a", "b", "c"), str(tmp_path / "mine.npz"))
    assert found.img_size == 8
    assert found.split == "training and test pictures as given in the file"
    for part in ("train", "test"):
        split = getattr(found, part)
        assert (split.x.dtype, split.y.dtype) == (torch.uint8, torch.int64)
        assert split.x.is_contiguous()
        assert np.array_equal(split.x.permute(0, 2, 3, 1).numpy(), held[f"x_{part}"])
        assert split.y.tolist() == held[f"y_{part}"].tolist()


def test_npz_without_names_and_with_columns_of_small_labels(tmp_path):
    held = arrays()
    np.savez(tmp_path / "mine.npz", **held | {"y_train": held["y_train"].astype(np.uint8)[:, None]})
    found = open_dataset(tmp_path / "mine.npz")
    assert found.names == ("0", "1", "2")
    assert found.train.y.tolist() == [0, 1, 2, 0, 1, 2]
    assert found.train.y.dtype == torch.int64


MALFORMED = {
    "lacks": ({"x_test": None, "y_test": None}, "lacks x_test, y_test: it needs x_train, y_train, x_test and y_test."),
    "floats": ({"x_train": np.zeros((6, 8, 8, 3))}, "as float64 (6, 8, 8, 3): they must be uint8 (n, S, S, 3)"),
    "grey": ({"x_train": np.zeros((6, 8, 8), np.uint8)}, "as uint8 (6, 8, 8)"),
    "planes first": ({"x_test": np.zeros((4, 3, 8, 8), np.uint8)}, "as uint8 (4, 3, 8, 8)"),
    "not square": ({"x_train": np.zeros((6, 8, 9, 3), np.uint8)}, "as uint8 (6, 8, 9, 3)"),
    "too few labels": ({"y_train": np.arange(5)}, "6 pictures and 5 labels"),
    "one label": ({"y_train": np.array(3)}, "6 pictures and 1 labels"),
    "one-hot": ({"y_train": np.eye(6, dtype=int)}, "6 pictures and 36 labels"),
    "empty": ({"x_test": np.zeros((0, 8, 8, 3), np.uint8), "y_test": np.zeros(0, int)}, "0 pictures and 0 labels"),
    "half labels": ({"y_train": np.linspace(0, 2, 6)}, "labels that are not whole numbers from 0 up"),
    "negative labels": ({"y_train": np.arange(6) - 1}, "labels that are not whole numbers from 0 up"),
    "labels past counting": ({"y_train": np.full(6, 2**63, np.uint64)}, "labels that are not whole numbers from 0 up"),
    "sizes differ": ({"x_test": np.zeros((4, 9, 9, 3), np.uint8)}, "training pictures of another size than test"),
    "too few names": ({"class_names": np.array(["a", "b"])}, "names 2 classes but has labels up to 2"),
    "one name": ({"class_names": np.array("a")}, "names 1 classes but has labels up to 2"),
    "too large": (
        {"x_test": np.zeros((4, 129, 129, 3), np.uint8)},
        "of 129 x 129 pixels: they must have 8 to 128 a side",
    ),
    "too small": ({"x_train": np.zeros((6, 7, 7, 3), np.uint8)}, "of 7 x 7 pixels: they must have 8 to 128 a side"),
    "too many classes": ({"y_test": np.array([0, 1, 2, 1000])}, "labels up to 1000: at most 1,000 classes can be told"),
    "too many names": ({"class_names": np.arange(1001)}, "names 1001 classes: at most 1,000 can be told"),
    "objects": ({"class_names": np.array(["a", 3, None], dtype=object)}, "cannot be read as an .npz archive"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_npz_says_what_is_wrong(tmp_path, case):
    changes, words = MALFORMED[case]
    held = {name: value for name, value in (arrays() | changes).items() if value is not None}
    np.savez(tmp_path / "bad.npz", **held)
    refused(str(tmp_path / "bad.npz"), words, open_it=lambda: open_dataset(str(tmp_path / "bad.npz")))


@pytest.mark.parametrize("size", [8, 11, 128])
def test_npz_pictures_keep_their_own_size(tmp_path, size):
    np.savez(tmp_path / "mine.npz", **arrays(size=size))
    assert open_dataset(str(tmp_path / "mine.npz")).img_size == size


@pytest.mark.parametrize("names", [np.array(["ä", "b", "c"]), np.array([b"x", b"y", b"z"]), np.array([7, 8, 9])])
def test_names_come_as_text_or_numbers(tmp_path, names):
    np.savez(tmp_path / "mine.npz", **arrays(), class_names=names)
    expected = tuple(name.decode() if isinstance(name, bytes) else str(name) for name in names.tolist())
    assert open_dataset(str(tmp_path / "mine.npz")).names == expected


def test_a_member_that_is_no_array(tmp_path):
    np.savez(tmp_path / "bad.npz", **{name: value for name, value in arrays().items() if name != "x_train"})
    with zipfile.ZipFile(tmp_path / "bad.npz", "a") as archive:
        archive.writestr("x_train", b"pictures")
    refused("bad.npz", "must be uint8", open_it=lambda: open_dataset(str(tmp_path / "bad.npz")))


def test_a_damaged_npz_says_so(tmp_path):
    path = tmp_path / "bad.npz"
    np.savez_compressed(path, **arrays())
    whole = path.read_bytes()
    array = io.BytesIO()
    np.save(array, np.zeros(3))
    for broken in (b"", b"hello", whole[:30], whole[: len(whole) // 2], whole[:60] + b"\xff" * 40 + whole[100:]):
        path.write_bytes(broken)
        refused(str(path), "cannot be read", open_it=lambda: open_dataset(str(path)))
    path.write_bytes(array.getvalue())
    refused(str(path), "cannot be read", open_it=lambda: open_dataset(str(path)))


def test_an_npz_with_bytes_turned_over_loads_or_says_so(tmp_path):
    path = tmp_path / "bad.npz"
    np.savez_compressed(path, **arrays())
    whole = path.read_bytes()
    chance = np.random.default_rng(0)
    n_refused = 0
    for _ in range(150):
        broken = bytearray(whole)
        for place in chance.integers(0, len(whole), 10):
            broken[place] = chance.integers(256)
        path.write_bytes(broken)
        try:
            open_dataset(str(path))
        except DatasetError:
            n_refused += 1
    assert n_refused > 100


# --- image folders ---


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
    refused("train/ but no test/", open_it=lambda: open_dataset(str(tmp_path / "a")))
    paint(tmp_path / "a" / "val", {"cat": 3, "dog": 3})
    refused("train/ but no test/", open_it=lambda: open_dataset(str(tmp_path / "a")))
    paint(tmp_path / "a" / "test", {"cat": 3, "fox": 3})
    refused("different classes", open_it=lambda: open_dataset(str(tmp_path / "a")))
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


def test_a_damaged_picture_in_a_folder_is_named(tmp_path):
    paint(tmp_path, {"a": 5, "b": 5})
    (tmp_path / "b" / "003.png").write_bytes(b"no picture")
    refused(str(tmp_path / "b" / "003.png"), open_it=lambda: open_dataset(str(tmp_path)))
