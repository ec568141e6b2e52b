"""A lock is held by one, asked about by many, and let go of in the end."""

import threading
import time
from pathlib import Path

import pytest

from vit_explorer.training.runs import locks
from vit_explorer.training.runs.locks import FileLock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def test_one_holds_it_and_the_next_one_after(path):
    first, second = FileLock(path), FileLock(path)
    assert not first.is_held()
    assert not path.exists()  # asking leaves no trace
    assert first.try_take()
    assert first.try_take()  # holds it already
    assert first.is_held() and second.is_held()
    assert not second.try_take()
    first.release()
    first.release()  # does nothing
    assert not second.is_held()
    assert second.try_take()
    assert not first.try_take()
    second.release()


def test_asking_does_not_get_in_the_way_of_taking(path):
    """Somebody who only asks holds the lock for a moment: who wants it waits that long."""
    asking = threading.Event()

    def ask() -> None:
        while not asking.is_set():
            FileLock(path).is_held()

    path.touch()
    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(50):
            lock = FileLock(path)
            assert lock.try_take()
            lock.release()
    finally:
        asking.set()
        for thread in threads:
            thread.join()


def test_many_may_ask_at_the_same_moment(path):
    path.touch()
    with path.open("rb") as one, path.open("rb") as other:
        assert locks._lock(one.fileno(), shared=True)
        assert locks._lock(other.fileno(), shared=True)
        assert not FileLock(path).is_held()


def test_a_lock_that_is_held_is_not_waited_for_long(path):
    holder = FileLock(path)
    assert holder.try_take()
    began = time.monotonic()
    assert not FileLock(path).try_take()
    assert locks.PATIENCE <= time.monotonic() - began < locks.PATIENCE + 2
    holder.release()


def test_a_place_where_no_file_can_be_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    for place in (tmp_path / "none" / "lock", tmp_path / "file" / "lock"):
        with pytest.raises(OSError):
            FileLock(place).try_take()
