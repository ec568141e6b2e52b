"""The options of a network checked by the types of its constructor, before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

MOST = 65_536  # of a width, a number of classes, ...
MOST_LAYERS = 1_000
FROM_ZERO = ("n_classes", "n_registers")  # of the whole numbers; the others begin at 1
SHARES = ("stochastic_depth",)


def check_options(build: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Check that each option can have its value. Raises ValueError, which names the range.

    Args:
        build: the class of a network. An option that it does not have is left to its constructor.
    """
    hints = _hints(build)
    for name, value in options.items():
        if name in hints and (wanted := _wanted(name, value, hints[name])) is not None:
            raise ValueError(f"{name} must be {wanted}, not {value!r}")


@cache
def _hints(build: Callable[..., Any]) -> dict[str, Any]:
    return get_type_hints(build.__init__)


def _wanted(name: str, value: Any, kind: Any) -> str | None:
    """What an option of this type must be; None where the value is that."""
    if isinstance(kind, UnionType):
        kinds = get_args(kind)
        return None if value is None and NoneType in kinds else _wanted(name, value, kinds[0])
    if get_origin(kind) is Literal:
        return None if value in get_args(kind) else f"one of {', '.join(get_args(kind))}"
    if kind is bool:
        return None if isinstance(value, bool) else "true or false"
    if kind is int:
        low, high = _range(name)
        return None if _is_whole(value, low, high) else f"a whole number between {low} and {high:,}"
    if kind is float:
        high = 1.0 if name in SHARES else float("inf")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if number and 0 <= value <= high else f"a number from 0 {'to 1' if name in SHARES else 'up'}"
    if get_origin(kind) is tuple:
        low, high = _range(name)
        whole = isinstance(value, tuple | list) and value and all(_is_whole(one, low, high) for one in value)
        return None if whole else f"one or more whole numbers between {low} and {high:,}, such as 64,128"
    return "a module, which only code can give" if isinstance(value, int | float | str | tuple | list) else None


def _range(name: str) -> tuple[int, int]:
    return int(name not in FROM_ZERO), MOST_LAYERS if name in ("n_layers", "depths", "layers", "depth") else MOST


def _is_whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
