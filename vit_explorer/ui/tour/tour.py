"""The tour's steps: read from a JSON file, checked, and sent to the page. docs/teaching.md describes the file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypedDict

OWN = Path(__file__).with_name("steps.json")
FIELDS = ("title", "link", "spot", "say", "act", "done", "wait")
OPTIONAL = ("small",)
ACTS = ("press", "point", "setting", "race")
LONGEST = 60.0  # seconds between the end of an act and the next step
# Numbers that a sentence can name in braces; numbers.js computes them.
NUMBERS = (
    "picture", "model", "answer", "chance", "size", "patches", "tokens", "patch_values", "width", "blocks", "score",
    "strongest", "strongest_share", "answer_there", "chance_there", "window_tokens", "window_pairs",
)  # fmt: skip


class TourError(ValueError):
    """A file that is no tour; the message names the step and the field."""


@dataclass(frozen=True)
class Step:
    """One act.

    Attributes:
        link: what a link holds behind its ``#``: the state in which the step begins.
        spot: CSS selector of what is lit.
        small: CSS selectors of what is lit instead where the spot is higher than the window has room: the first that
            fits, or the last. None for the spot. The file may hold one as text.
        say: a sentence or two; ``{answer}`` and the like are numbers of :data:`NUMBERS`.
        act: what the visitor is asked to do.
        done: {"press": selector}, {"point": selector}, {"race": "over"}, or {"setting": [keys of the link]} with the
            value it gets under "is", "" for its default; without "is" any change will do. Under "until" a selector of
            what is on screen once that which a press or a point shows has ended.
        wait: seconds from the end of what the act shows to the next step.
    """

    title: str
    link: str
    spot: str
    say: str
    act: str
    done: Mapping[str, Any]
    wait: float
    small: tuple[str, ...] = ()


class TourPayload(TypedDict):
    """The steps, as dictionaries of the fields of :class:`Step`."""

    steps: list[dict[str, Any]]


def read_tour(path: Path = OWN) -> tuple[Step, ...]:
    """Read the steps of a file. Raises TourError."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise TourError(f"The tour {path} cannot be read: {error}.") from error
    except json.JSONDecodeError as error:
        raise TourError(f"The tour {path} is not JSON: line {error.lineno}, {error.msg}.") from error
    if not isinstance(entries, list) or not entries:
        raise TourError(f"The tour {path} must be a list of steps, at least one.")
    return tuple(_step(entry, f"The tour {path}, step {number}") for number, entry in enumerate(entries, 1))


def tour_payload(steps: tuple[Step, ...]) -> TourPayload:
    """What the page is sent."""
    return {"steps": [asdict(step) for step in steps]}


def _step(entry: Any, where: str) -> Step:
    if not isinstance(entry, dict):
        raise TourError(f"{where} must be an object with the fields {', '.join(FIELDS)}.")
    for field in FIELDS:
        if field not in entry:
            raise TourError(f"{where}: the field {field!r} is missing.")
    for field in entry:
        if field not in FIELDS + OPTIONAL:
            raise TourError(f"{where}: there is no field {field!r}; the fields are {', '.join(FIELDS + OPTIONAL)}.")
    for field in ("title", "link", "spot", "say", "act"):
        if not isinstance(entry[field], str) or not entry[field].strip():
            raise TourError(f"{where}, {field}: it must be text.")
    small = entry.get("small", [])
    small = [small] if isinstance(small, str) else small
    if not isinstance(small, list) or not all(isinstance(one, str) for one in small):
        raise TourError(f"{where}, small: it must be text, or a list of texts.")
    for name in re.findall(r"\{([^}]*)\}", entry["say"]):
        if name not in NUMBERS:
            raise TourError(f"{where}, say: {{{name}}} is no number of the page; there are {', '.join(NUMBERS)}.")
    wait = entry["wait"]
    if not isinstance(wait, (int, float)) or isinstance(wait, bool) or not 0 <= wait <= LONGEST:
        raise TourError(f"{where}, wait: it must be a number of seconds, 0 to {LONGEST:.0f}.")
    _check_done(entry["done"], f"{where}, done")
    return Step(**{**entry, "link": entry["link"].lstrip("#"), "wait": float(wait), "small": tuple(small)})


def _check_done(done: Any, where: str) -> None:
    acts = [key for key in done if key in ACTS] if isinstance(done, dict) else []
    if len(acts) != 1 or set(done) - {*acts, "is", "until"}:
        raise TourError(f"{where}: it must hold one of {', '.join(ACTS)}.")
    value = done[acts[0]]
    until = done.get("until", "anything")
    if not isinstance(until, str) or not until.strip() or ("until" in done and acts[0] not in ("press", "point")):
        raise TourError(f"{where}: 'until' must be one CSS selector, as text, beside 'press' or 'point'.")
    if acts[0] == "race":
        if "is" in done or value != "over":
            raise TourError(f"{where}: 'race' can only be \"over\".")
        return
    if acts[0] != "setting":
        if "is" in done or not isinstance(value, str) or not value.strip():
            raise TourError(f"{where}: {acts[0]!r} must be one CSS selector, as text.")
        return
    if not isinstance(value, list) or not value or not all(isinstance(key, str) and key for key in value):
        raise TourError(f"{where}: 'setting' must be a list of keys of the link, such as [\"head\"].")
    if not isinstance(done.get("is", ""), str):
        raise TourError(f"{where}: 'is' must be text, as it stands in the link.")
