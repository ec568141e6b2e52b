"""Datasets are opened once, until their files change."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from vit_explorer.data.cache import DatasetCache
from vit_explorer.data.dataset import DatasetError


class Reader:
    """Reads a file's text; counts how often."""

    def __init__(self) -> None:
        self.read: list[tuple[str, int | None]] = []

    def __call__(self, source: str, img_size: int | None) -> str:
        self.read.append((Path(source).name, img_size))
        text = Path(source).read_text() if Path(source).exists() else ""
        if not text:
            raise DatasetError(f"{source} is empty.")
        return text


def write(path: Path, text: str, time: int) -> str:
    path.write_text(text)
    os.utime(path, ns=(time, time))
    return str(path)


def test_a_dataset_is_opened_once_for_each_size_and_again_when_its_file_has_changed(tmp_path):
    reader = Reader()
    cache = DatasetCache(reader)
    file = write(tmp_path / "a", "one", 1)
    assert [cache.open(file), cache.open(file), cache.open(file, 16)] == ["one"] * 3
    assert reader.read == [("a", None), ("a", 16)]
    write(tmp_path / "a", "two", 2)
    assert [cache.open(file), cache.open(file)] == ["two"] * 2
    assert reader.read == [("a", None), ("a", 16), ("a", None)]


def test_the_least_recently_used_one_is_dropped(tmp_path):
    reader = Reader()
    cache = DatasetCache(reader, limit=2)
    files = {name: write(tmp_path / name, name, 1) for name in "abc"}
    for name in "abacab":
        assert cache.open(files[name]) == name
    assert [name for name, _ in reader.read] == ["a", "b", "c", "b"]


def test_what_cannot_be_read_is_tried_again_only_when_it_has_changed(tmp_path):
    reader = Reader()
    cache = DatasetCache(reader)
    file = write(tmp_path / "a", "", 1)
    for _ in range(2):
        with pytest.raises(DatasetError, match="is empty"):
            cache.open(file)
    assert len(reader.read) == 1
    write(tmp_path / "a", "text", 2)
    assert cache.open(file) == "text"
    for _ in range(2):  # what is not there leaves no time to compare
        with pytest.raises(DatasetError):
            cache.open(str(tmp_path / "none"))
    assert len(reader.read) == 4


def test_one_that_is_being_opened_is_waited_for_and_others_are_not(tmp_path):
    began, go_on = threading.Event(), threading.Event()
    read = []

    def slow(source: str, img_size: int | None) -> str:
        read.append(source)
        if source == "slow":
            began.set()
            assert go_on.wait(60)
        return source

    cache = DatasetCache(slow)
    threads = [threading.Thread(target=cache.open, args=("slow",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert began.wait(60)
    assert cache.open("quick") == "quick"
    go_on.set()
    for thread in threads:
        thread.join()
    assert sorted(read) == ["quick", "slow"]
