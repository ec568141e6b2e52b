"""Races on the tiny data that a real worker trains, and ways to wait for what it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tests.training.small import RECIPE, plain
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.runs.race import Race, owner_of
from vit_explorer.training.service.service import TrainingService

PATIENCE = 120.0  # seconds until a test gives up; nothing is measured with it
MINE = "my secret"
SHORT = replace(RECIPE, epochs=3, lr_changes=())  # some tens of milliseconds
MEDIUM = replace(SHORT, epochs=100)  # a second or so: long enough to interfere
ENDLESS = replace(SHORT, epochs=10_000)  # until somebody stops it


def make(root: Path, data: Path, **recipes: Recipe) -> Race:
    """A race of mine."""
    named = {label: replace(recipe, data=str(data)) for label, recipe in recipes.items()}
    return Race.create(root, named, title="A race", owner=owner_of(MINE))


def until(holds: Callable[[], Any], what: str = "it took too long") -> Any:
    """Wait until something holds, and give it."""
    deadline = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
    return found


def reach(service: TrainingService, race: Race, *states: str) -> dict[str, Any]:
    """Wait until a race is in one of these states; the status it has then."""
    deadline = time.monotonic() + PATIENCE
    while (status := service.status(race.name))["state"] not in states:
        assert time.monotonic() < deadline, f"it is {status} and not {' or '.join(states)}"
        time.sleep(0.01)
    return status


def steps(service: TrainingService, race: Race) -> dict[str, int]:
    """How far each contender has come, as far as the service has heard."""
    return {label: step["step"] for label, step in service.status(race.name)["now"].items()}


Told = dict[str, list[tuple[str, dict[str, Any]]]]


def written(race: Race) -> Told:
    """All that its runs have written down, without what the clock said."""
    return {label: plain(run.events()) for label, run in race.runs.items()}


def first_difference(race: Race, expected: Told) -> str | None:
    """Where what a race has written leaves what was expected; a short text, however much it is."""
    found = written(race)
    for label, events in expected.items():
        for number, (one, other) in enumerate(zip_longest(found[label], events)):
            if one != other:
                return f"{label}, event {number}: {str(one)[:300]} and not {str(other)[:300]}"
    return None


def alive(pid: int) -> bool:
    """Whether a process runs. One that has ended and was not yet asked for its status does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid: int) -> list[int]:
    """The processes that this one has started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(stat.parent.name))
    return found


@contextmanager
def service_at(root: Path, **values: Any) -> Iterator[TrainingService]:
    """A service, closed at the end, with no process of it left."""
    service = TrainingService(root, **values)
    try:
        yield service
    finally:
        pids = service.pids
        service.close()
        until(lambda: not any(map(alive, pids)), "a worker is still there")


def stop(service: TrainingService, *races: Race) -> None:
    for race in races:
        service.command(race.name, MINE, "stop")
    for race in races:
        reach(service, race, "paused", "finished", "failed")


def play_to_the_end(service: TrainingService, race: Race) -> None:
    service.command(race.name, MINE, "play")
    assert reach(service, race, "finished", "failed", "paused")["state"] == "finished"
