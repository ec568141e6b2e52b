"""Decoding measured from the page: progress, results of complete lengths, and a stop."""

import threading
import time

import pytest

from vit_explorer.text.timing import LENGTHS, time_decoding
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.jobs import JobRequest, Jobs
from vit_explorer.ui.text.cache import DecodeTimes, start_decoding


def wait(jobs, mine, done):
    """The first status for which ``done`` holds."""
    for _ in range(3000):
        status = jobs.status(JobRequest(mine))
        if done(status):
            return status
        time.sleep(0.02)
    raise AssertionError(f"it never came: {status}")


def test_a_measurement_gives_a_point_for_each_length():
    machine = threading.Lock()
    jobs = Jobs(machine, DecodeTimes((4, 12)))
    before = jobs.status(JobRequest())
    assert before["running"] is None and before["result"] is None and before["problem"] is None
    assert [point["n_tokens"] for point in before["counted"]] == [4, 12]
    mine = jobs.start(lambda: time_decoding((4, 12), rounds=2))["id"]
    result = wait(jobs, mine, lambda status: status["running"] is None)["result"]
    assert result["complete"]
    assert [point["n_tokens"] for point in result["points"]] == [4, 12]
    for point, counted in zip(result["points"], before["counted"], strict=True):
        assert point["without_cache"] > 0 and point["with_cache"] > 0 and point["ratio"] > 0
        assert point["counted"] == counted["ratio"] > 1
    assert not machine.locked()


def test_it_is_stopped_and_its_complete_lengths_are_kept():
    jobs = Jobs(threading.Lock(), DecodeTimes())
    began = start_decoding(jobs)
    assert [point["n_tokens"] for point in began["counted"]] == list(LENGTHS)
    running = wait(jobs, began["id"], lambda status: status["running"]["points"])["running"]
    assert running["mine"] and 0 < running["share"] < 1 and running["n_tokens"] in LENGTHS[1:]
    with pytest.raises(UserError):
        jobs.stop(JobRequest("a stranger"))
    status = jobs.stop(JobRequest(began["id"]))
    assert status["running"] is None and not status["result"]["complete"]
    measured = [point["n_tokens"] for point in status["result"]["points"]]
    assert measured == list(LENGTHS[: len(measured)]) and 1 <= len(measured) < len(LENGTHS)
