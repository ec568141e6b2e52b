"""Errors that a visitor can cause or meet, turned into {"error": message}."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vit_explorer.data.dataset import DatasetError, printable
from vit_explorer.data.decode import PictureError
from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.training.runs.errors import RunError
from vit_explorer.ui.core.pictures import UnknownPicture

LOG = logging.getLogger(__name__)

Answer = Mapping[str, Any]
SHOWN = 40  # characters of a wrong value that are repeated in a message
LONG_WORD = re.compile(r"(\S{40})\S{300,}")  # a visitor's own, which is not repeated in full


class UserError(ValueError):
    """A request that cannot be met; the message is a sentence for the visitor, with the range if there is one."""


FAULTS_OF_A_VISITOR = (PictureError, DatasetError, CheckpointError, RunError, UserError, PermissionError)


@contextlib.contextmanager
def user_errors() -> Iterator[None]:
    """Turn a ValueError of the code inside, such as that of a recipe's limits, into a UserError."""
    try:
        yield
    except ValueError as error:
        text = str(error)
        raise UserError(text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")) from error


def json_errors(name: str, answer: Callable[[], Answer]) -> Answer:
    """The answer of the function of this name, or {"error": message}, a sentence, whatever was raised.

    A picture that is not here is also named as "missing": the browser that sent it sends it again.
    A visitor's fault is one line of the log; a fault of the server is logged with its traceback.
    """
    try:
        return answer()
    except UnknownPicture as error:
        name_of_it = shown(error.args[0])
        LOG.info("%s: no picture %s", name, name_of_it)
        return {"error": f"The picture {name_of_it} is no longer here: pick or upload it again.", "missing": name_of_it}
    except Exception as error:
        of_the_system = isinstance(error, OSError) and error.errno is not None
        if of_the_system or not isinstance(error, FAULTS_OF_A_VISITOR):
            LOG.exception("%s failed", name)
            return {"error": f"The server could not answer: a fault of its own ({type(error).__name__}), see its log."}
        told = str(error).encode(errors="replace").decode()  # half of a surrogate pair cannot be sent
        message = LONG_WORD.sub(r"\1...", " ".join(told.split()))
    LOG.info("%s: %s", name, message)
    return {"error": message}


def shown(value: Any) -> str:
    """A wrong value as a message repeats it: short, on one line, and never the inside of a list or an object."""
    if isinstance(value, list | tuple | Mapping):
        return "an object" if isinstance(value, Mapping) else "a list"
    if isinstance(value, int) and abs(value) >= 10**SHOWN:
        return "a larger number"
    return printable(str(value)[:SHOWN])
