"""What a measure says when this machine cannot take it."""

from __future__ import annotations


class NotMeasured(RuntimeError):
    """Something that a measure needs is missing; the message says what."""
