"""The training service of a page: its visitors submit races, command their own, and follow all."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from vit_explorer.training.loop.device import Devices, find_devices
from vit_explorer.training.loop.recipe import LR_FACTORS, Recipe
from vit_explorer.training.runs.errors import RunError
from vit_explorer.training.runs.race import Race, list_races, owner_of
from vit_explorer.training.runs.runner import change_lr_at_rest
from vit_explorer.training.runs.status import INTERRUPTED, RaceStatus
from vit_explorer.training.service.limits import RaceLimits
from vit_explorer.training.service.scheduler import Scheduler

STEPS = ("batch", "epoch")
TIDY_EVERY = 600.0  # seconds
NOT_YOURS = "Only who started this race can command it. You can watch it, and start one of your own."
FROM_TERMINAL = "This race was started in a terminal: go on with it there, with --resume and its folder."


class TrainingService:
    """Checks who may do what, and answers from the scheduler or the race's folder, whichever knows more.

    No process is started before :meth:`warm` or the first race; workers end with this process, however that ends. All
    methods may be called from any thread.

    Args:
        runs_folder: where the races lie.
        at_once: how many of them train at the same time; this user's other programs on the machine are counted too.
        data_root: where CIFAR-10 is looked for first.
        limits: of the races that are played here.
        device: on which races train unless they say another; None for the GPU where there is one that computes.
    """

    def __init__(
        self,
        runs_folder: str | os.PathLike[str],
        at_once: int = 1,
        data_root: str | os.PathLike[str] | None = None,
        limits: RaceLimits | None = None,
        device: str | None = None,
    ) -> None:
        self.runs_folder = Path(runs_folder)
        self.at_once = at_once
        self.limits = limits or RaceLimits()
        self._device = device
        self._submitting = threading.Lock()  # held between the look at the limits and the race's place in the queue
        self._scheduler = Scheduler(at_once, data_root, lambda: self.devices.names[0])

    @cached_property
    def devices(self) -> Devices:
        """What races can train on here, the default first. Raises ValueError for a wanted device that does not work."""
        return find_devices(self._device)

    def __enter__(self) -> TrainingService:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers. All races stand at their last states."""
        self._scheduler.close()

    def warm(self) -> None:
        """Start a worker ahead of the first race, and begin to remove races that have rested for too long."""
        self._scheduler.warm()
        if self.limits.days is not None:
            self._tidy()

    def _tidy(self) -> None:
        self.remove_outlived()
        timer = threading.Timer(TIDY_EVERY, self._tidy)
        timer.daemon = True
        timer.start()

    @property
    def ready(self) -> bool:
        """Whether a race that is submitted now meets a warm worker."""
        return self._scheduler.ready

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that run now."""
        return self._scheduler.pids

    @property
    def training(self) -> bool:
        """Whether some race is being trained here."""
        return self._scheduler.training

    def submit(self, race: Race, until: str = "end") -> None:
        """Train a race from its last states, or from its beginning, as soon as it is its turn.

        Args:
            until: "end"; "batch" or "epoch" for one step of each contender, or one epoch, and then a pause.
        Raises:
            RunError: if it is over, being paused, or trained by another program, or one too many.
            ValueError: for another ``until``.
        """
        if until not in ("end", *STEPS):
            raise ValueError(f"a race goes on for one of {', '.join(STEPS)}, or to its end, not for {until!r}")
        with self._submitting:
            self._submit(race, until)

    def _submit(self, race: Race, until: str) -> None:
        if not self._in_hand(race.name):
            self.limits.check_queue(race, self._scheduler.in_hand())
            state = race.status().state
            if state == "elsewhere":
                raise RunError(f"{race.title!r} is being trained by another program: it can only be followed here.")
            if state == "finished":
                raise RunError(f"{race.title!r} has come to its end: start another one.")
        self._scheduler.play(race, until)

    def start(
        self, recipes: Mapping[str, Recipe], n_train: int, *, title: str, preset: str | None, secret: str
    ) -> Race:
        """Make a race and submit it; nothing is left of one that is refused.

        Args:
            recipes: of its contenders, by their labels.
            n_train: the training pictures of their data.
            secret: of the person who starts it.
        Raises:
            ValueError: for a title or a label that cannot be.
            RunError: beyond the limits of this page, or if it cannot be written.
        """
        self.limits.check_size(recipes.values(), n_train)
        self.limits.check_disk(self.runs_folder)
        race = Race.create(self.runs_folder, recipes, title=title, preset=preset, owner=owner_of(secret))
        try:
            self.submit(race)
        except RunError:
            race.delete()
            raise
        return race

    def open(self, race_name: str) -> Race:
        """The race of this name. Raises RunError if there is none, or it is not for the people at this page."""
        race = Race.open(self.runs_folder, race_name)
        if self.limits.strangers and race.owner is None:
            raise RunError(f"There is no race {race_name!r} (any more).")
        return race

    def races(self, secret: str | None = None) -> tuple[list[Race], list[str]]:
        """The races that can be seen here, the newest first, and a sentence for each that is damaged.

        Args:
            secret: of the person who looks; among strangers only the races of this person are given. None for all that
                were started at the page.
        """
        found, damaged = list_races(self.runs_folder)
        if not self.limits.strangers:
            return found, damaged
        return [race for race in found if race.owner and (secret is None or race.owned_by(secret))], []

    def remove_outlived(self) -> list[str]:
        """Delete the races that have rested for too long; returns their names."""
        gone = []
        for race in self.limits.outlived(list_races(self.runs_folder)[0]):
            if not self._in_hand(race.name):
                with contextlib.suppress(RunError):  # somebody plays it now
                    self._scheduler.forget(race.name)
                    race.delete()
                    gone.append(race.name)
        return gone

    def command(self, race_name: str, secret: str, do: str, **values: Any) -> None:
        """Carry out a command of the person who started a race; returns at once, :meth:`status` follows.

        Args:
            secret: that of the person who started it.
            do: "play"; "pause"; "stop", a pause that kills the worker if it computes something long; "step" with
                ``what`` "batch" or "epoch"; "lr" with ``factor`` and, for one contender alone, ``label``.
        Raises:
            PermissionError: for another secret; the message is a sentence.
            RunError: if there is no such race, or it cannot be done now.
            ValueError: for something that no race understands.
        """
        race = self._own(race_name, secret)
        if do == "play":
            self.submit(race)
        elif do == "step":
            if values.get("what") not in STEPS:
                raise ValueError(f"a step is one of {', '.join(STEPS)}, not {values.get('what')!r}")
            self.submit(race, values["what"])
        elif do in ("pause", "stop"):
            if not self._scheduler.pause(race.name, at_once=do == "stop") and race.status().state == "elsewhere":
                raise RunError(f"{race.title!r} is being trained by another program, and can only be stopped there.")
        elif do == "lr":
            self._change_lr(race, values.get("factor"), values.get("label"))
        else:
            raise ValueError(f"a race can play, pause, step, stop or change its lr, not {do!r}")

    def rename(self, race_name: str, secret: str, title: str) -> Race:
        """Give a race another title. Raises as :meth:`command`."""
        return self._own(race_name, secret).rename(title)

    def remove(self, race_name: str, secret: str) -> None:
        """Delete a race from the disk. Raises as :meth:`command`, and while it is queued or trained."""
        race = self._own(race_name, secret)
        self._scheduler.forget(race_name)
        race.delete()

    def status(self, race_name: str) -> dict[str, Any]:
        """The status of a race.

        Returns:
            "state": "waiting", "starting", "training", "paused" (it can be played on), "finished", "failed" or
            "elsewhere" (another program trains it); "place" in the queue, 1 for the next one; "reason", a sentence or
            None; "activity", what takes longer than a step at the moment; "now", the latest Step of each contender;
            "seconds_before", of a race that waits: until the first one under way ends, None where that is not known.
        Raises:
            RunError: if there is no such race.
        """
        known = self._scheduler.view(race_name)
        if known is not None and known[1]:
            waits = known[0]["place"] is not None
            return {**known[0], "seconds_before": self._seconds_before() if waits else None}
        status, now = self.open(race_name).status(), {}
        if known is not None:
            now = known[0]["now"]
            if status.reason == INTERRUPTED:  # the reason could not be written, but it was heard
                status = RaceStatus(known[0]["state"], known[0]["reason"])
        return {
            "state": status.state,
            "place": None,
            "reason": status.reason,
            "activity": None,
            "now": now,
            "seconds_before": None,
        }

    def _seconds_before(self) -> float | None:
        """Until the first race under way ends, by what its contenders that are left have said last."""
        found = []
        for race, now in self._scheduler.under_way():
            left = [label for label, end in race.ends().items() if end is None]
            if any(label not in now for label in left):
                return None
            found.append(sum(now[label]["seconds_left"] for label in left))
        return min(found, default=None)

    def _in_hand(self, race_name: str) -> bool:
        known = self._scheduler.view(race_name)
        return known is not None and known[1]

    def _own(self, race_name: str, secret: str) -> Race:
        race = self.open(race_name)
        if not race.owned_by(secret):
            raise PermissionError(NOT_YOURS if race.owner is not None else FROM_TERMINAL)
        return race

    def _change_lr(self, race: Race, factor: Any, label: Any) -> None:
        low, high = LR_FACTORS
        if isinstance(factor, bool) or not isinstance(factor, int | float) or not low <= factor <= high:
            raise ValueError(f"the factor of the learning rate must lie between {low:g} and {high:g}, not {factor!r}")
        if label is not None and label not in race.runs:
            raise ValueError(f"{label!r} does not run in this race")
        if not self._scheduler.change_lr(race.name, factor, label):
            change_lr_at_rest(race, factor, label)
