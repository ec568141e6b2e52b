"""Whatever a stranger brings, there is a dataset or a sentence: no other error, no file outside, and bounded work.

Archives are made of parts that are often nearly right, and then bytes of them are turned over. The cases are the same
in every run.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.data.pictures import encode
from vit_explorer.data import Dataset, DatasetError, open_dataset
from vit_explorer.data.folders import Limits

LIMITS = Limits(files=60, bytes=10**6, pixels=10**5)


def cases(count: int) -> settings:
    """So many cases, the same in every run, however slow the machine."""
    fine = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=count, deadline=None, derandomize=True, database=None, suppress_health_check=fine)


PICTURES = [
    encode(Image.new("RGB", (9, 9), colour), kind) for colour in ("red", "blue") for kind in ("PNG", "GIF", "BMP")
]
CONTENTS = st.one_of(
    st.sampled_from(PICTURES),
    st.sampled_from(PICTURES).map(lambda data: data[:40]),
    st.binary(max_size=40),
    st.sampled_from([b"\0\0\0\x18ftypheic", b"II*\0" + bytes(30), b"GIF89a", bytes(10**6 + 1)]),
)
PARTS = [
    "cat",
    "dog",
    "train",
    "Test",
    "val",
    "pets",
    "..",
    ".",
    "",
    "C:",
    ".git",
    "__MACOSX",
    "a.png",
    "b.jpg",
    "ü",
    "x" * 300,
]
NAMES = st.one_of(
    st.tuples(st.sampled_from(["cat", "dog"]), st.sampled_from("0123456789")).map("/".join),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map("/".join),
    st.text(max_size=20),
)


def opened(path: Path) -> Dataset | None:
    """The dataset, checked; None where a sentence refuses it."""
    try:
        found = open_dataset(str(path), limits=LIMITS)
    except DatasetError as error:
        assert str(error) and "\n" not in str(error)
        return None
    for split in (found.train, found.test):
        assert split.x.dtype == torch.uint8 and split.x.shape[1:] == (3, found.img_size, found.img_size)
        assert len(split.x) == len(split.y) >= 1 and 0 <= int(split.y.min()) <= int(split.y.max()) < len(found.names)
    assert len(found.train.y) + len(found.test.y) <= LIMITS.files or path.suffix == ".npz"
    if found.test_picture is not None:
        assert found.test_picture(0).mode == "RGB"
    return found


def turned(data: bytes, places: list[tuple[int, int]]) -> bytes:
    """The bytes with some of them set to others, by place modulo the length."""
    changed = bytearray(data)
    for place, value in places:
        changed[place % len(changed)] = value
    return bytes(changed)


TURNS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4)


@pytest.mark.slow
@cases(1000)
@given(
    members=st.lists(st.tuples(NAMES, CONTENTS), max_size=14),
    whole=st.booleans(),
    packed=st.booleans(),
    turns=TURNS,
)
@pytest.mark.filterwarnings("ignore")
def test_archives_of_pictures(tmp_path, members, whole, packed, turns):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        if whole:  # a dataset that would be taken without the rest
            for name in ("cat", "dog"):
                for number in range(5):
                    archive.writestr(f"{name}/whole{number}.png", PICTURES[number % 2])
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data)
    path = tmp_path / "brought" / "pets.zip"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(turned(buffer.getvalue(), turns))
    opened(path)
    assert [one.name for one in tmp_path.iterdir()] == ["brought"] and list(path.parent.iterdir()) == [path]


ARRAYS = st.builds(
    lambda shape, kind, low, high: np.random.default_rng(0).integers(low, high, shape).astype(kind),
    st.one_of(
        st.sampled_from([(6, 8, 8, 3), (6, 8, 8), (6, 3, 8, 8), (6, 1, 8, 8), (6,), (6, 1), (6, 3)]),
        st.lists(st.integers(0, 9), max_size=5).map(tuple),
    ),
    st.sampled_from(["u1", "i8", "u8", "f4", "f2", "c8", "?", "S3", "U2", "M8[s]"]),
    st.integers(-3, 1),
    st.integers(2, 300),
)


@pytest.mark.slow
@cases(700)
@given(
    arrays=st.dictionaries(
        st.sampled_from(["x_train", "y_train", "x_test", "y_test", "class_names", "train_images", "more"]), ARRAYS
    ),
    whole=st.booleans(),
    turns=TURNS,
)
@pytest.mark.filterwarnings("ignore")
def test_archives_of_arrays(tmp_path, arrays, whole, turns):
    right = {f"x_{part}": np.zeros((6, 8, 8, 3), np.uint8) for part in ("train", "test")}
    right |= {f"y_{part}": np.arange(6) % 2 for part in ("train", "test")}
    buffer = io.BytesIO()
    np.savez(buffer, **((right if whole else {}) | arrays))
    path = tmp_path / "brought.npz"
    path.write_bytes(turned(buffer.getvalue(), turns))
    opened(path)


@cases(300)
@given(st.binary(max_size=200), st.sampled_from([".zip", ".npz"]))
def test_bytes_of_no_kind(tmp_path, data, ending):
    path = tmp_path / f"brought{ending}"
    path.write_bytes(data)
    assert opened(path) is None
