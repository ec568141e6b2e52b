"""A run is a folder: recipe.json, events.jsonl and last.pt. Whatever happens, what was written is whole."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vit_explorer.training.events import Epoch, Event, Failed, Finished, Snapshot, Started, Step
from vit_explorer.training.recipe import Recipe

_EVENTS = {kind.__name__: kind for kind in (Started, Step, Epoch, Snapshot, Finished, Failed)}


class RunError(ValueError):
    """A run's folder cannot be used; the message says in a sentence why."""


class RunFolder:
    """One run on disk.

    The state is written beside its place and moved there, and remembers how long events.jsonl was at that moment. On
    resume the file is cut back to that length, so that the events are those of one undisturbed run.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @classmethod
    def create(cls, path: str | os.PathLike[str], recipe: Recipe) -> RunFolder:
        """Start a new folder; one that already holds a run, or cannot be written, is refused with a RunError."""
        run = cls(path)
        if (run.path / "recipe.json").exists():
            raise RunError(f"{run.path} already holds a run: resume it, or choose another folder.")
        try:
            run.path.mkdir(parents=True, exist_ok=True)
            (run.path / "recipe.json").write_text(json.dumps(recipe.to_dict(), indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise RunError(f"{run.path} cannot hold a run: {error}") from error
        return run

    def recipe(self) -> Recipe:
        try:
            return Recipe.from_dict(json.loads((self.path / "recipe.json").read_text(encoding="utf-8")))
        except (OSError, TypeError, ValueError) as error:
            raise RunError(f"{self.path} holds no readable recipe.json: {error}") from error

    def append(self, event: Event) -> None:
        """Write one event as a line."""
        with (self.path / "events.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": type(event).__name__, **_plain(event)}) + "\n")

    def events(self) -> list[Event]:
        """All events written so far; a last line that is not whole is left out."""
        path = self.path / "events.jsonl"
        lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
        return [_event(json.loads(line)) for line in lines]

    def save_state(self, state: dict[str, Any]) -> None:
        events = self.path / "events.jsonl"
        written = events.stat().st_size if events.exists() else 0
        beside = self.path / "last.pt.new"
        torch.save({"trainer": state, "events_bytes": written}, beside)
        os.replace(beside, self.path / "last.pt")

    def load_state(self) -> dict[str, Any] | None:
        """The saved state, or None if none was written yet; events after it are dropped."""
        path = self.path / "last.pt"
        events = self.path / "events.jsonl"
        if not path.exists():
            events.unlink(missing_ok=True)
            return None
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
            state, written = saved["trainer"], saved["events_bytes"]
        except Exception as error:  # a damaged archive can make the unpickler raise anything
            raise RunError(f"{path} is damaged: start the run anew in another folder.") from error
        found = events.stat().st_size if events.exists() else 0
        if found < written:
            raise RunError(f"{events} is not the one that {path} was saved beside: start the run anew.")
        if found > written:
            os.truncate(events, written)
        return state


def _plain(event: Event) -> dict[str, Any]:
    if isinstance(event, Snapshot):
        positions = [[round(value, 5) for value in row] for row in event.positions.tolist()]
        return {"step": event.step, "epoch": event.epoch, "positions": positions}
    return asdict(event)


def _event(values: dict[str, Any]) -> Event:
    kind = _EVENTS[values.pop("event")]
    if kind is Snapshot:
        values["positions"] = Tensor(values["positions"])
    return kind(**values)
