"""How a model learns.

The names below are looked up when they are first used: the worker is a module of this package, and must listen for the
end of the app before torch is imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vit_explorer.training.loop.recipe import Recipe
    from vit_explorer.training.loop.trainer import Trainer, train

__all__ = ["Recipe", "Trainer", "train"]

_MODULES = {"Recipe": "loop.recipe", "Trainer": "loop.trainer", "train": "loop.trainer"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
