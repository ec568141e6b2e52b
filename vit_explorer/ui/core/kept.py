"""Answers kept as bytes: those that are the same for every visitor are made once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import fields, is_dataclass
from typing import Any

from vit_explorer.ui.core.brought import PREFIX
from vit_explorer.ui.core.serve import ServerFunction
from vit_explorer.ui.core.session import Session

ANSWERS_MEMORY = 256 * 2**20  # bytes
LARGEST_SHARE = 1 / 32  # of the memory, that one answer may take
PICTURES = ("picture", "second")  # fields that name pictures,
SOURCE = "source"  # a field that names the dataset in which something is looked for


MadeFrom = tuple[object, ...]  # weights and data, compared by identity


def key_of(function: ServerFunction, request: Any) -> Hashable | None:
    """Equal for equal questions about pictures; None where each call is answered for itself."""
    if function.terms.anew or not is_dataclass(request) or not function.context:
        return None
    if not {"picture", "fit"} <= {field.name for field in fields(request)}:
        return None
    try:
        hash(request)
    except TypeError:  # a field that is a dict
        return None
    return function, request


def made_from(function: ServerFunction, request: Any) -> MadeFrom | None:
    """What the answer to a question with a key depends on besides it; None for an answer about a visitor's picture.

    Raises whatever a picture or a model does that is not there.
    """
    session, pictures = function.context[0], [getattr(request, name, None) for name in PICTURES]
    named = [name for name in pictures if isinstance(name, str)]
    if isinstance(source := getattr(request, SOURCE, None), str):
        named.append(f"{source}:0")  # depends on it as a picture of it does
    if not isinstance(session, Session) or any(name.startswith(("upload:", PREFIX)) for name in named):
        return None
    return session.made_from(named, getattr(request, "model", None))


def weights_stamp(function: ServerFunction, request: Any) -> str | None:
    """The stamp of the weights that answer a request now; None where it names no network that is in memory."""
    session = next((one for one in function.context if isinstance(one, Session)), None)
    model = getattr(request, "model", None)
    return session.weights_stamp(model) if session is not None and isinstance(model, str) else None


class KeptAnswers:
    """The answers that were asked for last, within a memory.

    Args:
        memory: in bytes.
    """

    def __init__(self, memory: int = ANSWERS_MEMORY) -> None:
        self.memory = memory
        self.used = 0
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, tuple[MadeFrom, bytes]] = OrderedDict()

    def find(self, key: Hashable, made_from: MadeFrom) -> bytes | None:
        """The answer, if it was made from these weights and data."""
        with self._lock:
            known, answer = self._answers.get(key, ((), b""))
            if not answer:
                return None
            if len(known) != len(made_from) or any(
                one is not other for one, other in zip(known, made_from, strict=True)
            ):
                self._drop(key)
                return None
            self._answers.move_to_end(key)
            return answer

    def keep(self, key: Hashable, made_from: MadeFrom, answer: bytes) -> None:
        """Keep an answer; those asked for longest ago go."""
        if len(answer) > self.memory * LARGEST_SHARE:
            return
        fitted = bytes(memoryview(answer))  # orjson's own bytes hold on to many times the memory that they need
        with self._lock:
            self._drop(key)
            self._answers[key] = made_from, fitted
            self.used += len(answer)
            while self.used > self.memory:
                self._drop(next(iter(self._answers)))

    def _drop(self, key: Hashable) -> None:
        _, answer = self._answers.pop(key, ((), b""))
        self.used -= len(answer)
