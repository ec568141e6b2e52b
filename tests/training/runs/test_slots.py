"""So many trainings at once on one machine, whoever starts them; whoever ends gives its place back."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vit_explorer.training.runs.slots import Slot, slots_folder

HOLDER = """
import sys
from vit_explorer.training.runs.slots import Slot
slot = Slot(int(sys.argv[1]), sys.argv[2])
print(slot.try_take(), flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(at_once: int, folder: Path) -> Iterator[tuple[subprocess.Popen[str], bool]]:
    """A process that tries to take a slot and keeps it, and whether it got one."""
    command = [sys.executable, "-c", HOLDER, str(at_once), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline() == "True\n"
        finally:
            process.kill()


def test_a_slot_is_for_one(tmp_path):
    first, second = Slot(folder=tmp_path), Slot(folder=tmp_path)
    assert first.try_take() and first.held
    assert first.try_take()
    assert not second.try_take() and not second.held
    second.release()  # of what it does not hold
    assert not second.try_take()
    first.release()
    assert not first.held
    assert second.try_take()


def test_so_many_at_once(tmp_path):
    slots = [Slot(3, tmp_path) for _ in range(4)]
    assert [slot.try_take() for slot in slots] == [True, True, True, False]
    slots[1].release()
    assert slots[3].try_take()
    assert not Slot(1, tmp_path).try_take()  # one that allows fewer waits for the others
    assert Slot(4, tmp_path).try_take()  # and one that allows more does not


def test_another_process_counts(tmp_path):
    with another_process(1, tmp_path) as (process, got_it):
        assert got_it
        mine = Slot(folder=tmp_path)
        assert not mine.try_take()
        with another_process(1, tmp_path) as (_, got_it_too):
            assert not got_it_too
        process.kill()
        process.wait()
        assert mine.try_take()


def test_no_room_for_none(tmp_path):
    with pytest.raises(ValueError, match="at_once must be 1 or more, not 0"):
        Slot(0, tmp_path)


def test_all_programs_of_a_user_look_in_the_same_place():
    assert Slot().folder == Slot(5).folder == slots_folder()
    assert slots_folder().parent == Path(tempfile.gettempdir())
