"""CIFAR-10 is found where it lies, and fetched by torchvision, here from a small archive served by the test."""

import hashlib
import http.server
import io
import os
import pickle
import socket
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.data.refusals import refused
from vit_explorer.data import open_dataset
from vit_explorer.data.cifar10 import (
    CIFAR10_ARCHIVE_BYTES,
    CIFAR10_NAMES,
    DATA_VARIABLE,
    cifar10_download_fraction,
    cifar10_places,
    download_cifar10,
    find_cifar10,
)

REAL_DATA = os.environ.get(DATA_VARIABLE)

# --- where it is looked for ---


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


# --- fetched and read by torchvision ---


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


def test_the_folder_of_batches_and_the_archive_can_be_named_themselves(fake_cifar, served, tmp_path):
    rows, labels = fake_cifar
    download_cifar10(tmp_path / "new")
    batches = tmp_path / "new" / "cifar-10-batches-py"
    archive = tmp_path / "new" / "cifar-10-python.tar.gz"
    assert (find_cifar10(batches), find_cifar10(archive)) == (batches, archive)
    renamed = batches.rename(tmp_path / "cifar")
    for root in (renamed, archive):
        found = open_dataset("cifar10", root=root)
        assert np.array_equal(found.train.x.numpy(), rows[:15].reshape(15, 3, 32, 32))
        assert (found.train.y.tolist(), found.test.y.tolist()) == (labels[:15], labels[15:])
        assert found.names == CIFAR10_NAMES


def test_a_download_into_the_folder_of_batches_does_not_nest(fake_cifar, tmp_path):
    for root in (tmp_path / "cifar-10-batches-py", tmp_path / "cifar-10-python.tar.gz"):
        assert download_cifar10(root) == tmp_path
        assert len(open_dataset("cifar10", root=root).train.y) == 15
    assert not (tmp_path / "cifar-10-batches-py" / "cifar-10-batches-py").exists()


def test_an_archive_that_is_still_growing_is_not_taken_from_its_folder(fake_cifar, served, tmp_path, monkeypatch):
    whole = (served[1] / "cifar-10-python.tar.gz").read_bytes()
    monkeypatch.setattr("vit_explorer.data.cifar10.CIFAR10_ARCHIVE_BYTES", len(whole))
    archive = tmp_path / "cifar-10-python.tar.gz"
    archive.write_bytes(whole[: len(whole) // 2])
    assert find_cifar10(tmp_path) is None
    refused("incomplete or damaged", open_it=lambda: open_dataset("cifar10", root=archive))
    archive.write_bytes(whole)
    assert find_cifar10(tmp_path) == archive


def test_an_archive_of_other_data_is_not_unpickled(fake_cifar, tmp_path):
    class Hostile:
        def __reduce__(self):
            return open, (str(tmp_path / "written"), "w")

    archive = tmp_path / "other.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        data = pickle.dumps(Hostile())
        info = tarfile.TarInfo("cifar-10-batches-py/data_batch_1")
        info.size = len(data)
        file.addfile(info, io.BytesIO(data))
    refused("incomplete or damaged", open_it=lambda: open_dataset("cifar10", root=archive))
    assert not (tmp_path / "written").exists()


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
