"""Paths of the server, left out of what is sent to visitors on other machines."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vit_explorer.models.folders import PACKAGE

LONGEST = 4000  # characters of a text that may hold a path; longer ones are pictures and arrays


class HiddenPaths:
    """Folders of the server, and texts without them: of a path below one, what lies below is left.

    Args:
        folders: those of data, weights and runs; the program's own, the user's and the temporary one come with them.
    """

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        own = [PACKAGE.parent, Path(sys.prefix), Path.cwd(), Path.home(), Path(tempfile.gettempdir())]
        known = {str(written) for folder in (*folders, *own) for written in (folder.absolute(), folder.resolve())}
        known = {path for path in known if len(Path(path).parts) > 1}
        longest_first = sorted(known, key=len, reverse=True)
        self._pattern = re.compile("|".join(rf"{re.escape(path)}(?:[/\\]|(?![\w.-]))" for path in longest_first))

    def leave_out(self, value: Any) -> Any:
        """The same answer, without the folders in any of its texts."""
        if isinstance(value, str):
            return value if len(value) > LONGEST else self._pattern.sub("", value)
        if isinstance(value, dict):
            return {self.leave_out(key): self.leave_out(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return value if value and isinstance(value[0], int | float) else [self.leave_out(one) for one in value]
        return value
