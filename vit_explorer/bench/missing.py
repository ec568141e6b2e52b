"""The error of measures that are impossible on this machine."""

from __future__ import annotations


class NotMeasured(RuntimeError):
    """A requirement of a measure is missing; the message names the missing part."""
