"""Where races are handed in, commanded by those who started them, and watched by everybody.

One desk serves all visitors of a page. It starts no process before :meth:`Desk.warm` or the first race, and its workers
end with this process, however that ends.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from vit_explorer.training.loop.recipe import LR_FACTORS
from vit_explorer.training.runs.folder import RunError
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import change_lr_at_rest
from vit_explorer.training.runs.status import Standing
from vit_explorer.training.service.scheduler import Crew

STEPS = ("batch", "epoch")
NOT_YOURS = "Only who started this race can command it. You can watch it, and start one of your own."
FROM_TERMINAL = "This race was started in a terminal: go on with it there, with --resume and its folder."


class Desk:
    """Races in, states out. All methods may be called from any thread.

    Args:
        runs_folder: where the races lie.
        at_once: how many of them train at the same time; a machine's other programs are counted too.
        data_root: where CIFAR-10 is looked for first.
    """

    def __init__(
        self,
        runs_folder: str | os.PathLike[str],
        at_once: int = 1,
        data_root: str | os.PathLike[str] | None = None,
    ) -> None:
        self.runs_folder = Path(runs_folder)
        self.at_once = at_once
        self._crew = Crew(at_once, data_root)

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers. What they trained stands at its last states."""
        self._crew.close()

    def warm(self) -> None:
        """Start a worker ahead of the first race, so that it need not wait for one."""
        self._crew.warm()

    @property
    def ready(self) -> bool:
        """Whether a race that is handed in now meets a warm worker."""
        return self._crew.ready

    @property
    def pids(self) -> list[int]:
        """Of the workers that run now."""
        return self._crew.pids

    def submit(self, race: Race, until: str = "end") -> None:
        """Let a race be trained, from its beginning or its last states, as soon as it is its turn.

        Args:
            until: "end"; "batch" or "epoch" for one step of each contender, or one epoch, and then a pause.
        Raises:
            RunError: if it is over, being stopped, or trained by another program.
            ValueError: for another ``until``.
        """
        if until not in ("end", *STEPS):
            raise ValueError(f"a race goes on for one of {', '.join(STEPS)}, or to its end, not for {until!r}")
        known = self._crew.view(race.name)
        if known is None or not known[1]:
            state = race.standing().state
            if state == "elsewhere":
                raise RunError(f"{race.title!r} is being trained by another program: it can only be followed here.")
            if state == "finished":
                raise RunError(f"{race.title!r} has come to its end: start another one.")
        self._crew.play(race, until)

    def command(self, race_name: str, secret: str, do: str, **values: Any) -> None:
        """What the starter of a race wants of it; returns at once, :meth:`status` follows.

        Args:
            secret: that of who started it.
            do: "play"; "pause"; "stop"; "step" with ``what`` "batch" or "epoch"; "lr" with ``factor`` and, for one
                contender alone, ``label``.
        Raises:
            PermissionError: for anybody else; the message is a sentence.
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
        elif do == "pause":
            self._rest(race, "paused")
        elif do == "stop":
            self._rest(race, "stopped")
        elif do == "lr":
            self._change_lr(race, values.get("factor"), values.get("label"))
        else:
            raise ValueError(f"a race can play, pause, step, stop or change its lr, not {do!r}")

    def rename(self, race_name: str, secret: str, title: str) -> Race:
        """Give a race another title. Raises as :meth:`command`."""
        return self._own(race_name, secret).rename(title)

    def remove(self, race_name: str, secret: str) -> None:
        """Delete a race from the disk. Raises as :meth:`command`; one that is on its way must be stopped first."""
        race = self._own(race_name, secret)
        self._crew.forget(race_name)
        race.delete()

    def status(self, race_name: str) -> dict[str, Any]:
        """How a race stands.

        Returns:
            "state": "waiting", "starting", "training", "paused", "stopped", "finished", "failed", "elsewhere" (another
            program trains it) or "interrupted"; "place" in the queue, 1 for the next one; "reason", a sentence or
            None; "doing", what takes longer than a step at the moment; "now", the latest Step of each contender.
        Raises:
            RunError: if there is no such race.
        """
        known = self._crew.view(race_name)
        if known is not None and known[1]:
            return known[0]
        standing = Race.open(self.runs_folder, race_name).standing()
        now = {}
        if known is not None:
            now = known[0]["now"]
            if standing.state == "interrupted":  # what was heard says more
                standing = Standing(known[0]["state"], known[0]["reason"])
        return {"state": standing.state, "place": None, "reason": standing.reason, "doing": None, "now": now}

    def _own(self, race_name: str, secret: str) -> Race:
        race = Race.open(self.runs_folder, race_name)
        if not race.owned_by(secret):
            raise PermissionError(NOT_YOURS if race.owner is not None else FROM_TERMINAL)
        return race

    def _rest(self, race: Race, state: str) -> None:
        if self._crew.rest(race.name, state):
            return
        standing = race.standing()
        if standing.state == "elsewhere":
            raise RunError(f"{race.title!r} is being trained by another program, and can only be stopped there.")
        if standing.state not in ("finished", state):
            race.note(Standing(state))

    def _change_lr(self, race: Race, factor: Any, label: Any) -> None:
        low, high = LR_FACTORS
        if isinstance(factor, bool) or not isinstance(factor, int | float) or not low <= factor <= high:
            raise ValueError(f"the factor of the learning rate must lie between {low:g} and {high:g}, not {factor!r}")
        if label is not None and label not in race.runs:
            raise ValueError(f"{label!r} does not run in this race")
        if not self._crew.change_lr(race.name, factor, label):
            change_lr_at_rest(race, factor, label)
