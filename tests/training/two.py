"""Two contenders on the tiny data, and what each does alone."""

from __future__ import annotations

from tests.training.small import RECIPE
from vit_explorer.data.dataset import Dataset
from vit_explorer.training import Recipe, train
from vit_explorer.training.loop.events import Event

RECIPES = {
    "ViT": RECIPE,  # 9 steps
    "CNN": Recipe(model="cnn", overrides={"widths": (4, 8)}, batch_size=6, epochs=5, snapshots=4, seed=4),  # 20 steps
}


def alone(recipe: Recipe, dataset: Dataset) -> list[Event]:
    return list(train(recipe, dataset))
