"""Files that are replaced in one move: a reader, or a kill at any moment, finds the old file or the new one."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vit_explorer.training.runs.errors import RunError, reason_of


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to, then move that file to ``path``; if either fails, delete it.

    Raises:
        OSError: as the system says it.
    """
    beside = path.with_name(f"{path.name}.new")
    try:
        yield beside
        os.replace(beside, path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Replace a JSON file. Raises RunError if it cannot be written."""
    try:
        with replacing(path) as beside:
            beside.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise RunError(f"{path} cannot be written: {reason_of(error)}.") from error
