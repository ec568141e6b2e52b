"""The ingredients of DeiT's recipe as the page offers them: effect, range of strengths, source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vit_explorer.data.augment import CROP_PADDING
from vit_explorer.data.rand_augment import MAX_MAGNITUDE
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.network import Network


@dataclass(frozen=True)
class Ingredient:
    """One ingredient.

    Attributes:
        title: its name, also that of its button.
        what, look: one line each.
        source: author and year.
        unit: what its strength is called.
        values: the strengths to choose from, in order.
        usual: one of them, that of ``usual_of``.
        key: of a recipe that holds the strength; "" for what is no number there.
    """

    title: str
    what: str
    look: str
    source: str
    unit: str
    values: tuple[float, ...]
    usual: float
    usual_of: str = "DeiT"
    key: str = ""


def _steps(low: int, high: int, per_one: int) -> tuple[float, ...]:
    """low / per_one, ..., high / per_one: as exact as a float can be, so that they survive the way to the browser."""
    return tuple(step / per_one for step in range(low, high + 1))


INGREDIENTS: dict[str, Ingredient] = {
    "crop-flip": Ingredient(
        "Crop + flip",
        "The picture is shifted by up to this many pixels each way, filled with black, and mirrored half of the time.",
        "whether the prediction stays the same when the object has only moved.",
        "He et al. 2015, section 4.2",
        "Pixels",
        tuple(range(9)),
        CROP_PADDING,
        "He et al.",
    ),
    "rand-augment": Ingredient(
        "RandAugment",
        "Two operations, drawn at random from 14, are applied one after the other; the magnitude is their strength.",
        "the magnitude at which the prediction fails, and whether you still recognise the picture there.",
        "Cubuk et al. 2020",
        "Magnitude",
        tuple(range(MAX_MAGNITUDE + 1)),
        9,
        "torchvision",  # DeiT's 9 is one of timm's 10, which is about 27 of these 30
        "rand_augment",
    ),
    "erasing": Ingredient(
        "Random erasing",
        "With this probability, a rectangle of about 2 to 33 % of the picture is replaced by noise.",
        "how the prediction changes when a part is missing.",
        "Zhong et al. 2020",
        "Probability",
        _steps(0, 20, 20),
        0.25,
        key="erasing",
    ),
    "repeats": Ingredient(
        "Repeated augmentation",
        "A batch holds fewer pictures, each several times, with a different augmentation each time.",
        "how much the predictions for one picture differ.",
        "Hoffer et al. 2020",
        "Repeats",
        (1, 2, 3, 4, 6),
        3,
        key="repeats",
    ),
    "mixup": Ingredient(
        "Mixup",
        "Picture and label are blended with those of another picture, in a proportion drawn from Beta(α, α).",
        "whether the prediction follows the mixed label or jumps to one of the two.",
        "Zhang et al. 2018",
        "α",
        _steps(1, 20, 10),
        0.8,
        key="mixup",
    ),
    "cutmix": Ingredient(
        "CutMix",
        "A rectangle of another picture is pasted in, its size drawn from Beta(α, α); the label is mixed by area.",
        "whether the prediction follows the area or the object that the rectangle covers.",
        "Yun et al. 2019",
        "α",
        _steps(1, 20, 10),
        1.0,
        key="cutmix",
    ),
    "smoothing": Ingredient(
        "Label smoothing",
        "A part of the label's probability is spread evenly over all classes.",
        "the loss of a correct, confident prediction: it rises, since full confidence is no longer the target.",
        "Szegedy et al. 2016, section 7",
        "Smoothing",
        _steps(0, 18, 20),
        0.1,
        key="label_smoothing",
    ),
    "depth": Ingredient(
        "Stochastic depth",
        "Each pass skips some branches at random, later layers more often; the rest are scaled by 1 / (1 − rate).",
        "the rate at which the prediction fails, and which branch it depends on.",
        "Huang et al. 2016",
        "Last layer's rate",
        _steps(0, 18, 20),
        0.1,
    ),
}


def trained_with(name: str, checkpoint: Checkpoint) -> float | None:
    """The strength of an ingredient in a model's training; None if its card has no recipe.

    A recipe that is older than an ingredient does not name it: that run did not use it.
    """
    if name == "depth":
        return drop_rate(checkpoint.model)
    recipe: Mapping[str, Any] = checkpoint.card.get("recipe", {})
    if "augment" not in recipe:
        return None
    if name == "crop-flip":
        return CROP_PADDING if recipe["augment"] == "crop-flip" else 0
    return recipe.get(INGREDIENTS[name].key, 1 if name == "repeats" else 0)


def drop_rate(model: Network) -> float:
    """The rate of a model's last block in training; 0 for a network that drops nothing."""
    return model.blocks[-1].drop_rate if hasattr(model, "blocks") else 0.0
