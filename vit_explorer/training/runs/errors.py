"""The error of everything that reads and writes runs."""

from __future__ import annotations


class RunError(ValueError):
    """A run's folder cannot be used; the message says in a sentence why."""


def reason_of(error: OSError) -> str:
    """The system's reason, without the file's name."""
    return error.strerror or str(error)
