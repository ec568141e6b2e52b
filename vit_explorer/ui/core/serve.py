"""Functions of a view, made callable from its script."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any, get_type_hints

from vit_explorer.ui.core.errors import Answer, json_errors
from vit_explorer.ui.core.requests import parse_request

ServerFunction = Callable[[dict[str, Any]], Answer]


def serve(*context: Any, **functions: Callable[..., Answer]) -> list[ServerFunction]:
    """Make functions callable from a view's script: ``serve(session, export=export_rollout)`` is ``server.export``.

    Each function takes the ``context`` and, as a last parameter called ``request``, the dataclass that the request is
    parsed into; a function that asks for nothing has no such parameter. It returns what is sent as JSON. Errors become
    {"error": message}.
    """
    return [json_errors(_named(name, bind(function, *context))) for name, function in functions.items()]


def bind(function: Callable[..., Answer], *context: Any) -> ServerFunction:
    """A function of a view as a function of the raw request alone; exceptions are raised."""
    if "request" not in inspect.signature(function).parameters:
        return lambda _: function(*context)
    kind = get_type_hints(function)["request"]
    if not is_dataclass(kind):
        raise TypeError(f"the request of {function.__qualname__} must be a dataclass, not {kind}")
    return lambda request: function(*context, parse_request(kind, request))


def _named(name: str, function: ServerFunction) -> ServerFunction:
    """With the name by which gr.HTML offers the function to the script."""
    function.__name__ = function.__qualname__ = name
    return function
