"""Every source ends as the same thing, and what cannot be opened says why."""

import hashlib
import http.server
import io
import os
import pickle
import socket
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vit_explorer.data import DatasetError, Split, open_dataset, sources
from vit_explorer.data.sources import (
    CIFAR10_ARCHIVE_BYTES,
    CIFAR10_NAMES,
    DATA_VARIABLE,
    balanced_subset,
    cifar10_download_fraction,
    cifar10_places,
    cut_validation,
    download_cifar10,
    draw_split,
    find_cifar10,
)

REAL_DATA = os.environ.get(DATA_VARIABLE)


@pytest.fixture(autouse=True)
def nowhere(tmp_path_factory, monkeypatch) -> Path:
    """No test finds data by accident: an empty working folder, and the variable is not set."""
    folder = tmp_path_factory.mktemp("work")
    monkeypatch.chdir(folder)
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    return folder


def numbered(counts: list[int]) -> Split:
    """A split in which each picture's first pixels are its number; labels in shuffled order."""
    y = torch.cat([torch.full((count,), label) for label, count in enumerate(counts)])
    y = y[torch.randperm(len(y), generator=torch.Generator().manual_seed(9))]
    x = torch.zeros(len(y), 3, 4, 4, dtype=torch.uint8)
    x[:, 0, 0, 0], x[:, 0, 0, 1] = torch.arange(len(y)) // 256, torch.arange(len(y)) % 256
    return Split(x, y)


def numbers(split: Split) -> list[int]:
    return (split.x[:, 0, 0, 0].long() * 256 + split.x[:, 0, 0, 1]).tolist()


def refused(*parts: str, open_it: Callable[[], object]) -> str:
    """The sentence with which something is refused, which holds all the parts."""
    with pytest.raises(DatasetError) as caught:
        open_it()
    sentence = str(caught.value)
    assert "\n" not in sentence
    for part in parts:
        assert part in sentence
    return sentence


# --- subsets and validation ---


@pytest.mark.parametrize(("size", "counts"), [(100, [10] * 10), (37, [4] * 7 + [3] * 3), (3, [1] * 3 + [0] * 7)])
def test_a_subset_is_balanced(size, counts):
    chosen = balanced_subset(numbered([30] * 10), size, seed=1)
    assert sorted(torch.bincount(chosen.y, minlength=10).tolist(), reverse=True) == counts


def test_a_subset_keeps_pictures_with_their_labels_and_takes_none_twice():
    split = numbered([30] * 10)
    chosen = balanced_subset(split, 120, seed=1)
    assert len(set(numbers(chosen))) == 120
    assert [split.y[number].item() for number in numbers(chosen)] == chosen.y.tolist()


def test_a_subset_is_drawn_by_its_seed():
    split = numbered([30] * 10)
    first, again, other = (numbers(balanced_subset(split, 60, seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != sorted(first)
    assert set(first) != set(other)


def test_a_subset_is_in_random_order():
    labels = balanced_subset(numbered([30] * 3), 60, seed=0).y
    in_turn = labels.reshape(-1, 3).sort(dim=1).values.eq(torch.arange(3)).all(dim=1)
    assert not in_turn.all()  # not dealt out one of each class at a time, as it was chosen
    assert (labels[1:] != labels[:-1]).sum() > 20  # and not class by class


def test_a_class_with_few_pictures_gives_all_and_the_others_fill_up():
    split = numbered([2, 30, 30])
    chosen = balanced_subset(split, 32, seed=0)
    assert torch.bincount(chosen.y).tolist() == [2, 15, 15]
    assert torch.bincount(balanced_subset(split, 61, seed=0).y).tolist()[0] == 2


def test_the_whole_is_handed_back_as_it_is():
    split = numbered([5, 5])
    assert numbers(balanced_subset(split, 10, seed=3)) == list(range(10))


@pytest.mark.parametrize("size", [0, -1, 11])
def test_a_subset_that_cannot_be_is_refused_with_both_numbers(size):
    with pytest.raises(ValueError, match=rf"{size} pictures .* 10"):
        balanced_subset(numbered([5, 5]), size, seed=0)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_validation_is_cut_off_train(share):
    split = numbered([40, 80, 20])
    rest, validation = cut_validation(split, share, seed=4)
    assert set(numbers(rest)) & set(numbers(validation)) == set()
    assert sorted(numbers(rest) + numbers(validation)) == list(range(140))
    assert torch.bincount(validation.y).tolist() == [40 * share, 80 * share, 20 * share]
    assert [split.y[number].item() for number in numbers(validation)] == validation.y.tolist()
    assert [split.y[number].item() for number in numbers(rest)] == rest.y.tolist()


def test_validation_is_drawn_by_its_seed():
    first, again, other = (numbers(cut_validation(numbered([50, 50]), 0.2, seed)[1]) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_no_share_is_no_validation():
    rest, validation = cut_validation(numbered([5, 5]), 0, seed=0)
    assert numbers(rest) == list(range(10))
    assert len(validation.y) == 0


@pytest.mark.parametrize("share", [-0.1, 1, 1.5, float("nan")])
def test_a_share_outside_its_range_is_refused(share):
    with pytest.raises(ValueError, match="share"):
        cut_validation(numbered([5, 5]), share, seed=0)


# --- shapes ---


def test_shapes_need_nothing(monkeypatch):
    assert (sources.SHAPES_TRAIN, sources.SHAPES_TEST) == (10_000, 2_000)
    monkeypatch.setattr(sources, "SHAPES_TRAIN", 500)  # for speed
    monkeypatch.setattr(sources, "SHAPES_TEST", 200)
    found = open_dataset("shapes")
    assert (found.name, found.img_size, len(found.names)) == ("shapes", 32, 10)
    assert found.split == "training and test pictures drawn with seeds 0 and 1"
    assert torch.bincount(found.train.y).tolist() == [50] * 10
    assert torch.bincount(found.test.y).tolist() == [20] * 10
    assert (found.train.x.dtype, found.train.y.dtype) == (torch.uint8, torch.int64)
    train, test = ({picture.numpy().tobytes() for picture in split.x} for split in (found.train, found.test))
    assert train.isdisjoint(test)
    assert torch.equal(draw_split("test").x, found.test.x)


# --- .npz ---


def arrays(n_train: int = 6, n_test: int = 4, size: int = 5) -> dict[str, np.ndarray]:
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
    assert found.img_size == 5
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
    "floats": ({"x_train": np.zeros((6, 5, 5, 3))}, "as float64 (6, 5, 5, 3): they must be uint8 (n, S, S, 3)"),
    "grey": ({"x_train": np.zeros((6, 5, 5), np.uint8)}, "as uint8 (6, 5, 5)"),
    "planes first": ({"x_test": np.zeros((4, 3, 5, 5), np.uint8)}, "as uint8 (4, 3, 5, 5)"),
    "not square": ({"x_train": np.zeros((6, 5, 7, 3), np.uint8)}, "as uint8 (6, 5, 7, 3)"),
    "too few labels": ({"y_train": np.arange(5)}, "6 pictures and 5 labels"),
    "one label": ({"y_train": np.array(3)}, "6 pictures and 1 labels"),
    "one-hot": ({"y_train": np.eye(6, dtype=int)}, "6 pictures and 36 labels"),
    "empty": ({"x_test": np.zeros((0, 5, 5, 3), np.uint8), "y_test": np.zeros(0, int)}, "0 pictures and 0 labels"),
    "half labels": ({"y_train": np.linspace(0, 2, 6)}, "labels that are not whole numbers from 0 up"),
    "negative labels": ({"y_train": np.arange(6) - 1}, "labels that are not whole numbers from 0 up"),
    "labels past counting": ({"y_train": np.full(6, 2**63, np.uint64)}, "labels that are not whole numbers from 0 up"),
    "sizes differ": ({"x_test": np.zeros((4, 6, 6, 3), np.uint8)}, "training pictures of another size than test"),
    "too few names": ({"class_names": np.array(["a", "b"])}, "names 2 classes but has labels up to 2"),
    "one name": ({"class_names": np.array("a")}, "names 1 classes but has labels up to 2"),
    "objects": ({"class_names": np.array(["a", 3, None], dtype=object)}, "cannot be read as an .npz archive"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_npz_says_what_is_wrong(tmp_path, case):
    changes, words = MALFORMED[case]
    held = {name: value for name, value in (arrays() | changes).items() if value is not None}
    np.savez(tmp_path / "bad.npz", **held)
    refused(str(tmp_path / "bad.npz"), words, open_it=lambda: open_dataset(str(tmp_path / "bad.npz")))


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


def test_what_is_not_there_is_named():
    refused("There is no file none.npz", open_it=lambda: open_dataset("none.npz"))
    refused("'none'", "'cifar10', 'shapes', an .npz file or an image folder", open_it=lambda: open_dataset("none"))


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


def test_a_damaged_picture_in_a_folder_is_named(tmp_path):
    paint(tmp_path, {"a": 5, "b": 5})
    (tmp_path / "b" / "003.png").write_bytes(b"no picture")
    refused(str(tmp_path / "b" / "003.png"), open_it=lambda: open_dataset(str(tmp_path)))


# --- CIFAR-10: where it is looked for ---


def save_cifar_like(path: Path, mark: int, size: int = 32, n_classes: int = 10) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    x = np.full((n_classes, size, size, 3), mark, np.uint8)
    np.savez(path, x_train=x, y_train=np.arange(n_classes), x_test=x, y_test=np.arange(n_classes))


def test_the_places_in_their_order(monkeypatch):
    assert cifar10_places() == [Path("data")]
    assert cifar10_places("here") == [Path("here"), Path("data")]
    monkeypatch.setenv(DATA_VARIABLE, "~/there")
    assert cifar10_places("here") == [Path("here"), Path.home() / "there", Path("data")]
    monkeypatch.setenv(DATA_VARIABLE, "")
    assert cifar10_places() == [Path("data")]


def test_the_first_place_that_has_it_is_taken(nowhere, tmp_path, monkeypatch):
    def mark(root=None) -> int:
        return open_dataset("cifar10", root=root).train.x[0, 0, 0, 0].item()

    save_cifar_like(nowhere / "data" / "cifar10.npz", 3)
    assert find_cifar10() == Path("data/cifar10.npz")
    assert mark() == 3
    save_cifar_like(tmp_path / "variable" / "cifar10.npz", 2)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "variable"))
    assert mark() == 2
    save_cifar_like(tmp_path / "mine.npz", 1)
    assert mark(tmp_path / "mine.npz") == 1
    assert mark(tmp_path / "empty") == 2
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "mine.npz"))
    assert mark() == 1


def test_cifar10_has_its_names_whatever_the_file_says(nowhere):
    save_cifar_like(nowhere / "data" / "cifar10.npz", 3)
    found = open_dataset("cifar10")
    assert (found.name, found.names) == ("cifar10", CIFAR10_NAMES)
    assert found.origin == str(Path("data/cifar10.npz"))
    assert found.split == "the official training and test splits"


@pytest.mark.parametrize(("size", "n_classes"), [(28, 10), (32, 9)])
def test_another_dataset_is_not_taken_for_cifar10(tmp_path, size, n_classes):
    save_cifar_like(tmp_path / "other.npz", 1, size, n_classes)
    refused(
        f"is not CIFAR-10: it holds pictures of {size} pixels in {n_classes} classes",
        open_it=lambda: open_dataset("cifar10", root=tmp_path / "other.npz"),
    )


def test_not_found_names_the_places_and_what_to_do(monkeypatch):
    assert find_cifar10() is None
    monkeypatch.setenv(DATA_VARIABLE, "/no/such/place")
    refused(
        "not found in elsewhere, /no/such/place, data",
        "python -m vit_explorer.train --download",
        DATA_VARIABLE,
        "'shapes'",
        open_it=lambda: open_dataset("cifar10", root="elsewhere"),
    )


# --- CIFAR-10: fetched and read by torchvision, from a small archive served here ---


@pytest.fixture
def served(tmp_path) -> Iterator[tuple[str, Path]]:
    """The address of a server on this machine, and the folder it serves."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *_) -> None:
            pass

        def end_headers(self) -> None:
            if self.path.startswith("/cut/"):  # promises more than it sends
                self.send_header("Content-Length", "100000000")
            super().end_headers()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()


@pytest.fixture
def fake_cifar(served, monkeypatch) -> tuple[np.ndarray, list[int]]:
    """A tiny archive in CIFAR-10's format, which torchvision takes for the real one: its 18 pictures and labels."""
    from torchvision.datasets import CIFAR10

    address, folder = served
    rows = np.random.default_rng(0).integers(0, 256, (18, 3 * 32 * 32), dtype=np.uint8)
    labels = [number % 10 for number in range(18)]
    members, sums = {"batches.meta": {"label_names": list(CIFAR10_NAMES)}}, {}
    for i, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
        part = slice(3 * i, 3 * i + 3)
        members[name] = {"data": rows[part], "labels": labels[part]}
    with tarfile.open(folder / "cifar-10-python.tar.gz", "w:gz") as archive:
        for name, value in members.items():
            data = pickle.dumps(value)
            sums[name] = hashlib.md5(data).hexdigest()
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    monkeypatch.setattr(CIFAR10, "url", f"{address}/cifar-10-python.tar.gz")
    monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5((folder / "cifar-10-python.tar.gz").read_bytes()).hexdigest())
    monkeypatch.setattr(CIFAR10, "train_list", [[f"data_batch_{i}", sums[f"data_batch_{i}"]] for i in range(1, 6)])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": sums["batches.meta"]})
    return rows, labels


def test_download_and_open(fake_cifar, tmp_path):
    rows, labels = fake_cifar
    assert cifar10_download_fraction(tmp_path / "new") == 0
    assert download_cifar10(tmp_path / "new") == tmp_path / "new"
    assert 0 < cifar10_download_fraction(tmp_path / "new") < 0.01
    found = open_dataset("cifar10", root=tmp_path / "new")
    assert (found.name, found.names, found.origin) == ("cifar10", CIFAR10_NAMES, str(tmp_path / "new"))
    assert np.array_equal(found.train.x.numpy(), rows[:15].reshape(15, 3, 32, 32))
    assert np.array_equal(found.test.x.numpy(), rows[15:].reshape(3, 3, 32, 32))
    assert found.train.y.tolist() == labels[:15]
    assert found.test.y.tolist() == labels[15:]
    assert (found.train.x.dtype, found.train.y.dtype) == (torch.uint8, torch.int64)


def test_download_goes_to_the_first_folder_in_which_it_would_be_looked_for(fake_cifar, nowhere, tmp_path, monkeypatch):
    assert download_cifar10() == Path("data")
    assert (nowhere / "data" / "cifar-10-batches-py" / "data_batch_3").is_file()
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "variable"))
    assert download_cifar10(tmp_path / "not-there.npz") == tmp_path / "variable"
    assert open_dataset("cifar10").origin == str(tmp_path / "variable")


def test_a_damaged_copy_says_so_and_is_mended_by_a_download(fake_cifar, tmp_path):
    download_cifar10(tmp_path)
    (tmp_path / "cifar-10-batches-py" / "data_batch_2").write_bytes(b"")
    refused("incomplete or damaged", str(tmp_path), open_it=lambda: open_dataset("cifar10", root=tmp_path))
    download_cifar10(tmp_path)
    assert len(open_dataset("cifar10", root=tmp_path).train.y) == 15


WAY_OUT = "check the network, or use 'shapes', which needs no download."


def test_a_server_that_does_not_have_it(fake_cifar, served, tmp_path, monkeypatch):
    from torchvision.datasets import CIFAR10

    monkeypatch.setattr(CIFAR10, "url", f"{served[0]}/gone.tar.gz")
    refused(str(tmp_path), "File not found", WAY_OUT, open_it=lambda: download_cifar10(tmp_path))


def test_no_network(fake_cifar, tmp_path, monkeypatch):
    from torchvision.datasets import CIFAR10

    with socket.socket() as unused:  # bound and not listening: a port that refuses
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setattr(CIFAR10, "url", f"http://127.0.0.1:{unused.getsockname()[1]}/cifar-10-python.tar.gz")
        refused(str(tmp_path), "Connection refused", WAY_OUT, open_it=lambda: download_cifar10(tmp_path))


def test_another_file_than_it_should_be(fake_cifar, served, tmp_path):
    (served[1] / "cifar-10-python.tar.gz").write_bytes(b"<html>please log in</html>")
    refused("corrupted", WAY_OUT, open_it=lambda: download_cifar10(tmp_path))


def test_a_download_that_breaks_off_is_said_and_goes_well_the_next_time(fake_cifar, served, tmp_path, monkeypatch):
    from torchvision.datasets import CIFAR10

    address, folder = served
    whole = (folder / "cifar-10-python.tar.gz").read_bytes()
    (folder / "cut").mkdir()
    (folder / "cut" / "cifar-10-python.tar.gz").write_bytes(whole[:2000])
    monkeypatch.setattr(CIFAR10, "url", f"{address}/cut/cifar-10-python.tar.gz")
    refused(WAY_OUT, open_it=lambda: download_cifar10(tmp_path))
    monkeypatch.setattr(CIFAR10, "url", f"{address}/cifar-10-python.tar.gz")
    download_cifar10(tmp_path)
    assert len(open_dataset("cifar10", root=tmp_path).test.y) == 3


def test_a_place_that_cannot_be_written(fake_cifar, tmp_path):
    (tmp_path / "file").write_text("in the way")
    refused("could not be downloaded", WAY_OUT, open_it=lambda: download_cifar10(tmp_path / "file"))


def test_progress_is_read_off_the_growing_file(tmp_path):
    with (tmp_path / "cifar-10-python.tar.gz").open("wb") as file:
        file.truncate(CIFAR10_ARCHIVE_BYTES // 4)
        assert cifar10_download_fraction(tmp_path) == pytest.approx(0.25, abs=1e-6)
        file.truncate(CIFAR10_ARCHIVE_BYTES + 10)
        assert cifar10_download_fraction(tmp_path) == 1


# --- the real one ---


@pytest.mark.skipif(not REAL_DATA, reason=f"{DATA_VARIABLE} is not set: the real CIFAR-10 is not read")
def test_the_real_cifar10():
    found = open_dataset("cifar10", root=REAL_DATA)
    assert found.names == CIFAR10_NAMES
    assert torch.bincount(found.train.y).tolist() == [5_000] * 10
    assert torch.bincount(found.test.y).tolist() == [1_000] * 10
    assert found.train.x.shape == (50_000, 3, 32, 32)
    assert found.train.x.float().mean(dim=(0, 2, 3)).tolist() == pytest.approx([125.3, 122.95, 113.87], abs=0.1)
    assert found.test.y[:5].tolist() == [3, 8, 8, 0, 6]  # cat, ship, ship, airplane, frog
