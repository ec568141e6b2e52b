"""A recipe and events to write down, and a way to say how a run's folder refuses."""

from collections.abc import Callable

import pytest

from vit_explorer.training import Recipe
from vit_explorer.training.loop.events import Epoch, Event, Failed, Finished, Started, Step
from vit_explorer.training.runs.errors import RunError

RECIPE = Recipe(model="cnn", overrides={"widths": (4, 8)}, epochs=2, lr=5e-4)


def step(number: int, total: int = 20) -> Step:
    return Step(number, total, 1, 128 * number, 0.25, 2.302585092994046, 2.3, 0.125, 1e-3 / 3, 512.5, 12.25)


EVENTS: list[Event] = [
    Started(0, 20, 10, 100, 10, 50, 20, 1234),
    step(1),
    Epoch(1, 10, 100, 3.5, 1.25, 0.5, None, 0.25),
    Finished(20, 2560, 7.125, None, 0.75),
    Failed(3, "The loss became nan at step 4: try a lower learning rate."),
]


def refused(words: str, act: Callable[[], object]) -> None:
    """The act fails with a RunError of one line that holds these words."""
    with pytest.raises(RunError) as caught:
        act()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
