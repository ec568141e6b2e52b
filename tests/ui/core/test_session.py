"""Pictures and models by name, uploads in memory, and the download that the page starts."""

from __future__ import annotations

import http.server
import io
import os
import threading
import time

import numpy as np
import pytest
import torch
from PIL import Image

from tests.files import save_small_vit
from vit_explorer.cost.multiply_adds import count_multiply_adds
from vit_explorer.data.cifar10 import DATA_VARIABLE
from vit_explorer.data.dataset import DatasetError
from vit_explorer.data.decode import PictureError
from vit_explorer.data.uploads import fit_picture
from vit_explorer.models.checkpoint import (
    CHECKPOINT_FOLDER,
    CheckpointError,
    list_checkpoints,
    load_checkpoint,
)
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.pictures import SAMPLES, UnknownPicture, available_samples
from vit_explorer.ui.core.session import MAX_SIDE, Session
from vit_explorer.ui.core.uploads import decode_upload


def png(colour: tuple[int, int, int], size: tuple[int, int] = (20, 10)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def test_every_sample_is_carried_by_the_pinned_packages():
    assert available_samples() == list(SAMPLES)


@pytest.mark.parametrize("name", [name for name in list_checkpoints([CHECKPOINT_FOLDER]) if name.endswith("cifar10")])
def test_the_first_picture_is_known_to_every_shipped_model(name):
    checkpoint, first = load_checkpoint(name, [CHECKPOINT_FOLDER]), Session().picture(f"sample:{next(iter(SAMPLES))}")
    images = fit_picture(first.image, checkpoint.model.img_size, "crop")[None]
    with torch.no_grad():
        best = int(checkpoint.model(checkpoint.preprocess(images)).argmax())
    assert checkpoint.class_names[best] in first.labels


def test_pictures_by_name(tmp_path):
    session = Session(tmp_path)
    assert session.picture("sample:cheetah").image.size == (256, 256)
    drawn = session.picture("shapes:7")
    assert drawn.truth == session.test_split("shapes")[1][int(session.test_split("shapes")[0].y[7])]
    assert (np.asarray(drawn.image) == session.test_split("shapes")[0].x[7].permute(1, 2, 0).numpy()).all()


@pytest.mark.parametrize(
    "name",
    ["", "shapes", "shapes:", "shapes:-1", "shapes:99999", "sample:../../etc/passwd", "upload:12", "disk:/etc/passwd"],
)
def test_other_names_are_unknown(name):
    with pytest.raises(UnknownPicture):
        Session().picture(name)


def test_an_upload_is_kept_in_memory_and_reduced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    session = Session()
    kept = session.keep_upload(png((9, 8, 7), (3 * MAX_SIDE, 30)), "long")
    assert kept.image.size[0] == MAX_SIDE
    assert session.picture(kept.name) is kept
    assert list(tmp_path.iterdir()) == []


def test_more_than_sixty_four_uploads_are_kept():
    session = Session(uploads_memory=64)
    kept = [session.keep_upload(png((i, 0, 0)), str(i)) for i in range(100)]
    assert all(session.picture(one.name) is one for one in kept)


def test_an_upload_without_room_is_refused_and_the_others_stay():
    session = Session(uploads_memory=1)
    kept = [session.keep_upload(png((i, 0, 0)), str(i)) for i in range(2)]
    with pytest.raises(PictureError, match="no room"):
        session.keep_upload(png((0, 255, 0), (900, 900)), "one more")
    assert all(session.picture(one.name) is one for one in kept)


def test_one_visitors_title_never_shows_for_another():
    session = Session()
    first, second = (session.keep_upload(png((1, 2, 3)), title) for title in ("my passport", "red"))
    assert session.picture(first.name).title == "my passport"
    assert session.picture(second.name).title == "red"
    assert session.keep_upload(png((1, 2, 3)), "red").name == second.name


def test_a_damaged_upload_is_refused():
    with pytest.raises(UserError, match="damaged on its way"):
        decode_upload("no base64!")
    with pytest.raises(PictureError):
        Session().keep_upload(b"", "nothing")


def test_a_visitor_cannot_open_a_dataset_of_the_servers_disk(tmp_path):
    with pytest.raises(ValueError, match="cifar10, shapes"):
        Session().test_split(str(tmp_path))


def test_problems_name_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    problems = Session(tmp_path / "data-of-mine", [tmp_path / "weights-of-mine"]).problems()
    assert len(problems) == 2
    assert "weights-of-mine" in problems[0] and "data-of-mine" in problems[1]
    with pytest.raises(DatasetError):
        Session(tmp_path).picture("cifar10:0")


def test_a_place_without_cifar10_is_named_though_it_is_found_elsewhere(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "cifar10.npz").touch()
    monkeypatch.setenv(DATA_VARIABLE, str(elsewhere))
    (problem,) = Session(tmp_path / "mine").problems()
    assert str(tmp_path / "mine") in problem and str(elsewhere / "cifar10.npz") in problem
    assert Session(elsewhere).problems() == []


def test_an_upload_does_not_wait_for_a_dataset(tmp_path, monkeypatch):
    began, go_on = threading.Event(), threading.Event()

    def slow(*_):
        began.set()
        assert go_on.wait(10)
        raise DatasetError("slow and broken")

    monkeypatch.setattr("vit_explorer.ui.core.datasets.open_dataset", slow)
    (tmp_path / "cifar10.npz").touch()
    session = Session(tmp_path)
    reading = threading.Thread(target=session.sources)
    reading.start()
    try:
        assert began.wait(10)
        others = threading.Thread(
            target=lambda: (session.keep_upload(png((1, 2, 3)), "x"), session.test_split("shapes"), session.problems()),
            daemon=True,
        )
        others.start()
        others.join(10)
        assert not others.is_alive()
    finally:
        go_on.set()
        reading.join()


def test_an_unreadable_cifar10_is_read_again_only_when_it_changes(tmp_path, monkeypatch):
    read = []

    def broken(*_):
        read.append(1)
        raise DatasetError("broken")

    monkeypatch.setattr("vit_explorer.ui.core.datasets.open_dataset", broken)
    for place in (tmp_path / "cifar10.npz", tmp_path / "folder" / "cifar-10-batches-py" / "test_batch"):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"no archive")
        read.clear()
        session = Session(tmp_path if place.suffix else tmp_path / "folder")
        assert [session.sources() for _ in range(3)] == [(["shapes"], ["broken"])] * 3
        assert len(read) == 1
        os.utime(place, ns=(1, 1))
        session.sources()
        assert len(read) == 2


def test_a_checkpoint_that_is_replaced_is_noticed(tmp_path):
    session = Session(checkpoint_folders=[tmp_path])
    save_small_vit(tmp_path, "one")
    os.utime(tmp_path / "one.json", ns=(1, 1))
    first = session.checkpoint("one")
    assert session.checkpoint("one") is first
    assert first.card["multiply_adds"] == count_multiply_adds(first.model, 8)  # once, where the card states none
    save_small_vit(tmp_path, "one", epochs=2)
    second = session.checkpoint("one")
    assert second.trained_positions()[0] == 2
    assert first.stamp != second.stamp == session.weights_stamp("one")
    torch.save(first.model.state_dict(), tmp_path / "one.pt")  # the weights alone, those of the first
    os.utime(tmp_path / "one.pt", ns=(1, 1))
    assert session.weights_stamp("one") == first.stamp  # of those that the next answer reads
    assert (
        session.checkpoint("one").stamp == first.stamp == Session(checkpoint_folders=[tmp_path]).checkpoint("one").stamp
    )
    (tmp_path / "one.json").unlink()
    assert session.weights_stamp("one") is None
    with pytest.raises(CheckpointError):
        session.checkpoint("one")


def wait_for_the_end(session: Session):
    for _ in range(200):
        status = session.download_status()
        if status.state != "running":
            return status
        time.sleep(0.05)
    raise AssertionError("the download neither finished nor failed")


def test_a_download_that_cannot_be_says_why(tmp_path, monkeypatch):
    from torchvision.datasets import CIFAR10

    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(CIFAR10, "url", f"http://127.0.0.1:{server.server_port}/cifar-10-python.tar.gz")
    session = Session(tmp_path)
    assert session.download_status().state == "idle"
    session.start_download()
    status = wait_for_the_end(session)
    server.shutdown()
    assert status.state == "failed"
    assert "could not be downloaded" in status.reason and "shapes" in status.reason


def test_an_unreadable_cifar10_is_a_sentence_and_the_shapes_remain(tmp_path):
    damaged = tmp_path / "cifar10.npz"
    damaged.write_bytes(b"no archive")
    sources, problems = Session(damaged).sources()
    assert sources == ["shapes"]
    assert len(problems) == 1 and str(damaged) in problems[0]
    Session(damaged).warm_up()
