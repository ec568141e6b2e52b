"""What the Cost view asks for: a measurement at a time, its progress and end, and earlier results from their file."""

import json
import threading
import time
from dataclasses import asdict

import pytest

from vit_explorer.cost.attention_timing import Point, Progress, Spread
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.jobs import JobRequest, Jobs
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.windows import cost
from vit_explorer.ui.windows.cost import SHOWN, WindowTimes, start_windows

ASKED = {"d_model": 8, "n_heads": 2, "window": 2}
POINT = Point(4, "fused", Spread(0.001, 0.001, 0.002, 2), Spread(0.003, 0.002, 0.004, 2))


@pytest.fixture
def results(tmp_path) -> WindowTimes:
    return WindowTimes(tmp_path / "runs" / "measurements" / "windows.jsonl")


@pytest.fixture
def steps(monkeypatch):
    """A measurement that goes one step each time it is let go on: two points, two runs each."""
    go = threading.Semaphore(0)
    ran: list[int] = []

    def timed(setting, sides, runs):
        for step in range(4):
            assert go.acquire(timeout=10)
            ran.append(step)
            yield Progress((step + 1) / 4, 4, "fused")
            if step % 2:
                yield POINT

    monkeypatch.setattr(cost, "time_attention", timed)
    return go, ran


NOBODY = JobRequest()


def start(jobs: Jobs, request: dict) -> dict:
    return bind(start_windows, jobs)(request)


def wait(jobs: Jobs, done) -> dict:
    """The first status for which ``done`` holds."""
    for _ in range(1000):
        status = jobs.status(NOBODY)
        if done(status):
            return status
        time.sleep(0.01)
    raise AssertionError(f"it never came: {status}")


def test_a_measurement_from_its_start_to_its_file(results, monkeypatch):
    monkeypatch.setattr(cost, "SIDES", (2, 4))
    monkeypatch.setattr(cost, "RUNS", 2)
    jobs = Jobs(threading.Lock(), results)
    assert jobs.status(NOBODY) == {"running": None, "results": [], "problem": None}
    begun = start(jobs, ASKED)
    status = wait(jobs, lambda status: status["running"] is None)
    (result,) = status["results"]
    assert result["setting"] == ASKED and result["complete"] and result["runs"] == 2
    assert [(point["side"], point["way"]) for point in result["points"]] == [
        (2, "fused"), (2, "materialised"), (4, "fused"), (4, "materialised"),
    ]  # fmt: skip
    assert result["machine"] and result["torch"] and result["threads"] >= 1 and len(begun["id"]) == 16
    assert Jobs(threading.Lock(), results).status(NOBODY)["results"] == [result]  # after a restart too


def test_a_second_visitor_is_told_and_sees_how_far_it_is_but_cannot_stop_it(results, steps):
    go, _ = steps
    jobs = Jobs(threading.Lock(), results)
    mine = start(jobs, ASKED)["id"]
    go.release()
    seen = wait(jobs, lambda status: status["running"]["share"] == 0.25)["running"]
    assert not seen["mine"] and seen["setting"] == ASKED and seen["left"] >= 0
    assert jobs.status(JobRequest(mine))["running"]["mine"]
    with pytest.raises(UserError, match="Another measurement is running"):
        start(jobs, ASKED)
    with pytest.raises(UserError, match="started by another visitor"):
        jobs.stop(JobRequest("another"))
    for _ in range(3):
        go.release()
    wait(jobs, lambda status: status["running"] is None)
    assert start(jobs, ASKED)["running"] is not None  # and now it is anybody's turn
    for _ in range(4):
        go.release()
    wait(jobs, lambda status: status["running"] is None)


def test_stop_takes_effect_between_single_runs_and_keeps_what_is_complete(results, steps):
    go, ran = steps
    jobs = Jobs(threading.Lock(), results)
    mine = start(jobs, ASKED)["id"]
    go.release(2)
    wait(jobs, lambda status: len(status["running"]["points"]) == 1)
    threading.Timer(0.1, go.release).start()  # the run that is under way when it is stopped
    status = jobs.stop(JobRequest(mine))
    assert status["running"] is None and ran == [0, 1, 2]
    (result,) = status["results"]
    assert not result["complete"] and result["points"] == [asdict(POINT)]
    assert jobs.stop(JobRequest(mine))["running"] is None  # once more does no harm


def test_stopped_before_its_first_point_nothing_is_kept(results, steps):
    go, _ = steps
    jobs = Jobs(threading.Lock(), results)
    mine = start(jobs, ASKED)["id"]
    threading.Timer(0.1, go.release).start()
    assert jobs.stop(JobRequest(mine))["results"] == [] and not results.path.exists()


def test_damaged_lines_are_left_out_with_a_word_and_the_newest_come_first(results):
    good = {"date": "2026-11-22", "machine": "m", "torch": "2", "threads": 2, "runs": 2, "complete": True}
    good |= {"setting": ASKED, "points": [asdict(POINT)]}
    for n in range(SHOWN + 2):
        results.add(good | {"date": f"day {n:02}"})
    bad_point = asdict(POINT) | {"windowed": {"median": -1, "low": 1, "high": 1}}
    with results.path.open("a") as file:
        for line in ("{", "[]", "7", json.dumps(good | {"points": [bad_point]}), json.dumps(good | {"points": []})):
            file.write(line + "\n")
        file.write(json.dumps(good | {"setting": {**ASKED, "n_heads": 3}}))
    found, problem = results.read()
    assert [result["date"] for result in found] == [f"day {n:02}" for n in range(SHOWN + 1, 1, -1)]
    assert problem == "6 damaged lines in windows.jsonl left out."


def test_a_measurement_that_fails_says_so_and_makes_room(results, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("no memory")
        yield

    monkeypatch.setattr(cost, "time_attention", broken)
    jobs = Jobs(threading.Lock(), results)
    start(jobs, ASKED)
    status = wait(jobs, lambda status: status["running"] is None)
    assert status["problem"] == "The measurement failed: no memory."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"d_model": 9}, "2 heads cannot share 9 dimensions evenly."),
        ({"window": 0}, "Window must be 1 to 28, not 0."),
        ({"d_model": 1e3}, "D model must be a whole number, 1 to 768"),
        ({"n_heads": True}, "N heads must be a whole number, 1 to 16"),
        ({"d_model": 768, "n_heads": 16, "window": 28}, "This would need 2.5 GB of memory, more than 2 GB"),
    ],
)
def test_sizes_that_cannot_be_are_refused(results, change, said):
    with pytest.raises(UserError, match=said):
        start(Jobs(threading.Lock(), results), ASKED | change)
