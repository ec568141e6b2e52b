"""Functions of a view, made callable from its script, and the terms on which they are offered."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from typing import Any, Literal, TypeVar, get_type_hints

from vit_explorer.ui.core.errors import Answer, json_errors
from vit_explorer.ui.core.requests import parse_request

Counted = Literal["uploads", "data", "measurements", "races", "downloads"]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Terms:
    """How a function is offered to visitors.

    Attributes:
        counted: what a call counts as for the limits of a visitor, see ``limits.py``.
        long: it takes seconds: such calls wait for each other in a queue of their own.
        public: a page that strangers use offers it too.
        anew: each call is answered for itself: it draws lots or measures.
    """

    counted: Counted | None = None
    long: bool = False
    public: bool = True
    anew: bool = False


def terms(
    *, counted: Counted | None = None, long: bool = False, public: bool = True, anew: bool = False
) -> Callable[[F], F]:
    """Offer the function below on these :class:`Terms`."""

    def mark(function: F) -> F:
        function.terms = Terms(counted, long, public, anew)
        return function

    return mark


class ServerFunction:
    """A function of a view as it is called: with the raw request; exceptions become {"error": message}.

    Attributes:
        context: the first arguments of the view's function.
        terms: those of the view's function.
    """

    def __init__(self, name: str, function: Callable[..., Answer], *context: Any) -> None:
        self.__name__ = self.__qualname__ = name  # by which gr.HTML offers it to the script
        self.context = context
        self.terms: Terms = getattr(function, "terms", Terms())
        self._function = function
        self._kind = _kind_of_request(function)

    def parse(self, raw: Any) -> Any:
        """The request as the view's function takes it, None for a function that asks for nothing. Raises UserError."""
        return None if self._kind is None else parse_request(self._kind, raw)

    def run(self, request: Any) -> Answer:
        """The answer to a parsed request; exceptions become {"error": message}."""
        return json_errors(self.__name__, lambda: self._call(request))

    def __call__(self, raw: Any) -> Answer:
        return json_errors(self.__name__, lambda: self._call(self.parse(raw)))

    def _call(self, request: Any) -> Answer:
        return self._function(*self.context) if self._kind is None else self._function(*self.context, request)


def serve(*context: Any, **functions: Callable[..., Answer]) -> list[ServerFunction]:
    """Make functions callable from a view's script: ``serve(session, export=export_rollout)`` is ``server.export``.

    Each function takes the ``context`` and, as a last parameter called ``request``, the dataclass that the request is
    parsed into; a function that asks for nothing has no such parameter. It returns what is sent as JSON. Errors become
    {"error": message}.
    """
    return [ServerFunction(name, function, *context) for name, function in functions.items()]


def bind(function: Callable[..., Answer], *context: Any) -> Callable[[Any], Answer]:
    """A function of a view as a function of the raw request alone; exceptions are raised."""
    bound = ServerFunction(function.__name__, function, *context)
    return lambda raw: bound._call(bound.parse(raw))


def _kind_of_request(function: Callable[..., Answer]) -> type | None:
    if "request" not in inspect.signature(function).parameters:
        return None
    kind = get_type_hints(function)["request"]
    if not is_dataclass(kind):
        raise TypeError(f"the request of {function.__qualname__} must be a dataclass, not {kind}")
    return kind
