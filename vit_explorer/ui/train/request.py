"""Requests that several views of the Train tab share.

The page sends a secret with every request, by which the person who started a race is recognised. Any visitor who knows
the name of a race may follow it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.requests import parse_value


@dataclass(frozen=True)
class OwnerRequest:
    """The secret of a visitor."""

    owner: str


@dataclass(frozen=True)
class RaceRequest(OwnerRequest):
    """A race by its name."""

    race: str


def parse_contender(contender: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """A contender's label, model and these fields of its recipe; numbers and options are the recipe's to check.

    Raises UserError for one that is missing, and for text that is none.
    """
    kinds = get_type_hints(Recipe) | {"label": str}
    found = {}
    for field in ("label", "model", *fields):
        if field not in contender:
            raise UserError(f"Invalid request: {field!r} of a contender is missing.")
        value = contender[field]
        found[field] = parse_value(str, value, field) if kinds[field] is str or isinstance(value, str) else value
    return found
