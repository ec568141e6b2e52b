"""ViT Explorer: see in a browser how Vision Transformers work, on real models and real pictures.

The subpackages are loaded when they are first used, so ``import vit_explorer`` takes no time.
"""

from importlib import import_module
from typing import Any

__version__ = "0.2.0"

SUBPACKAGES = ("cost", "data", "explain", "figures", "models", "text", "training")


def __getattr__(name: str) -> Any:
    if name == "explore":  # the page on a network: vit_explorer.explore(model)
        with import_module(f"{__name__}.ui.listening").no_proxies():
            return import_module(f"{__name__}.ui.explore").explore
    if name not in SUBPACKAGES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted([*globals(), *SUBPACKAGES, "explore"])
