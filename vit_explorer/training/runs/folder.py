"""A run is a folder: recipe.json, events.jsonl and last.pt. Whatever happens, what was written is whole."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vit_explorer.models.folders import runs_folder
from vit_explorer.training.loop.events import Epoch, Event, Failed, Finished, Snapshot, Started, Step
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.runs.atomic import replacing
from vit_explorer.training.runs.errors import RunError, reason_of
from vit_explorer.training.runs.locks import FileLock

RUNS_FOLDER = runs_folder()  # unless a flag names another
STEPS_ALL = 20  # so many first steps are written one by one,
STEPS_ABOUT = 1_000  # and of the whole run about so many
FLOAT16_MAX = 65_504.0

_EVENTS = {kind.__name__: kind for kind in (Started, Step, Epoch, Snapshot, Finished, Failed)}


def recorded(step: int, total_steps: int) -> bool:
    """Whether the Step event number ``step`` (from 1) is written down: the first 20, the last, about 1,000 in all.

    It depends on nothing else, so that the file is the same whoever writes it and however often it was interrupted.
    """
    if step <= STEPS_ALL or step == total_steps or total_steps <= STEPS_ABOUT:
        return True
    return step * STEPS_ABOUT // total_steps != (step - 1) * STEPS_ABOUT // total_steps


class RunFolder:
    """One run on disk.

    The state is written beside its place and moved there, and remembers how long events.jsonl was at that moment. On
    resume the file is cut back to that length, so that the events are those of one undisturbed run.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @property
    def _events_path(self) -> Path:
        return self.path / "events.jsonl"

    @classmethod
    def create(cls, path: str | os.PathLike[str], recipe: Recipe) -> RunFolder:
        """Start a new folder; one that already holds a run, or cannot be written, is refused with a RunError."""
        run = cls(path)
        if (run.path / "recipe.json").exists():
            raise RunError(f"{run.path} already holds a run: resume it, or choose another folder.")
        try:
            run.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{run.path} cannot hold a run: {reason_of(error)}.") from error
        run.save_recipe(recipe)
        return run

    def recipe(self) -> Recipe:
        try:
            return Recipe.from_dict(json.loads((self.path / "recipe.json").read_text(encoding="utf-8")))
        except (OSError, TypeError, ValueError) as error:
            raise RunError(f"{self.path} holds no readable recipe.json: {error}") from error

    def check_files(self) -> None:
        """Refuse, with a RunError, a run in which a folder has the name of a file."""
        for name in ("events.jsonl", "last.pt"):
            if (self.path / name).is_dir():
                raise RunError(f"{self.path / name} is a folder and no file: the run cannot be read.")

    def save_recipe(self, recipe: Recipe) -> None:
        """Write the recipe, replacing the one before in one move."""
        text = json.dumps(recipe.to_dict(), indent=2) + "\n"
        with self._writing("recipe.json"), replacing(self.path / "recipe.json") as beside:
            beside.write_text(text, encoding="utf-8")

    def append(self, event: Event) -> None:
        """Write one event as a line; a step that is not :func:`recorded` is left out."""
        if isinstance(event, Step) and not recorded(event.step, event.total_steps):
            return
        line = json.dumps({"event": type(event).__name__, **_plain(event)}, allow_nan=False) + "\n"
        with self._writing("events.jsonl"), self._events_path.open("a", encoding="utf-8") as file:
            file.write(line)

    def events(self) -> list[Event]:
        """All events written so far; a last line that is not whole is left out."""
        return self.read()[0]

    def read(self, offset: int = 0) -> tuple[list[Event], int]:
        """The events written since ``offset``, and the offset from which to go on reading; whole lines only.

        A run that was taken up from its last state is cut back to it. Where ``offset`` no longer stands at the end of
        a line, reading starts at the beginning: the first event is then the ``Started`` of step 0.

        Raises:
            RunError: for a line that cannot be read as an event.
        """
        try:
            with self._events_path.open("rb") as file:
                if offset > 0:
                    file.seek(offset - 1)
                    if file.read(1) != b"\n":
                        offset = 0
                file.seek(offset)
                whole = file.read().rpartition(b"\n")[0]
        except FileNotFoundError:
            return [], 0
        except OSError as error:
            raise RunError(f"{self._events_path} cannot be read: {reason_of(error)}.") from error
        if not whole:
            return [], offset
        return [self._event(line) for line in whole.split(b"\n")], offset + len(whole) + 1

    def save_state(self, state: dict[str, Any]) -> None:
        """Write what the run can go on from, replacing the state before in one move."""
        archive = io.BytesIO()  # torch would hide the system's reason for a file that cannot be written
        with self._writing("last.pt"), replacing(self.path / "last.pt") as beside:
            written = self._events_path.stat().st_size if self._events_path.exists() else 0
            torch.save({"trainer": state, "events_bytes": written}, archive)
            beside.write_bytes(archive.getbuffer())

    def load_state(self) -> dict[str, Any] | None:
        """The saved state, or None if none was written yet; events after it are dropped.

        Only who holds :meth:`claim` may call this: it cuts the file that a trainer writes.
        """
        path, events = self.path / "last.pt", self._events_path
        if not path.exists():
            with self._writing("events.jsonl"):
                events.unlink(missing_ok=True)
            return None
        saved = self._saved()
        written = saved["events_bytes"]
        found = events.stat().st_size if events.exists() else 0
        if found < written:
            raise RunError(f"{events} is not the one that {path} was saved beside: start the run anew.")
        if found > written:
            with self._writing("events.jsonl"):
                os.truncate(events, written)
        return saved["trainer"]

    def peek_state(self) -> dict[str, Any] | None:
        """The saved state, or None if none was written yet; nothing is changed, so anybody may look."""
        return self._saved()["trainer"] if (self.path / "last.pt").exists() else None

    def stamp(self) -> tuple[tuple[int, int, int] | None, ...]:
        """Which versions of its files lie there: inode, time and size of each; None for a file that is not there."""
        found: list[tuple[int, int, int] | None] = []
        for name in ("recipe.json", "last.pt", "events.jsonl"):
            try:
                file = (self.path / name).stat()
                found.append((file.st_ino, file.st_mtime_ns, file.st_size))
            except OSError:
                found.append(None)
        return tuple(found)

    @contextlib.contextmanager
    def claim(self) -> Iterator[None]:
        """Hold the run while training it, so that no other process does. Ends with the process, even a killed one.

        Raises:
            RunError: if somebody else holds it.
        """
        lock = FileLock(self.path / "lock")
        try:
            taken = lock.try_take()
        except OSError as error:
            raise RunError(_cannot_write(lock.path, error)) from error
        if not taken:
            raise RunError(f"{self.path} is being trained by another process.")
        try:
            yield
        finally:
            lock.release()

    def busy(self) -> bool:
        """Whether somebody is training it now."""
        try:
            return FileLock(self.path / "lock").is_held()
        except OSError as error:
            raise RunError(f"{self.path / 'lock'} cannot be read: {reason_of(error)}.") from error

    def size_bytes(self) -> int:
        """What the folder takes on disk; a file that is replaced meanwhile counts or not."""
        total = 0
        for path in self.path.iterdir():
            with contextlib.suppress(FileNotFoundError):
                total += path.stat().st_size
        return total

    @contextlib.contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        """Turn the system's error about a file of this run into a RunError."""
        try:
            yield
        except OSError as error:
            raise RunError(_cannot_write(self.path / name, error)) from error

    def _saved(self) -> dict[str, Any]:
        path = self.path / "last.pt"
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
            if not isinstance(saved["trainer"], dict) or not isinstance(saved["events_bytes"], int):
                raise TypeError("not a state")
        except Exception as error:  # a damaged archive can make the unpickler raise anything
            raise RunError(f"{path} is damaged: start the run anew in another folder.") from error
        return saved

    def _event(self, line: bytes) -> Event:
        try:
            values = json.loads(line)
            kind = _EVENTS[values.pop("event")]
            read: dict[str, Any] = {
                name: _unpacked(value) if isinstance(value, dict) else value for name, value in values.items()
            }
            return kind(**read)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise RunError(f"{self._events_path} is damaged: {line[:60]!r} is no event. Start the run anew.") from error


def _cannot_write(path: Path, error: OSError) -> str:
    return f"{path} cannot be written ({reason_of(error)}): the run stands at the last state that was saved."


def _plain(event: Event) -> dict[str, Any]:
    values = {field.name: getattr(event, field.name) for field in fields(event)}
    return {name: _packed(value) if isinstance(value, Tensor) else value for name, value in values.items()}


def _packed(values: Tensor) -> dict[str, Any]:
    """As float16, which holds three digits; numbers beyond its range become the largest it has."""
    half = values.clamp(-FLOAT16_MAX, FLOAT16_MAX).half().contiguous()
    return {"shape": list(half.shape), "float16": base64.b64encode(half.numpy().tobytes()).decode("ascii")}


def _unpacked(packed: dict[str, Any]) -> Tensor:
    values = np.frombuffer(base64.b64decode(packed["float16"], validate=True), np.float16)
    return torch.from_numpy(values.astype(np.float32).reshape(packed["shape"]))
