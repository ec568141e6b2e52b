"""From what can go wrong to a sentence on the page."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Iterator
from typing import Any

from vit_explorer.data.dataset import DatasetError
from vit_explorer.data.uploads import PictureError
from vit_explorer.models.zoo import CheckpointError
from vit_explorer.training.runs.folder import RunError
from vit_explorer.ui.core.session import UnknownPicture
from vit_explorer.ui.core.widget import ServerFunction

LOG = logging.getLogger(__name__)


class Refused(ValueError):
    """What a person asked for cannot be; the message is a sentence for them, with the range where there is one."""


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Say a ValueError of the code inside, such as that of a recipe's limits, to the person as it is."""
    try:
        yield
    except ValueError as error:
        text = str(error)
        raise Refused(text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")) from error


def answered(function: ServerFunction) -> ServerFunction:
    """Turn the errors that a visitor can cause or meet into {"error": sentence}, which the page shows.

    A request that lacks a field or holds a wrong value is one of them, but a fault of ours can look the same: its
    traceback is logged. Anything else is a fault and stays loud.
    """

    @functools.wraps(function)
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        try:
            return function(request)
        except (PictureError, DatasetError, CheckpointError, RunError, PermissionError, Refused) as error:
            return {"error": str(error)}
        except UnknownPicture as error:
            return {"error": f"The picture {error.args[0]} is no longer here: pick or upload it again."}
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            LOG.exception("%s could not answer", function.__name__)
            return {"error": f"The page asked for something that cannot be ({type(error).__name__}: {error})."}

    return answer
