"""Requests that several views of the Train tab share.

The page sends a secret with every request, by which the person who started a race is recognised. Any visitor who knows
the name of a race may follow it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OwnerRequest:
    """The secret of a visitor."""

    owner: str


@dataclass(frozen=True)
class RaceRequest(OwnerRequest):
    """A race by its name."""

    race: str
