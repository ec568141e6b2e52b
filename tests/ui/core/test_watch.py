"""Work is done as long as a page waits for it."""

from __future__ import annotations

import pytest

from vit_explorer.ui.core.watch import PATIENCE, Left, Watch


def test_work_that_nobody_ever_followed_is_finished():
    with Watch().working("question") as step:
        step(1)


def test_work_stops_once_all_pages_have_left_and_can_begin_anew():
    watch = Watch()
    watch.follow("question", "one")
    watch.follow("question", "two")
    watch.follow("another", "one")
    with pytest.raises(Left), watch.working("question") as step:
        step(1)
        assert watch.follow("question", "two") == 1
        watch.leave("question", "one")
        step(2)
        watch.leave("question", "two")
        step(3)
    assert watch.follow("question", "one") is None  # the new work has not begun
    with watch.working("question") as step, watch.working("another") as other:
        step(4)
        other(5)
        assert watch.follow("question", "one") == 4 and watch.follow("another", "one") == 5


def test_what_was_left_before_it_began_is_not_begun():
    watch = Watch()
    watch.follow("question", "one")
    watch.leave("question", "one")
    with pytest.raises(Left), watch.working("question"):
        raise AssertionError("it was begun")
    with watch.working("question") as step:  # asked for anew, by whom no page follows
        step(1)


def test_a_page_that_is_silent_has_gone():
    now = [0.0]
    watch = Watch(lambda: now[0])
    watch.follow("question", "one")
    with pytest.raises(Left), watch.working("question") as step:
        now[0] = PATIENCE
        step(1)
        now[0] = PATIENCE + 1
        step(2)
