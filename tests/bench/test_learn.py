"""The measure of learning looks at each mark once, by training time, and says when one recipe caught up."""

import pytest

from vit_explorer.bench import learn
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.loop.trainer import Trainer

RECIPE = Recipe(model="cnn", overrides={"widths": (4, 8)}, epochs=10_000, batch_size=8, snapshots=2, data="tiny")


def test_each_mark_is_measured_once_in_order(monkeypatch, tiny):
    monkeypatch.setattr(learn, "MARKS", (0.01, 0.02, 0.05, 900))
    entrant = learn.Entrant("small", Trainer(RECIPE, tiny), end=0.05)
    slices = 0
    while not entrant.done:
        before = entrant.trainer.seconds
        entrant.train(0.01)
        assert entrant.trainer.seconds > before
        slices += 1
    assert slices >= 2
    assert list(entrant.accuracies) == [0.01, 0.02, 0.05]
    assert entrant.trainer.seconds >= 0.05


def test_a_schedule_that_ends_early_still_gets_its_last_mark(monkeypatch, tiny):
    monkeypatch.setattr(learn, "MARKS", (900,))
    recipe = Recipe(**{**RECIPE.to_dict(), "epochs": 1})
    entrant = learn.Entrant("short", Trainer(recipe, tiny), end=900)
    entrant.train(900)
    assert entrant.done and list(entrant.accuracies) == [900]


@pytest.mark.parametrize(("quick", "expected"), [({60: 0.3, 240: 0.5}, 240), ({60: 0.3}, None)])
def test_the_report_says_when_it_caught_up(tiny, quick, expected):
    plain = learn.Entrant("plain", Trainer(RECIPE, tiny), end=480, accuracies={480: 0.5})
    fast = learn.Entrant("default", Trainer(RECIPE, tiny), end=900, accuracies=quick)
    for entrant in (plain, fast):
        entrant.train(0.001)
    report = learn._report([plain, fast])
    assert report["seconds at which the default has reached the plain one's 480 s accuracy"] == expected
