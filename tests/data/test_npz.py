"""A person's own pictures in an .npz archive come through whole, and what cannot be used is named."""

import io
import zipfile

import numpy as np
import pytest
import torch

from tests.data.refusals import refused
from vit_explorer.data import DatasetError, open_dataset


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


def layouts() -> dict[str, tuple[dict[str, str], np.ndarray, np.ndarray]]:
    """Names of arrays, pictures and labels as programs write them, of the same six pictures."""
    held = arrays()
    x, y = held["x_train"], held["y_train"]
    grey = x[:, :, :, 0]
    ours = {name: name for name in held}
    medmnist = {
        f"{kind}_{part}": f"{part}_{word}"
        for kind, word in (("x", "images"), ("y", "labels"))
        for part in ("train", "test")
    }
    return {
        "keras' mnist": (ours, grey, y),
        "grey with a channel": (ours, grey[:, :, :, None], y),
        "planes first": (ours, x.transpose(0, 3, 1, 2), y),
        "a grey plane first": (ours, grey[:, None], y),
        "medmnist": (medmnist, grey, y[:, None].astype(np.uint8)),
        "keras' cifar10": (ours, x, y[:, None]),
        "one-hot": (ours, x, np.eye(3)[y]),
        "wider numbers": (ours, x.astype(np.int64), y.astype(np.uint64)),
    }


@pytest.mark.parametrize("program", layouts())
def test_the_layouts_of_other_programs_are_read(tmp_path, program):
    names, x, y = layouts()[program]
    held = {names["x_train"]: x, names["y_train"]: y, names["x_test"]: x[:4], names["y_test"]: y[:4]}
    np.savez(tmp_path / "UP.NPZ.npz", **held)
    (tmp_path / "UP.NPZ.npz").rename(tmp_path / "UP.NPZ")
    found = open_dataset(str(tmp_path / "UP.NPZ"))
    whole = arrays()["x_train"].transpose(0, 3, 1, 2)
    grey = np.broadcast_to(whole[:, :1], whole.shape)
    expected = whole if 3 in x.shape[1:] else grey
    assert (found.name, found.names) == ("UP", ("0", "1", "2"))
    assert np.array_equal(found.train.x.numpy(), expected) and np.array_equal(found.test.x.numpy(), expected[:4])
    assert (found.train.y.tolist(), found.test.y.tolist()) == ([0, 1, 2] * 2, [0, 1, 2, 0])


def test_arrays_that_are_not_used_are_named(tmp_path):
    np.savez(tmp_path / "mine.npz", **arrays(), val_images=np.zeros((2, 8, 8, 3), np.uint8))
    assert open_dataset(str(tmp_path / "mine.npz")).remarks() == ["mine: val_images in the file is not used."]


MALFORMED = {
    "lacks": ({"x_test": None, "y_test": None}, "lacks x_test, y_test: it needs x_train, y_train, x_test and y_test."),
    "floats": ({"x_train": np.zeros((6, 8, 8, 3))}, "as float64 (6, 8, 8, 3): they must be whole numbers of 0 to 255"),
    "past 255": ({"x_train": np.full((6, 8, 8, 3), 256)}, "as int64 (6, 8, 8, 3): they must be whole numbers of 0 to"),
    "flat": ({"x_train": np.zeros((6, 64), np.uint8)}, "as uint8 (6, 64)"),
    "four channels": ({"x_test": np.zeros((4, 8, 8, 4), np.uint8)}, "as uint8 (4, 8, 8, 4)"),
    "not square": ({"x_train": np.zeros((6, 8, 9, 3), np.uint8)}, "as uint8 (6, 8, 9, 3)"),
    "too few labels": ({"y_train": np.arange(5)}, "6 pictures and 5 labels"),
    "one label": ({"y_train": np.array(3)}, "6 pictures and 1 labels"),
    "rows of labels": ({"y_train": np.ones((6, 6), int)}, "6 pictures and 36 labels"),
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
    refused("bad.npz", "must be whole numbers", open_it=lambda: open_dataset(str(tmp_path / "bad.npz")))


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
