"""How much may be trained at a page that strangers use."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.runs.errors import RunError
from vit_explorer.training.runs.race import Race

GB = 10**9
DAY = 86_400  # seconds


@dataclass(frozen=True)
class RaceLimits:
    """Limits of races that a page trains.

    Attributes:
        of_one: races of one person, waiting and in training.
        of_all: races of all, waiting and in training.
        passes: pictures that one race may learn from, each counted as often as it is seen, over all contenders; None
            for any number.
        disk: bytes that the folder of runs may take when a race begins; None for any number.
        days: a race that has rested so long is removed, unless it came from a terminal; None keeps all.
        strangers: people at the page do not know each other: each sees only the races of their own, and none that was
            started in a terminal.
    """

    of_one: int = 6
    of_all: int = 24
    passes: int | None = None
    disk: int | None = None
    days: float | None = None
    strangers: bool = False

    def check_queue(self, race: Race, in_hand: Sequence[Race]) -> None:
        """Raises RunError if this race would be one too many."""
        mine = sum(race.owner is not None and other.owner == race.owner for other in in_hand)
        if mine >= self.of_one:
            raise RunError(f"You have {mine} races waiting or in training: stop one, or wait for one to end.")
        if len(in_hand) >= self.of_all:
            raise RunError(f"{len(in_hand)} races wait here or are in training: try again when some have ended.")

    def check_size(self, recipes: Iterable[Recipe], n_train: int) -> None:
        """Raises RunError for a race with too much to learn; ``n_train``: the pictures of its data."""
        passes = sum((recipe.subset or n_train) * recipe.epochs for recipe in recipes)
        if self.passes is not None and passes > self.passes:
            raise RunError(
                f"This race would look at {passes:,} pictures, its epochs and contenders counted; here {self.passes:,} "
                "are allowed: take fewer pictures, epochs or contenders."
            )

    def check_disk(self, folder: Path) -> None:
        """Raises RunError if the folder of runs is full."""
        if self.disk is None:
            return
        used = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        if used > self.disk:
            raise RunError(
                f"The races here have used up their {self.disk / GB:g} GB of disk: delete one of yours, or try again "
                "later."
            )

    def outlived(self, races: Iterable[Race], now: float | None = None) -> list[Race]:
        """The races of visitors that have rested for too long."""
        if self.days is None:
            return []
        latest = (time.time() if now is None else now) - self.days * DAY
        return [race for race in races if race.owner is not None and not race.busy() and last_written(race) < latest]


def last_written(race: Race) -> float:
    """When something in the folder of a race was written last, in seconds since the epoch."""
    written = [0.0]
    for path in (race.path, *race.path.rglob("*")):
        try:
            written.append(path.stat().st_mtime)
        except FileNotFoundError:  # replaced meanwhile
            continue
    return max(written)


PUBLIC_RACES = RaceLimits(of_one=2, of_all=12, passes=1_000_000, disk=4 * GB, days=1, strangers=True)
