"""Errors that a visitor can cause or meet, turned into {"error": message}."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vit_explorer.data.dataset import DatasetError
from vit_explorer.data.uploads import PictureError
from vit_explorer.models.zoo import CheckpointError
from vit_explorer.training.runs.errors import RunError
from vit_explorer.ui.core.session import UnknownPicture

LOG = logging.getLogger(__name__)

Answer = Mapping[str, Any]


class UserError(ValueError):
    """A request that cannot be met; the message is a sentence for the visitor, with the range if there is one."""


@contextlib.contextmanager
def user_errors() -> Iterator[None]:
    """Turn a ValueError of the code inside, such as that of a recipe's limits, into a UserError."""
    try:
        yield
    except ValueError as error:
        text = str(error)
        raise UserError(text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")) from error


def json_errors(function: Callable[[dict[str, Any]], Answer]) -> Callable[[dict[str, Any]], Answer]:
    """Turn the exceptions that a visitor can cause into {"error": message}; all other exceptions are raised.

    A picture that is not here is also named as "missing": the browser that sent it sends it again.
    A visitor's fault is one line of the log. A KeyError, TypeError, ValueError or OverflowError may also be a fault of
    the server, so its traceback is logged.
    """

    @functools.wraps(function)
    def answer(request: dict[str, Any]) -> Answer:
        try:
            return function(request)
        except (PictureError, DatasetError, CheckpointError, RunError, PermissionError, UserError) as error:
            message = str(error)
        except UnknownPicture as error:
            name = error.args[0]
            LOG.info("%s: no picture %s", function.__name__, name)
            return {"error": f"The picture {name} is no longer here: pick or upload it again.", "missing": name}
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            LOG.exception("%s failed", function.__name__)
            return {"error": f"Invalid request ({type(error).__name__}: {error})."}
        LOG.info("%s: %s", function.__name__, message)
        return {"error": message}

    return answer
