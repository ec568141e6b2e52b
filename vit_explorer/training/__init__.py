"""How a model learns."""

from vit_explorer.training.engine import Trainer, train
from vit_explorer.training.recipe import Recipe

__all__ = ["Recipe", "Trainer", "train"]
