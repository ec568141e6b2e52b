"""A race is a folder: one run, or several side by side that somebody wants to compare. See ``runner`` for its training.

Either the folder is a run itself (what the command line makes for one model), or it holds its runs as subfolders named
by their labels. ``race.json`` says what the race is called and who started it, ``status.json`` why it rests.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vit_explorer.models.folders import EXPORTED, KEPT
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.runs.atomic import write_json
from vit_explorer.training.runs.errors import RunError, reason_of
from vit_explorer.training.runs.folder import RunFolder
from vit_explorer.training.runs.status import INTERRUPTED, RaceStatus, end_of, outcome, read_status, write_status

NAME = re.compile(rf"(?!(?:{EXPORTED}|{KEPT})$)[A-Za-z0-9_-][A-Za-z0-9._-]{{0,99}}")  # of a race's folder
LABEL = re.compile(r"[^\s.<>:\"/\\|?*\x00-\x1f](?:[^<>:\"/\\|?*\x00-\x1f]{0,58}[^\s.<>:\"/\\|?*\x00-\x1f])?")
MAX_TITLE = 80  # characters


@dataclass(frozen=True)
class Race:
    """A race on disk.

    Attributes:
        path: its folder.
        runs: its runs by label, in order.
        title: what people call it.
        preset: name of the preset it was made from, or None.
        created: when, as ISO 8601 in UTC.
        owner: :func:`owner_of` the secret of who started it; None for one from the command line.
    """

    path: Path
    runs: dict[str, RunFolder] = field(compare=False)
    title: str
    preset: str | None
    created: str
    owner: str | None

    @property
    def name(self) -> str:
        return self.path.name

    @classmethod
    def create(
        cls,
        root: str | os.PathLike[str],
        recipes: Mapping[str, Recipe],
        *,
        title: str,
        name: str | None = None,
        preset: str | None = None,
        owner: str | None = None,
    ) -> Race:
        """Make the folder of a new race; it is seen only when it is whole.

        Args:
            recipes: of its contenders, by labels that can be names of folders.
            name: of its folder; one made of the time and the labels if None.
        Raises:
            ValueError: for a label, name or title that cannot be.
            RunError: if it cannot be written, or the name is taken.
        """
        for label in recipes:
            if not LABEL.fullmatch(label):
                raise ValueError(f"{label!r} cannot be the name of a contender: it must be able to name a folder")
        if not recipes or len({label.casefold() for label in recipes}) < len(recipes):
            raise ValueError("a race needs contenders, each with a name of its own")
        about = {
            "title": _checked_title(title),
            "preset": preset,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "owner": owner,
            "order": list(recipes),
        }
        root = Path(root)
        wanted = _checked_name(name if name is not None else _name_for(recipes))
        beside = root / f".{wanted}.{os.getpid()}.{time.monotonic_ns()}.new"
        try:
            beside.mkdir(parents=True)
            try:
                for label, recipe in recipes.items():
                    RunFolder.create(beside / label, recipe)
                write_json(beside / "race.json", about)
                return cls.at(_move(beside, root, wanted, numbered=name is None))
            finally:
                shutil.rmtree(beside, ignore_errors=True)
        except OSError as error:
            raise RunError(f"{root / wanted} cannot hold a race: {reason_of(error)}.") from error

    @classmethod
    def open(cls, root: str | os.PathLike[str], name: str) -> Race:
        """The race of this name. Raises RunError if there is none or it is damaged; never looks outside ``root``."""
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise RunError(f"There is no race {name!r}.")
        if not (Path(root) / name).is_dir():
            raise RunError(f"There is no race {name!r} (any more).")
        return cls.at(Path(root) / name)

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> Race:
        """The race in this folder. Raises RunError if there is none or it is damaged."""
        path = Path(path)
        is_run = (path / "recipe.json").is_file()
        about = _read_about(path)
        if about is None and not is_run:
            raise RunError(f"{path} holds no race: it has neither race.json nor recipe.json.")
        about = about or {}
        if is_run:
            run = RunFolder(path)
            runs = {run.recipe().model: run}
        else:
            runs = {label: RunFolder(path / label) for label in about["order"]}
            for run in runs.values():
                run.recipe()  # damaged or missing: said now
        created = about.get("created") or _written(path / "recipe.json")
        return cls(path, runs, about.get("title") or path.name, about.get("preset"), created, about.get("owner"))

    def rename(self, title: str) -> Race:
        """Give it another title. Raises ValueError for one that cannot be, RunError if it cannot be written."""
        renamed = replace(self, title=_checked_title(title))
        about = {key: getattr(renamed, key) for key in ("title", "preset", "created", "owner")}
        write_json(self.path / "race.json", about | {"order": list(self.runs)})
        return renamed

    def delete(self) -> None:
        """Remove the folder and all in it. Raises RunError while somebody trains it, or if it cannot be removed."""
        if self.busy():
            raise RunError(f"{self.title!r} is being trained: stop it before you delete it.")
        gone = self.path.with_name(f".{self.name}.{time.monotonic_ns()}.deleted")
        try:
            self.path.rename(gone)
            shutil.rmtree(gone)
        except OSError as error:
            raise RunError(f"{self.path} cannot be deleted: {reason_of(error)}.") from error

    def owned_by(self, secret: str) -> bool:
        """Whether who knows this secret started the race."""
        if self.owner is None or not isinstance(secret, str):
            return False
        return hmac.compare_digest(self.owner.encode(), owner_of(secret).encode())

    def recipes(self) -> dict[str, Recipe]:
        return {label: run.recipe() for label, run in self.runs.items()}

    def busy(self) -> bool:
        """Whether some process trains it now, or holds it to go on."""
        return any(run.busy() for run in self.runs.values())

    def ends(self) -> dict[str, RaceStatus | None]:
        """Of each contender: "finished", "failed" with its reason, or None while it is on its way."""
        return {label: end_of(run) for label, run in self.runs.items()}

    def finished(self) -> bool:
        """Whether nobody is on the way any more and at least one came to the end."""
        ends = list(self.ends().values())
        return all(ends) and any(end.state == "finished" for end in ends if end)

    def status(self) -> RaceStatus:
        """The status that its folder tells: "elsewhere" if a process, this one included, trains it."""
        if self.busy():
            return RaceStatus("elsewhere")
        ends = self.ends()
        if all(ends.values()):
            return outcome(ends)
        return read_status(self.path) or RaceStatus("paused", INTERRUPTED)

    def save_status(self, status: RaceStatus | None) -> None:
        """Write why it rests, or with None that it trains. Raises RunError if that cannot be written."""
        write_status(self.path, status)


def owner_of(secret: str) -> str:
    """What a race keeps of its starter's secret: the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def list_races(root: str | os.PathLike[str]) -> tuple[list[Race], list[str]]:
    """All races in a folder, the newest first, and a sentence for each that is damaged."""
    races, problems = [], []
    try:
        paths = sorted(path for path in Path(root).iterdir() if NAME.fullmatch(path.name))
    except FileNotFoundError:
        return [], []
    except OSError as error:
        return [], [f"{root} cannot be read: {reason_of(error)}."]
    for path in paths:
        if (path / "race.json").is_file() or (path / "recipe.json").is_file():
            try:
                race = Race.at(path)
                for run in race.runs.values():
                    run.check_files()
                races.append(race)
            except RunError as error:
                problems.append(str(error))
    return sorted(races, key=lambda race: (race.created, race.name), reverse=True), problems


def _name_for(recipes: Mapping[str, Recipe]) -> str:
    words = (re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") for label in recipes)
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{'-'.join(word for word in words if word)}"[:60].rstrip("-")


def _move(beside: Path, root: Path, name: str, numbered: bool) -> Path:
    """Put a folder in its place, or where ``numbered`` allows it in the first free place with a number after it."""
    number = 1
    while True:
        place = root / (name if number == 1 else f"{name}-{number}")
        if not place.exists():
            try:
                beside.rename(place)
                return place
            except OSError:
                if not place.exists():  # else somebody was quicker
                    raise
        if not numbered:
            raise RunError(f"{place} exists already: choose another name.")
        number += 1


def _checked_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"a race's folder is named with letters, digits and . _ -, not {name!r}")
    return name


def _checked_title(title: str) -> str:
    title = " ".join(title.split())
    if not title or len(title) > MAX_TITLE or not title.isprintable():
        raise ValueError(f"a title has 1 to {MAX_TITLE} characters that can be seen")
    return title


def _read_about(path: Path) -> dict[str, Any] | None:
    """race.json, or None where there is none."""
    try:
        about = json.loads((path / "race.json").read_text(encoding="utf-8"))
        order = about["order"]
        if not order or not all(isinstance(label, str) and LABEL.fullmatch(label) for label in order):
            raise ValueError("order names no contenders")
        for key, optional in (("title", False), ("created", False), ("preset", True), ("owner", True)):
            if not isinstance(about[key], str) and not (optional and about[key] is None):
                raise ValueError(f"{key} is no text")
        return about
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path / 'race.json'} cannot be read: {error}.") from error


def _written(path: Path) -> str:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
