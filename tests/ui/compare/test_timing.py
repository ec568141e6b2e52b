"""A measurement of all networks: begun, followed, stopped, kept, shared."""

import threading
import time

import pytest

from vit_explorer.cost.attention_timing import Spread
from vit_explorer.cost.model_timing import Passed, Timed
from vit_explorer.ui.compare.timing import ModelTimes
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.jobs import JobRequest, Jobs

ONE = Timed("vit", 1, Spread(0.002, 0.001, 0.003, 5))
MANY = Timed("vit", 64, Spread(0.5, 0.4, 0.6, 3))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs" / "measurements" / "architectures.json"


@pytest.fixture
def steps():
    """A measurement that goes one step each time it is let go on."""
    go = threading.Semaphore(0)

    def work():
        for share, done in ((0.25, None), (0.5, ONE), (0.75, None), (1.0, MANY)):
            assert go.acquire(timeout=10)
            yield Passed(share, "vit", 1)
            if done:
                yield done

    return go, work


NOBODY = JobRequest()


def wait(jobs, done):
    for _ in range(1000):
        status = jobs.status(NOBODY)
        if done(status):
            return status
        time.sleep(0.01)
    raise AssertionError(f"it never came: {status}")


def test_from_its_start_to_its_file(path, steps):
    go, work = steps
    jobs = Jobs(threading.Lock(), ModelTimes(path))
    assert jobs.status(NOBODY) == {"running": None, "result": None, "problem": None}
    go.release(4)
    jobs.start(work)
    result = wait(jobs, lambda status: status["running"] is None)["result"]
    assert result["complete"] and result["threads"] >= 1 and result["machine"] and result["torch"]
    assert result["models"]["vit"]["latency"]["median"] == 0.002
    assert result["models"]["vit"]["throughput"]["per_second"] == 128
    assert ModelTimes(path).read() == (result, None)  # another process, after a restart


def test_a_second_visitor_sees_it_and_can_neither_start_nor_stop(path, steps):
    go, work = steps
    jobs = Jobs(threading.Lock(), ModelTimes(path))
    mine = jobs.start(work)["id"]
    go.release()
    seen = wait(jobs, lambda status: status["running"]["share"] == 0.25)["running"]
    assert not seen["mine"] and seen["name"] == "vit" and seen["left"] >= 0
    assert jobs.status(JobRequest(mine))["running"]["mine"]
    with pytest.raises(UserError, match="Another measurement is running"):
        jobs.start(work)
    with pytest.raises(UserError, match="started by another visitor"):
        jobs.stop(JobRequest("another"))
    go.release(3)
    wait(jobs, lambda status: status["running"] is None)


def test_while_another_view_measures_it_waits_its_turn(path, steps):
    go, work = steps
    machine = threading.Lock()
    one, other = (Jobs(machine, ModelTimes(path.with_name(name))) for name in ("one.json", "other.json"))
    one.start(work)
    with pytest.raises(UserError, match="two at once would disturb each other"):
        other.start(work)
    assert other.status(NOBODY)["running"] is None
    go.release(4)
    wait(one, lambda status: status["running"] is None)
    go.release(4)
    other.start(work)
    wait(other, lambda status: status["running"] is None)


def test_stopped_it_keeps_what_is_complete(path, steps):
    go, work = steps
    jobs = Jobs(threading.Lock(), ModelTimes(path))
    mine = jobs.start(work)["id"]
    go.release(2)
    wait(jobs, lambda status: status["running"]["share"] == 0.5)
    threading.Timer(0.2, go.release).start()  # the pass that is under way
    result = jobs.stop(JobRequest(mine))["result"]
    assert not result["complete"] and list(result["models"]["vit"]) == ["latency"]
    assert jobs.stop(JobRequest(mine))["running"] is None


def test_one_that_fails_says_so_and_makes_room(path):
    def broken():
        raise RuntimeError("no memory")
        yield

    jobs = Jobs(threading.Lock(), ModelTimes(path))
    jobs.start(broken)
    assert wait(jobs, lambda status: status["running"] is None)["problem"] == ("The measurement failed: no memory.")
    jobs.start(broken)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"models": {}}', '{"models": {"a": {"latency": {"median": -1}}}, "date": "", "machine": ""}']
)
def test_a_damaged_file_is_said(path, text):
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert ModelTimes(path).read() == (
        None, "The earlier measurement architectures.json is damaged: measure again.",
    )  # fmt: skip
