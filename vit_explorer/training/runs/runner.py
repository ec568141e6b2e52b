"""The contenders of a race in turns, in one process: what the command line and the page's worker both run."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from vit_explorer.data.dataset import Dataset
from vit_explorer.training.loop.distributed import Group
from vit_explorer.training.loop.events import Event, Failed, Finished, Started, Step
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.loop.trainer import Trainer
from vit_explorer.training.runs.errors import RunError
from vit_explorer.training.runs.folder import RunFolder
from vit_explorer.training.runs.pace import MeasuredPace, note_pace, work_of
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.status import RaceStatus, outcome

SAVE_EVERY = 5.0  # seconds of a contender's turns between two states on disk: what a kill loses at most
SAVE_BEFORE_LOOK = 1.0  # seconds; a look can take long, and who stops it must not lose the steps before it

Until = Literal["end", "batch", "epoch"]
Stamp = tuple[object, ...]


@dataclass
class _Contender:
    label: str
    run: RunFolder
    end: RaceStatus | None = None  # "finished" or "failed"
    trainer: Trainer | None = None  # from its first turn on
    events: Iterator[Event] | None = None
    resumed: bool = False
    saved: float = 0.0  # when, by the monotonic clock
    starting: float = 0.0  # seconds until its first step was done, looks left out
    trains: bool = False  # whether it was
    work: float | None = None  # of an image, see work_of
    stamp: Stamp | None = None  # of the files that hold all that the trainer has done; None if they do not

    @property
    def over(self) -> bool:
        return self.end is not None

    @property
    def share(self) -> float:
        """Of its steps, done."""
        return self.trainer.step / self.trainer.total_steps if self.trainer else 0.0


class Runner:
    """Trains a race from the last states in its folder. The contender with the smallest share of its steps is next.

    Contenders that have finished are left alone; one that failed is taken up again from its last state. A trainer is
    made when its first turn comes, so that the first contender's first step waits for no other. Trainers stay in memory
    when the race is closed, and go on if it is opened again while the files are as they were saved.

    Args:
        race: is held, so that no other process trains it, from :meth:`open` or the first event on until :meth:`close`.
        datasets: gives the data of a recipe; may raise a DatasetError, which ends the contender that needs them.
        save_every: seconds between two states of a contender on disk.
        tell: called with a label and an activity before that contender does what takes longer than a step.
        group: the processes that train it together; only the one that leads writes.
        stride: steps of a trainer between two events at most, see there.
    """

    def __init__(
        self,
        race: Race,
        datasets: Callable[[Recipe], Dataset],
        save_every: float = SAVE_EVERY,
        tell: Callable[[str, str], None] = lambda label, activity: None,
        group: Group | None = None,
        stride: int = 1,
    ) -> None:
        self.race = race
        self._stride = stride
        self._datasets = datasets
        self._save_every = save_every
        self.tell = tell
        self._group = group or Group()
        self._contenders: list[_Contender] = []
        self._claims: contextlib.ExitStack | None = None

    def open(self) -> None:
        """Take hold of the race. Raises RunError if another process has it."""
        if self._claims is not None:
            return
        with contextlib.ExitStack() as claims:
            if self._group.leads:
                for run in self.race.runs.values():
                    claims.enter_context(run.claim())
                self.race.save_status(None)
            ends = self.race.ends()
            kept = {one.label: one for one in self._contenders if one.stamp == one.run.stamp()}
            self._contenders = [
                _Contender(label, run, end)
                if (end := ends[label]) is not None and end.state == "finished"
                else kept.get(label) or _Contender(label, run)
                for label, run in self.race.runs.items()
            ]
            self._claims = claims.pop_all()

    def close(self) -> None:
        """Release the race; what was not saved is lost."""
        if self._claims is not None:
            self._claims.close()
            self._claims = None

    def __enter__(self) -> Runner:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def over(self) -> bool:
        """Whether every contender has finished or failed."""
        return all(contender.over for contender in self._contenders)

    @property
    def status(self) -> RaceStatus:
        """The status of the race if it is released now; a failure counts even where it could not be written."""
        return outcome({one.label: one.end for one in self._contenders}) if self.over else RaceStatus("paused")

    def events(self, until: Until = "end") -> Iterator[tuple[str, Event]]:
        """Train, and say of each event whose it is, once it is written. May be left at any event and called again.

        One contender's failure does not end the others.

        Args:
            until: "batch": each contender does one step; "epoch": each reaches the next end of an epoch of its own;
                both with the looks that are due there.
        Raises:
            RunError: if the race is held by another process or cannot be written; it stands at its last states.
        """
        self.open()
        aims: dict[str, int] = {}
        while (contender := self._next_up(until, aims)) is not None:
            yield contender.label, self._advance(contender)

    def change_lr(self, factor: float, label: str | None = None) -> None:
        """From now on multiply the rate of all contenders, or of one, by ``factor``; their recipes note it.

        Raises:
            ValueError: for a factor outside its range, or a label that is not under way.
        """
        self.open()
        under_way = [contender for contender in self._contenders if not contender.over]
        chosen = [contender for contender in under_way if label in (None, contender.label)]
        if not chosen:
            raise ValueError(f"{label or 'this race'} is not under way, so its learning rate cannot be changed")
        for contender in chosen:
            trainer = contender.trainer or self._take_up(contender)
            trainer.change_lr(factor)
            contender.stamp = None
            if self._group.leads:
                contender.run.save_recipe(trainer.recipe)

    def save(self) -> None:
        """Write the states of all that are under way. To be called between two events. Raises RunError."""
        for contender in self._contenders:
            if contender.trainer is not None and not contender.over:
                self._save(contender)

    def _next_up(self, until: Until, aims: dict[str, int]) -> _Contender | None:
        waiting = [one for one in self._contenders if not (one.over or _has_reached(one, until, aims))]
        return min(waiting, key=lambda one: one.share, default=None)

    def _advance(self, contender: _Contender) -> Event:
        """The contender's next event, written."""
        began = time.monotonic()
        try:
            trainer = contender.trainer or self._take_up(contender)
        except ValueError as error:  # data that are not there, a damaged state, a model that does not fit
            failed = Failed(0, _sentence(str(error)))
            contender.end = RaceStatus("failed", failed.reason)
            with contextlib.suppress(RunError):  # it is reported all the same
                self._write(contender, failed)
            return failed
        if (coming := trainer.coming) is not None:
            self.tell(contender.label, coming)
        assert contender.events is not None
        contender.stamp = None
        event = next(contender.events)
        if isinstance(event, Started | Step) and not contender.trains:
            contender.starting += time.monotonic() - began
            contender.trains = isinstance(event, Step)
        if not (isinstance(event, Started) and contender.resumed):  # so that the file is that of an undisturbed run
            self._write(contender, event)
        if isinstance(event, Finished | Failed):
            contender.end = RaceStatus("failed", event.reason) if isinstance(event, Failed) else RaceStatus("finished")
        if isinstance(event, Finished) or (not contender.over and self._must_save(contender, trainer)):
            self._save(contender)
        if contender.over:
            contender.trainer = contender.events = None  # its memory is for the others
        return event

    def _take_up(self, contender: _Contender) -> Trainer:
        recipe = contender.run.recipe()
        self.tell(contender.label, "opening the pictures")
        dataset = self._datasets(recipe)
        self.tell(contender.label, "making the model")
        state = contender.run.load_state() if self._group.leads else contender.run.peek_state()
        contender.trainer = Trainer(recipe, dataset, state, self._group, self._stride)
        contender.events = contender.trainer.events()
        contender.resumed = state is not None
        contender.saved = time.monotonic()
        return contender.trainer

    def _must_save(self, contender: _Contender, trainer: Trainer) -> bool:
        """Now and then, and before a look: the last one, at all test pictures, can take long in any run."""
        age = time.monotonic() - contender.saved
        at_the_end = trainer.step == trainer.total_steps
        return age >= self._save_every or (trainer.looks_next and (at_the_end or age >= SAVE_BEFORE_LOOK))

    def _write(self, contender: _Contender, event: Event) -> None:
        if self._group.leads:
            contender.run.append(event)

    def _save(self, contender: _Contender) -> None:
        if self._group.leads and contender.trainer is not None:
            contender.run.save_state(contender.trainer.state())
            contender.saved = time.monotonic()
            contender.stamp = contender.run.stamp()
            self._note_pace(contender, contender.trainer)

    def _note_pace(self, contender: _Contender, trainer: Trainer) -> None:
        """Write down what this machine takes, by which the next race is estimated."""
        if not contender.trains:
            return
        if contender.work is None:
            contender.work = work_of(trainer.recipe, trainer.overrides)
        found = MeasuredPace.of(trainer.pace, trainer.recipe, contender.work, contender.starting)
        note_pace(self.race.path, contender.label, found)


def change_lr_at_rest(race: Race, factor: float, label: str | None = None) -> None:
    """As :meth:`Runner.change_lr`, of a race that nobody trains: it holds from its last states on.

    Raises:
        RunError: if somebody trains it, or it cannot be read or written.
        ValueError: for a factor outside its range.
    """
    for one, run in race.runs.items():
        if label in (None, one):
            with run.claim():
                state = run.peek_state()
                run.save_recipe(run.recipe().with_lr_change(0 if state is None else state["step"], factor))


def _has_reached(contender: _Contender, until: Until, aims: dict[str, int]) -> bool:
    """Whether it has done what it should in this call. ``aims`` keeps the steps at which they should arrive."""
    if until == "end" or contender.trainer is None:
        return False
    trainer = contender.trainer
    if contender.label not in aims:
        aims[contender.label] = trainer.step + 1 if until == "batch" else trainer.next_epoch_end
    return trainer.step >= aims[contender.label] and not trainer.looks_next


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."
