"""What a person waits for: every event of a race is heard after Play, and the table holds what its curve showed."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from tests.files import save_npz
from tests.training.small import RECIPE
from vit_explorer.bench import wait
from vit_explorer.data.sources import open_dataset
from vit_explorer.training.loop.events import Epoch, Finished, Started, Step
from vit_explorer.training.runs.runner import Runner


class Service:
    """Trains a race a few events at a time, whenever it is asked how it is."""

    def __init__(self, folder: Path, fails: bool = False) -> None:
        self.runs_folder, self._fails = folder, fails

    def submit(self, race) -> None:
        self._runner = Runner(race, lambda recipe: open_dataset(recipe.data))
        self._events = self._runner.events()

    def status(self, name: str) -> dict:
        if not self._fails and list(itertools.islice(self._events, 3)):
            return {"state": "training"}
        self._runner.close()
        return {"state": "failed" if self._fails else "finished"}


@pytest.fixture
def recipe(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(wait, "ASK_EVERY", 0.0)
    return replace(RECIPE, data=str(save_npz(tiny, tmp_path / "tiny.npz")), lr_changes=())


def test_a_race_is_heard_from_its_first_event_to_its_last(recipe, tmp_path):
    heard = list(wait.play(Service(tmp_path / "runs"), recipe))
    assert isinstance(heard[0].event, Started) and isinstance(heard[-1].event, Finished)
    assert sum(isinstance(one.event, Step) for one in heard) == 9
    times = [one.seconds for one in heard]
    assert times == sorted(times) and times[0] > 0
    report = wait.report("small", heard)
    last = heard[-1]
    assert report["small: seconds from Play to the end"] == last.seconds
    assert report["small: share of them that is not training"] == pytest.approx(1 - last.event.seconds / last.seconds)
    assert report["small: accuracy on the whole test split, %"] == 100 * last.event.test_accuracy
    assert 0 < report["small: seconds from Play to the first point"] <= last.seconds


def test_a_race_that_does_not_come_to_its_end_is_an_error(recipe, tmp_path):
    with pytest.raises(RuntimeError, match="came to rest"):
        list(wait.play(Service(tmp_path / "runs", fails=True), recipe))


def looks(*values: tuple[float, float | None]) -> list[wait.Heard]:
    """A run whose curve has these points, at so many seconds; the last one is its end."""
    found = [wait.Heard(Epoch(1, 1, 8, 0.1, 1.0, 0.5, None, accuracy), seconds) for seconds, accuracy in values[:-1]]
    seconds, accuracy = values[-1]
    return [*found, wait.Heard(Finished(9, 72, 5.0, None, accuracy), seconds)]


def test_a_mark_shows_the_newest_point_on_screen_and_a_goal_its_first():
    curve = wait.accuracies(looks((3.0, 0.2), (40.0, None), (59.0, 0.61), (70.0, 0.5), (100.0, 0.9)))
    assert curve == [(3.0, 0.2), (59.0, 0.61), (70.0, 0.5), (100.0, 0.9)]
    assert [wait.at_mark(curve, mark) for mark in (1, 30, 60, 90, 600)] == [None, 0.2, 0.61, 0.5, 0.9]
    assert [wait.passes(curve, goal) for goal in (0.6, 0.85, 0.95)] == [59.0, 100.0, None]


def test_the_table_has_a_row_for_each_recipe():
    table = wait.table({"default": looks((25.0, 0.5), (80.0, 0.7)), "plain": looks((45.0, 0.3), (700.0, 0.4))})
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    assert rows[0] == ["seconds since Play", *map(str, wait.MARKS), "at the end"]
    assert rows[2] == ["default", "50.0 %", "50.0 %", *["70.0 %"] * 5, "70.0 % after 80 s"]
    assert rows[3] == ["plain", "", *["30.0 %"] * 6, "40.0 % after 700 s"]
    assert {len(row) for row in rows} == {len(wait.MARKS) + 2}
