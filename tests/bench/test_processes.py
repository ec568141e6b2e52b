"""What a process takes of the machine."""

from __future__ import annotations

import os

import pytest

from vit_explorer.bench.processes import Processor, memory

HERE = memory(os.getpid())


@pytest.mark.skipif(HERE is None, reason="this system has no /proc")
def test_memory_of_this_process_is_read():
    assert HERE is not None and 10 < HERE < 100_000 and memory(2**30) is None


def test_what_was_used_is_shared_among_the_answers():
    before, after = Processor(10.0, 3.0, 100.0), Processor(20.0, 5.0, 115.0)
    found = after.since(before, 400)
    assert found == {"server's processor, ms an answer": 5.0, "cores that other programs used": 1.5}


@pytest.mark.skipif(HERE is None, reason="this system has no /proc")
def test_processor_time_of_this_process_grows_with_its_work():
    before = Processor.of(os.getpid())
    total = 0
    while (after := Processor.of(os.getpid())) is not None and after.server == before.server:
        total += sum(range(10_000))
    assert total > 0 and after is not None and after.others >= before.others - 1 and Processor.of(2**30) is None
