"""The logic of timing: turns, warm-up, progress, what is too large; never how long something took."""

import itertools

import pytest
import torch

from vit_explorer.cost import attention_timing
from vit_explorer.cost.attention_timing import (
    WARM_UP,
    Point,
    Progress,
    Setting,
    Spread,
    expected_work,
    make_jobs,
    spread,
    time_attention,
    windowed_bytes,
)

SMALL = Setting(d_model=8, n_heads=2, window=2)


def test_both_kinds_run_as_often_and_take_turns_in_going_first(monkeypatch):
    order: list[str] = []
    jobs = {kind: (lambda kind=kind: order.append(kind)) for kind in ("global", "windowed")}
    monkeypatch.setattr(attention_timing, "make_jobs", lambda *_: jobs)
    list(time_attention(SMALL, [4], ["fused"], runs=4))
    assert order == ["global", "windowed", "windowed", "global"] * ((WARM_UP + 4) // 2)


def test_warm_up_is_not_counted_and_the_clock_is_read_around_each_run():
    """A clock that is slow while it warms up: only what comes after enters the median."""
    ticks = itertools.chain([0, 100] * 2 * WARM_UP, itertools.cycle([0, 3]))
    point = list(time_attention(SMALL, [4], ["fused"], runs=3, clock=lambda: float(next(ticks))))[-1]
    assert point == Point(4, "fused", Spread(3, 3, 3, 3), Spread(3, 3, 3, 3), None) and point.ratio == 1


def test_progress_grows_to_one_and_each_side_and_way_ends_in_a_point():
    events = list(time_attention(SMALL, [2, 4], runs=2))
    points = [(event.side, event.way) for event in events if isinstance(event, Point)]
    assert points == [(2, "fused"), (2, "materialised"), (4, "fused"), (4, "materialised")]
    shares = [event.share for event in events if isinstance(event, Progress)]
    assert len(shares) == 4 * 2 * (WARM_UP + 2) and shares == sorted(shares)
    assert 0 < shares[0] < 0.1 and shares[-1] == pytest.approx(1)


def test_who_asks_for_no_more_stops_it(monkeypatch):
    ran: list[int] = []
    monkeypatch.setattr(
        attention_timing, "make_jobs", lambda *_: dict.fromkeys(("global", "windowed"), lambda: ran.append(1))
    )
    events = time_attention(SMALL, [4], ["fused"])
    next(events)
    assert len(ran) == 1
    next(events)
    events.close()
    assert len(ran) == 2


def test_a_matrix_that_is_too_large_is_not_measured_and_says_so(monkeypatch):
    monkeypatch.setattr(attention_timing, "MATRIX_LIMIT", 4 * 2 * 4**4 - 1)  # float32, two heads, 16 tokens squared
    points = [event for event in time_attention(SMALL, [3, 4], runs=1) if isinstance(event, Point)]
    assert [(point.side, point.way) for point in points if point.whole is None] == [(4, "materialised")]
    assert points[-1].skipped.startswith("its matrices would need") and points[-1].ratio is None
    assert points[-1].windowed.median > 0 and all(point.skipped is None for point in points[:-1])
    assert set(expected_work(SMALL, 4, "materialised")) == {"windowed"}


def test_the_two_ways_compute_the_same_and_one_window_is_no_other_work():
    """What is timed is attention: materialised and fused agree, on maps that need padding too."""
    for side in (4, 5):
        torch.manual_seed(0)
        fused = make_jobs(SMALL, side, "fused")
        torch.manual_seed(0)
        materialised = make_jobs(SMALL, side, "materialised")
        with torch.no_grad():
            for kind in ("global", "windowed"):
                assert torch.allclose(fused[kind](), materialised[kind](), atol=1e-6)
    assert fused["global"]().shape == (1, 25, 8) and fused["windowed"]().shape == (1, 5, 5, 8)


def test_median_and_quartiles():
    assert spread([5.0, 1.0, 3.0, 2.0, 4.0]) == Spread(3, 2, 4, 5)
    assert spread([7.0]) == Spread(7, 7, 7, 1)


def point(side: int, ratio: float | None) -> Point:
    time = Spread(1, 1, 1, 1)
    return Point(side, "fused", time, None if ratio is None else Spread(ratio, ratio, ratio, 1))


def test_the_memory_of_a_pass_in_windows_is_that_of_its_matrices():
    assert windowed_bytes(Setting(96, 3, 7), 56) == 4 * 4 * 3 * 3136 * 49
    assert windowed_bytes(Setting(96, 3, 7), 57) == 4 * 4 * 3 * 63**2 * 49  # padded


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="3 heads cannot share 8 dimensions"):
        Setting(8, 3, 2)
    with pytest.raises(ValueError, match="a window must be"):
        Setting(8, 2, 0)
    with pytest.raises(ValueError, match="at least one run, not 0"):
        next(time_attention(SMALL, [4], runs=0))
    with pytest.raises(ValueError, match="timed fused or materialised, not 'quick'"):
        make_jobs(SMALL, 4, "quick")
