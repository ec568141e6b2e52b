"""The measure of liveness sums up what the page noted; ``python -m vit_explorer.bench live`` drives the page itself."""

import pytest

from vit_explorer.bench import live


def test_the_first_race_stands_apart_from_the_others():
    first = {"point": 9.0, "trained": 9.5, "all": 10.0, "stopped": 0.2}
    later = [{"point": 1.0 + n, "trained": 2.0 + n, "all": 3.0 + n, "stopped": 0.1 * n} for n in (3, 0, 1)]
    result = live._starts([first, *later])
    assert result["Play to the first point, s (median)"] == 2.0
    assert result["Play to the first trained point, s (longest)"] == 5.0
    assert result["Play to a trained point of each contender, s (at once after the app's start)"] == 10.0
    assert result["Stop to standing still, s (longest)"] == pytest.approx(0.3)
    assert result["budget, s (Play to the first point)"] == 3.0


def test_polls_are_counted_by_time_and_size(monkeypatch):
    monkeypatch.setattr(live, "FOLLOWED", 2_000)
    assert live._sizes([100, 900, 200, 300]) == {
        "polls of a race on screen, a second": 2.0,
        "bytes a poll (median)": 250.0,
        "bytes a poll (largest)": 900,
    }
