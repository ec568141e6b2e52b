"""Folders of the shipped weights and of runs, in a checkout or installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
CHECKPOINTS, RUNS, EXPORTED = "checkpoints", "runs", "exported"  # names of folders
KEPT = "kept"  # the name of EXPORTED until November 2026; still read


def checkout() -> Path | None:
    """The source tree that this package runs from, or None for an installed package."""
    installed = (PACKAGE / CHECKPOINTS).is_dir()
    return PACKAGE.parent if not installed and (PACKAGE.parent / "pyproject.toml").is_file() else None


def shipped_checkpoints() -> Path:
    """Folder of the shipped weights: in a checkout, or inside the package."""
    return (checkout() or PACKAGE) / CHECKPOINTS


def runs_folder() -> Path:
    """Folder of runs unless a flag names one: the first of three that is writable.

    These are ``runs/`` in the checkout, ``runs/`` in the working directory, and ``runs/`` in the user's data folder.
    The last one is also the answer if none can be written. No folder is made.
    """
    source = checkout()
    places = [*([source / RUNS] if source else []), Path.cwd() / RUNS]
    return next((place for place in places if is_writable(place)), user_data_folder() / RUNS)


def user_data_folder() -> Path:
    """This package's folder among the user's data.

    In ``$XDG_DATA_HOME`` or ``~/.local/share``, on Windows in ``%LOCALAPPDATA%``.

    A relative path in the variable is ignored, as the XDG specification asks.
    """
    variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_DATA_HOME"
    named = Path(os.environ.get(variable, ""))
    return (named if named.is_absolute() else Path.home() / ".local" / "share") / "vit-explorer"


def is_writable(folder: Path) -> bool:
    """Whether files can be written into a folder, or the folder be made."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
