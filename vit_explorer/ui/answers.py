"""From what can go wrong to a sentence on the page."""

from __future__ import annotations

import functools
import logging
from typing import Any

from vit_explorer.data.sources import DatasetError
from vit_explorer.data.uploads import PictureError
from vit_explorer.models.zoo import CheckpointError
from vit_explorer.ui.session import UnknownPicture
from vit_explorer.ui.widgets import ServerFunction

LOG = logging.getLogger(__name__)


def answered(function: ServerFunction) -> ServerFunction:
    """Turn the errors that a visitor can cause or meet into {"error": sentence}, which the page shows.

    A request that lacks a field or holds a wrong value is one of them, but a fault of ours can look the same: its
    traceback is logged. Anything else is a fault and stays loud.
    """

    @functools.wraps(function)
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        try:
            return function(request)
        except (PictureError, DatasetError, CheckpointError) as error:
            return {"error": str(error)}
        except UnknownPicture as error:
            return {"error": f"The picture {error.args[0]} is no longer here: pick or upload it again."}
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            LOG.exception("%s could not answer", function.__name__)
            return {"error": f"The page asked for something that cannot be ({type(error).__name__}: {error})."}

    return answer
