"""Every source ends as the same thing, and what is not there is named."""

from dataclasses import replace

import numpy as np
import torch

from tests.data.refusals import refused
from vit_explorer.data import Split, open_dataset, sources
from vit_explorer.data.sources import draw_split


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


def test_what_is_not_there_is_named():
    refused("There is no file none.npz", open_it=lambda: open_dataset("none.npz"))
    refused("'none'", "'cifar10', 'shapes', an .npz file, or an image folder", open_it=lambda: open_dataset("none"))


def test_only_an_image_folder_can_be_brought_to_another_size(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "SHAPES_TRAIN", 20)  # for speed
    monkeypatch.setattr(sources, "SHAPES_TEST", 10)
    held = {f"x_{part}": np.zeros((4, 16, 16, 3), np.uint8) for part in ("train", "test")}
    np.savez(tmp_path / "mine.npz", **held, y_train=np.arange(4), y_test=np.arange(4))
    for source, size in (("shapes", 32), (str(tmp_path / "mine.npz"), 16)):
        assert open_dataset(source, img_size=size).img_size == size
        words = f"The pictures of {source} have {size} pixels a side and stay so"
        refused(
            words, "image folder can be brought to 48", open_it=lambda source=source: open_dataset(source, img_size=48)
        )


# --- the same data are known by their fingerprint ---


def test_a_fingerprint_is_that_of_the_pictures_not_of_their_place(tiny):
    moved = replace(tiny, name="other", origin="elsewhere", split="otherwise")
    assert moved.fingerprint() == tiny.fingerprint()
    assert set(tiny.fingerprint()) == {"sizes", "class names", "pictures or labels"}


def test_a_fingerprint_tells_what_differs(tiny):
    def differs(**changes: object) -> list[str]:
        other = replace(tiny, **changes).fingerprint()
        return [what for what, value in tiny.fingerprint().items() if other[what] != value]

    train, test = tiny.train, tiny.test
    assert differs(names=("dark", "gray", "light")) == ["class names"]
    assert differs(train=Split(train.x, train.y.flip(0))) == ["pictures or labels"]
    assert differs(train=Split(train.x, 2 - train.y)) == ["pictures or labels"]
    for split, name in ((train, "train"), (test, "test")):
        brighter = split.x.clone()
        brighter[-1, 2, 7, 7] ^= 1  # one bit of the last picture
        assert differs(**{name: Split(brighter, split.y)}) == ["pictures or labels"]
    assert differs(test=Split(test.x[:8], test.y[:8])) == ["sizes", "pictures or labels"]
