"""What a page limits of races: how many wait, how much one learns, the disk, and how long they are kept."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.training.small import RECIPE
from vit_explorer.training.runs.errors import RunError
from vit_explorer.training.runs.race import Race, owner_of
from vit_explorer.training.service.limits import DAY, PUBLIC_RACES, RaceLimits
from vit_explorer.training.service.scheduler import Scheduler
from vit_explorer.training.service.service import TrainingService

PLAIN = replace(RECIPE, subset=100, epochs=3, batch_size=8, repeats=1, lr_changes=())


@pytest.fixture
def service(tmp_path, monkeypatch):
    """Makes a service whose races wait for ever: no process is started."""
    monkeypatch.setattr(Scheduler, "_dispatch", lambda self: None)
    return lambda **limits: TrainingService(tmp_path / "runs", limits=RaceLimits(**limits))


def start(service: TrainingService, secret: str, title: str = "A race") -> Race:
    return service.start({"ViT": PLAIN}, 1000, title=title, preset=None, secret=secret)


def folders(service: TrainingService) -> list[str]:
    return sorted(path.name for path in service.runs_folder.iterdir())


def test_two_hundred_races_of_two_hundred_visitors_are_not_all_queued(service):
    made = service(of_all=24)
    waiting = [start(made, f"visitor {number}").name for number in range(24)]
    for number in range(24, 200):
        with pytest.raises(RunError, match="24 races wait"):
            start(made, f"visitor {number}")
    assert folders(made) == sorted(waiting)  # nothing is left of those that were refused
    assert made.status(waiting[23])["place"] == 24


def test_one_visitor_has_a_few_and_others_still_have_theirs(service):
    made = service(of_one=2)
    first = start(made, "me")
    start(made, "me")
    with pytest.raises(RunError, match="You have 2 races"):
        start(made, "me")
    start(made, "somebody else")
    made.command(first.name, "me", "stop")
    start(made, "me")
    with pytest.raises(RunError, match="You have 2 races"):  # also for one that is played on
        made.command(first.name, "me", "play")


def test_a_race_that_waits_can_be_played_again(service):
    made = service(of_one=1, of_all=1)
    race = start(made, "me")
    made.submit(race)
    assert made.status(race.name)["state"] == "waiting"


def test_what_a_race_learns_is_counted_over_epochs_and_contenders(service):
    recipes = {"a": PLAIN, "b": replace(PLAIN, subset=None)}  # 100 x 3 + 1000 x 3
    RaceLimits(passes=3300).check_size(recipes.values(), 1000)
    with pytest.raises(RunError, match=r"3,300 pictures.*3,299"):
        RaceLimits(passes=3299).check_size(recipes.values(), 1000)
    with pytest.raises(RunError, match="299"):
        start(service(passes=299), "me")


def test_a_full_disk_is_said_before_a_race_begins(service):
    made = service(disk=2000)
    start(made, "me")
    (made.runs_folder / "large").write_bytes(bytes(3000))
    with pytest.raises(RunError, match="disk"):
        start(made, "somebody else")


def test_races_of_visitors_that_have_rested_for_a_day_are_removed(service):
    made = service(days=1)
    old, waits, new = (start(made, secret) for secret in ("a", "b", "c"))
    terminal = Race.create(made.runs_folder, {"ViT": PLAIN}, title="From a terminal")
    for race, secret in ((old, "a"), (new, "c")):
        made.command(race.name, secret, "stop")
    for race in (old, waits, terminal):
        for path in (*race.path.rglob("*"), race.path):
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 1.1 * DAY))
    assert made.remove_outlived() == [old.name]
    assert folders(made) == sorted([waits.name, new.name, terminal.name])
    assert TrainingService(made.runs_folder).remove_outlived() == []  # a page of one's own keeps all


def test_strangers_see_their_own_races_and_none_of_a_terminal(service):
    made = service(strangers=True)
    mine, theirs = start(made, "me"), start(made, "somebody else")
    terminal = Race.create(made.runs_folder, {"ViT": PLAIN}, title="From a terminal")
    assert [race.name for race in made.races("me")[0]] == [mine.name]
    assert {race.name for race in made.races()[0]} == {mine.name, theirs.name}
    assert made.open(theirs.name).owner == owner_of("somebody else")  # whoever has the link can follow it
    for ask in (made.open, made.status):
        with pytest.raises(RunError, match="no race"):
            ask(terminal.name)


def test_a_public_page_limits_everything():
    assert all(value for value in vars(PUBLIC_RACES).values()) and PUBLIC_RACES.of_all < RaceLimits().of_all
