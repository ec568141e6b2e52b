"""Timing in turns, with a clock that is known and networks that write down when they ran."""

import pytest
import torch
from torch import nn

from vit_explorer.cost.model_timing import WARM_UP, Passed, Timed, time_models


class Slow(nn.Module):
    """Takes as many ticks of the clock as it is told, times the batch."""

    img_size = 4

    def __init__(self, name, ticks, clock):
        super().__init__()
        self.name, self.ticks, self.clock = name, ticks, clock

    def forward(self, images):
        assert images.shape[1:] == (3, 4, 4) and not torch.is_grad_enabled()
        self.clock.now += self.ticks * len(images)
        self.clock.ran.append((self.name, len(images)))


class Clock:
    def __init__(self):
        self.now, self.ran = 0.0, []

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def models(clock):
    return {name: Slow(name, ticks, clock) for name, ticks in (("a", 1.0), ("b", 3.0))}


def test_each_network_gets_its_own_time_and_throughput(clock):
    events = list(time_models(models(clock), {"a": 1, "b": 3}, {1: 4, 8: 2}, clock=clock))
    timed = {(one.name, one.batch): one for one in events if isinstance(one, Timed)}
    assert {key: one.seconds.median for key, one in timed.items()} == {
        ("a", 1): 1.0, ("b", 1): 3.0, ("a", 8): 8.0, ("b", 8): 24.0,
    }  # fmt: skip
    assert timed["a", 1].seconds.runs == 4 and timed["b", 8].seconds.runs == 2  # the warm-up is not among them
    assert timed["b", 8].pictures_per_second == pytest.approx(8 / 24)
    assert isinstance(events[-1], Timed)


def test_they_go_in_turns_and_who_begins_changes(clock):
    list(time_models(models(clock), {"a": 1, "b": 1}, {1: 2}, clock=clock))
    rounds = [tuple(name for name, _ in clock.ran[k : k + 2]) for k in range(0, len(clock.ran), 2)]
    assert rounds == [("a", "b"), ("b", "a")] * ((WARM_UP + 2) // 2)


def test_the_share_is_of_the_expected_work_and_ends_at_all_of_it(clock):
    events = [one for one in time_models(models(clock), {"a": 1, "b": 3}, {1: 1, 8: 1}, clock=clock, warm_up=0)]
    shares = [one.share for one in events if isinstance(one, Passed)]
    assert shares == pytest.approx([1 / 36, 4 / 36, 12 / 36, 1.0])


def test_nothing_runs_when_no_more_is_asked_for(clock):
    events = time_models(models(clock), {"a": 1, "b": 1}, {1: 5}, clock=clock)
    next(events)
    assert len(clock.ran) == 1


def test_no_model_and_no_round_are_refused(clock):
    with pytest.raises(ValueError, match="no model"):
        next(time_models({}, {}))
    with pytest.raises(ValueError, match="at least one round, not 0"):
        next(time_models(models(clock), {"a": 1, "b": 1}, {1: 0}))
